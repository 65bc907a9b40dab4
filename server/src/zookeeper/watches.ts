import type { WatchEventType, WatchLists } from 'zoogate-client/protocol'

/** The lists in which ZooKeeper keeps watches, as bits: a path may be in several. */
export const DATA = 1
export const EXIST = 2
export const CHILD = 4
export const PERSISTENT = 8
export const RECURSIVE = 16

export type OneShotList = typeof DATA | typeof EXIST | typeof CHILD
export type LastingList = typeof PERSISTENT | typeof RECURSIVE

const ONE_SHOT = DATA | EXIST | CHILD
const LASTING = PERSISTENT | RECURSIVE

const BIT_OF = {
  data: DATA,
  exist: EXIST,
  child: CHILD,
  persistent: PERSISTENT,
  recursive: RECURSIVE,
} satisfies Record<keyof WatchLists, number>

const LISTS = Object.keys(BIT_OF) as (keyof WatchLists)[]

/** Bytes of an entry on the wire before the path itself. */
const LENGTH_FIELD_BYTES = 4

const GONE_AFTER: Record<WatchEventType, number> = {
  NodeCreated: DATA | EXIST,
  NodeDataChanged: DATA | EXIST,
  NodeDeleted: DATA | EXIST | CHILD,
  NodeChildrenChanged: CHILD,
}

/**
 * The watches that a session has on the ensemble: one-shot watches that have not fired yet, and lasting watches.
 *
 * Servers before 3.9 keep only one kind of watch for each session and path: the kind that was set last replaces the
 * other. Therefore a path has one kind on the server, the strongest that is wanted. The weaker ones live only here, on the
 * events of the strongest: a lasting watch *covers* the one-shot watches of its path. A recursive watch brings all
 * events but one: that the children of the path itself have changed. It follows from the events of the children, see
 * `implied`.
 */
export class OutstandingWatches {
  /** Path to bits: one map instead of five sets, because most of thousands of links hold a handful of watches. */
  readonly #listsOf = new Map<string, number>()
  #count = 0
  #bytes = 0

  constructor(lists?: WatchLists) {
    for (const list of LISTS) {
      for (const path of lists?.[list] ?? []) this.#put(path, this.#at(path) | BIT_OF[list])
    }
  }

  /** A path counts once for every list that it is in. */
  get count(): number {
    return this.#count
  }

  /** Bytes of the paths on the wire, in each list that they are in. */
  get bytes(): number {
    return this.#bytes
  }

  /** @returns whether it is new in the list */
  add(path: string, list: OneShotList | LastingList): boolean {
    const before = this.#at(path)
    this.#put(path, before | list)
    return (before & list) === 0
  }

  remove(path: string, list: LastingList): void {
    this.#put(path, this.#at(path) & ~list)
  }

  has(path: string, list: LastingList): boolean {
    return (this.#at(path) & list) !== 0
  }

  /** Whether a lasting watch covers the one-shot watches of this path. */
  isCovered(path: string): boolean {
    return (this.#at(path) & LASTING) !== 0
  }

  /** The one-shot watches of this path. Null if there are none, or if a lasting watch covers them. */
  uncovered(path: string): Required<WatchLists> | null {
    const lists = this.#at(path)
    if ((lists & LASTING) !== 0 || (lists & ONE_SHOT) === 0) return null
    const portion = emptyLists()
    enlist(portion, path, lists)
    return portion
  }

  /** Forgets the watches that this event has used up on the ensemble. */
  fire(event: WatchEventType, path: string): void {
    const before = this.#listsOf.get(path)
    if (before !== undefined) this.#put(path, before & ~GONE_AFTER[event])
  }

  /**
   * The path whose children have changed by this event, if a watch waits for that and a recursive watch keeps the server
   * from sending the event itself; else null.
   */
  implied(event: WatchEventType, path: string): string | null {
    if (event !== 'NodeCreated' && event !== 'NodeDeleted') return null
    const parent = path.slice(0, Math.max(1, path.lastIndexOf('/')))
    const lists = this.#at(parent)
    return parent !== path && lists & RECURSIVE && lists & (CHILD | PERSISTENT) ? parent : null
  }

  /**
   * All watches, in portions whose paths take at most `maxBytes` on the wire (a longer path goes alone). The watches of one
   * path are in one portion, from which a server sets one-shot watches first and recursive ones last: the strongest stays.
   */
  *portions(maxBytes: number): Generator<Required<WatchLists>> {
    let portion: Required<WatchLists> | null = null
    let bytes = 0
    for (const [path, lists] of this.#listsOf) {
      const size = countBits(lists) * sizeOf(path)
      if (portion !== null && bytes + size > maxBytes) {
        yield portion
        portion = null
        bytes = 0
      }
      portion ??= emptyLists()
      enlist(portion, path, lists)
      bytes += size
    }
    if (portion !== null) yield portion
  }

  #at(path: string): number {
    return this.#listsOf.get(path) ?? 0
  }

  #put(path: string, after: number): void {
    const more = countBits(after) - countBits(this.#at(path))
    this.#count += more
    this.#bytes += more * sizeOf(path)
    if (after === 0) this.#listsOf.delete(path)
    else this.#listsOf.set(path, after)
  }
}

function emptyLists(): Required<WatchLists> {
  return { data: [], exist: [], child: [], persistent: [], recursive: [] }
}

function enlist(portion: Required<WatchLists>, path: string, lists: number): void {
  for (const list of LISTS) if (lists & BIT_OF[list]) portion[list].push(path)
}

function sizeOf(path: string): number {
  return LENGTH_FIELD_BYTES + Buffer.byteLength(path)
}

function countBits(lists: number): number {
  let count = 0
  for (let rest = lists; rest !== 0; rest &= rest - 1) count++
  return count
}
