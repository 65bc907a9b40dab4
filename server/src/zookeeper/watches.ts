import type { WatchEventType, WatchLists } from 'zoogate-client/protocol'

/** The lists in which ZooKeeper keeps watches, as bits: a path may stand in several. */
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

/** An entry's bytes on the wire besides the path itself. */
const LENGTH_FIELD_BYTES = 4

const GONE_AFTER: Record<WatchEventType, number> = {
  NodeCreated: DATA | EXIST,
  NodeDataChanged: DATA | EXIST,
  NodeDeleted: DATA | EXIST | CHILD,
  NodeChildrenChanged: CHILD,
}

/**
 * The watches that a session has on the ensemble: one-shot ones that have not fired yet, and lasting ones.
 *
 * Servers before 3.9 keep one kind of watch for a session and a path: whichever was set last takes the other's place.
 * So a path has one kind on the server, the strongest of those that are wanted there, and the weaker ones live here
 * alone, on its events: a lasting watch *stands for* the one-shot ones. The one event that a recursive watch does not
 * bring, that the children of the path itself have changed, follows from those of the children; see `implied`.
 */
export class OutstandingWatches {
  /** Path to bits: one map instead of five sets, since most of thousands of links hold a handful of watches. */
  readonly #listsOf = new Map<string, number>()
  #count = 0
  #bytes = 0

  constructor(lists?: WatchLists) {
    for (const list of LISTS) {
      for (const path of lists?.[list] ?? []) this.#put(path, this.#at(path) | BIT_OF[list])
    }
  }

  /** How many are outstanding; a path counts once for every list that it stands in. */
  get count(): number {
    return this.#count
  }

  /** What their paths take on the wire, in each list that they stand in. */
  get bytes(): number {
    return this.#bytes
  }

  /** False where it stood there already. */
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

  /** Whether a lasting watch stands for the one-shot watches of this path. */
  isCovered(path: string): boolean {
    return (this.#at(path) & LASTING) !== 0
  }

  /** The one-shot watches of this path. Null where there are none, or where a lasting watch stands for them. */
  uncovered(path: string): Required<WatchLists> | null {
    const lists = this.#at(path)
    if ((lists & LASTING) !== 0 || (lists & ONE_SHOT) === 0) return null
    const portion = emptyLists()
    enlist(portion, path, lists)
    return portion
  }

  /** Forgets what this event has used up on the ensemble. */
  fire(event: WatchEventType, path: string): void {
    const before = this.#listsOf.get(path)
    if (before !== undefined) this.#put(path, before & ~GONE_AFTER[event])
  }

  /**
   * The path whose children have changed by this event, where somebody wants to know and a recursive watch keeps the
   * server from saying so itself; else null.
   */
  implied(event: WatchEventType, path: string): string | null {
    if (event !== 'NodeCreated' && event !== 'NodeDeleted') return null
    const parent = path.slice(0, Math.max(1, path.lastIndexOf('/')))
    const lists = this.#at(parent)
    return parent !== path && lists & RECURSIVE && lists & (CHILD | PERSISTENT) ? parent : null
  }

  /**
   * All watches, in portions whose paths take at most `maxBytes` on the wire (a longer path goes alone). All of one path
   * are in one portion, in which a server sets one-shot watches first and recursive ones last: the strongest stays.
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
