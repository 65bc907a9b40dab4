import type { WatchEventType, WatchLists } from 'zoogate-client/protocol'

/** The lists in which ZooKeeper keeps one-shot watches, as bits: a path may stand in several. */
export const DATA = 1
export const EXIST = 2
export const CHILD = 4

export type WatchList = typeof DATA | typeof EXIST | typeof CHILD

/** An entry's bytes on the wire besides the path itself. */
const LENGTH_FIELD_BYTES = 4

const GONE_AFTER: Record<WatchEventType, number> = {
  NodeCreated: DATA | EXIST,
  NodeDataChanged: DATA | EXIST,
  NodeDeleted: DATA | EXIST | CHILD,
  NodeChildrenChanged: CHILD,
}

/** The one-shot watches that a session has on the ensemble and that have not fired yet. */
export class OutstandingWatches {
  /** Path to bits: one map instead of three sets, since most of thousands of links hold a handful of watches. */
  readonly #listsOf = new Map<string, number>()
  #count = 0

  constructor(lists?: WatchLists) {
    for (const path of lists?.data ?? []) this.add(path, DATA)
    for (const path of lists?.exist ?? []) this.add(path, EXIST)
    for (const path of lists?.child ?? []) this.add(path, CHILD)
  }

  /** How many are outstanding; a path counts once for every list that it stands in. */
  get count(): number {
    return this.#count
  }

  add(path: string, list: WatchList): void {
    const lists = this.#listsOf.get(path) ?? 0
    if (lists & list) return
    this.#listsOf.set(path, lists | list)
    this.#count++
  }

  /** Forgets what this event has used up on the ensemble. */
  fire(event: WatchEventType, path: string): void {
    const before = this.#listsOf.get(path)
    if (before === undefined) return
    const after = before & ~GONE_AFTER[event]
    this.#count -= countBits(before) - countBits(after)
    if (after === 0) this.#listsOf.delete(path)
    else this.#listsOf.set(path, after)
  }

  /** All watches, in portions whose paths take at most `maxBytes` on the wire (a longer path goes alone). */
  *portions(maxBytes: number): Generator<WatchLists> {
    let portion: WatchLists = { data: [], exist: [], child: [] }
    let bytes = 0
    for (const [path, lists] of this.#listsOf) {
      const size = countBits(lists) * (LENGTH_FIELD_BYTES + Buffer.byteLength(path))
      if (bytes > 0 && bytes + size > maxBytes) {
        yield portion
        portion = { data: [], exist: [], child: [] }
        bytes = 0
      }
      if (lists & DATA) portion.data.push(path)
      if (lists & EXIST) portion.exist.push(path)
      if (lists & CHILD) portion.child.push(path)
      bytes += size
    }
    if (bytes > 0) yield portion
  }
}

function countBits(lists: number): number {
  return (lists & 1) + ((lists >> 1) & 1) + ((lists >> 2) & 1)
}
