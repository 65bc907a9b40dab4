import type { RecipeClient } from './client.js'
import { codeOf, PATIENT } from './patience.js'
import { contendersOf } from './queue.js'

/** Who leads, as everybody sees it: the candidate whose node is the first in the queue. */
export interface Leader {
  /** The name of its node. */
  readonly id: string
  /** Its node's data as text. */
  readonly data: string
}

/** The children; null where there is no node to have any. */
async function readChildren(zk: RecipeClient, path: string, watch?: () => void): Promise<string[] | null> {
  try {
    return (await zk.getChildren(path, { ...PATIENT, ...(watch && { watch }) })).children
  } catch (error) {
    if (codeOf(error) === 'NO_NODE') return null
    throw error
  }
}

/** The candidate, watched; null when it has just gone. */
async function readLeader(
  zk: RecipeClient,
  path: string,
  id: string,
  changed: () => void,
): Promise<Leader | null> {
  try {
    const content = await zk.getData(`${path}/${id}`, { ...PATIENT, watch: changed })
    return Object.freeze({ id, data: content.text() })
  } catch (error) {
    if (codeOf(error) === 'NO_NODE') return null
    throw error
  }
}

/**
 * Who leads, and `changed` when that may be another. Watches nothing but the leader's own node, so that candidates who
 * come and go behind it disturb nobody; while there is none, the place where it would appear.
 */
export async function findLeader(
  zk: RecipeClient,
  path: string,
  changed: () => void,
): Promise<Leader | null> {
  for (;;) {
    let children = await readChildren(zk, path)
    // Looked at again with a watch where, and only where, nobody leads.
    if (!contendersOf(children ?? []).length) children = await readChildren(zk, path, changed)
    const [id] = contendersOf(children ?? [])
    const leader = id === undefined ? null : await readLeader(zk, path, id, changed)
    if (leader) return leader
    const isWatched =
      id === undefined && (children || !(await zk.exists(path, { ...PATIENT, watch: changed })))
    if (isWatched) return null
  }
}
