import type { CoreClient } from '../core.js'

/** What the recipes need of a client; those of both entries have it. */
export type RecipeClient = Pick<
  CoreClient,
  'create' | 'delete' | 'exists' | 'getData' | 'setData' | 'getChildren' | 'on' | 'state' | 'session'
>
