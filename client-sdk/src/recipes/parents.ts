import type { Acl } from '../protocol.js'
import type { RecipeClient } from './client.js'
import { codeOf, PATIENT, untilAnswered } from './patience.js'

/**
 * A place for everybody's nodes, whatever the gateway gives a page's nodes by default. Delete is for what is below: that is
 * where ZooKeeper looks.
 */
const SHARED: Acl[] = [{ scheme: 'world', id: 'anyone', permissions: ['read', 'create', 'delete'] }]

/** Makes an empty persistent node, and those above it that are missing. One that exists is left as it is. */
export async function ensurePath(zk: RecipeClient, path: string, until: AbortSignal): Promise<void> {
  if (await make(zk, path, until)) return
  await ensurePath(zk, path.slice(0, path.lastIndexOf('/')), until)
  await ensurePath(zk, path, until)
}

/** False when the node above it is missing. From the bottom up: rights are needed only for what is missing. */
async function make(zk: RecipeClient, path: string, until: AbortSignal): Promise<boolean> {
  try {
    await untilAnswered(() => zk.create(path, '', { ...PATIENT, acl: SHARED, signal: until }), until)
    return true
  } catch (error) {
    const code = codeOf(error)
    if (code === 'NODE_EXISTS') return true
    if (code === 'NO_NODE' && path.lastIndexOf('/') > 0) return false
    throw error
  }
}
