import type { RecipeClient } from './client.js'
import { PATIENT } from './patience.js'

/**
 * How the nodes of a queue are named: as by kazoo's Lock and Election, or as by Curator's InterProcessMutex and
 * LeaderLatch. Clients of one lock should agree: kazoo sees Curator's nodes only with
 * `extra_lock_patterns=['-lock-']`, and Curator does not know kazoo's. Here both are always seen.
 */
export type QueueLayout = 'kazoo' | 'curator'

/** ZooKeeper appends ten digits, with a minus before them once its counter has run over. */
const CONTENDER = /(?:__lock__|-lock-)(-?\d{10})$/

/** How long the random part is, in bytes: a UUID's. */
const UUID_BYTES = 16

/** The beginning of a node's name, which no other node has: it is found by this if the answer to its creation is lost. */
export function newPrefix(layout: QueueLayout): string {
  // Not randomUUID(), which pages that are not served over https lack.
  const bytes = crypto.getRandomValues(new Uint8Array(UUID_BYTES))
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  if (layout === 'kazoo') return `${hex}__lock__`
  return `_c_${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}-lock-`
}

/** The contenders among the children, in their order; the first one holds. */
export function contendersOf(children: readonly string[]): string[] {
  const places = children.flatMap((name) => {
    const number = CONTENDER.exec(name)?.[1]
    return number === undefined ? [] : [{ name, number }]
  })
  // As text, as kazoo does: only so does everybody agree, even after the counter has run over.
  return places.sort((a, b) => (a.number < b.number ? -1 : 1)).map(({ name }) => name)
}

/** The contenders that stand under a path now, as the server sees it that is asked. */
export async function readQueue(zk: RecipeClient, path: string, signal: AbortSignal): Promise<string[]> {
  return contendersOf((await zk.getChildren(path, { ...PATIENT, signal })).children)
}
