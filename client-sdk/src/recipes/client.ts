import type { Handle } from '../client/client.js'
import type { NodeOperations } from '../operations/operations.js'

/** What the recipes need of a client; the clients of all entries have it. */
export type RecipeClient = NodeOperations & Pick<Handle, 'on' | 'state' | 'session'>
