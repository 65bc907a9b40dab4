import type { HexLong, ViewPoint } from 'zoogate-client/protocol'
import type { ViewedNode } from './viewed-node.js'
import { isNewer } from './zxid.js'

/** What has to be told to somebody who has an older state. */
export interface Difference {
  /** Null for nodes that are gone. */
  nodes: Iterable<[path: string, node: ViewedNode | null]>
  /** Of the nodes that are not in `nodes` only these remain. Absent: all. */
  kept?: string[]
}

/** The nodes that a view shows, by their paths below its own. */
export class ViewTree {
  readonly #nodes = new Map<string, ViewedNode>()
  /** How many nodes hang from each path. */
  readonly #childCounts = new Map<string, number>()
  #bytes = 0

  get size(): number {
    return this.#nodes.size
  }

  /** About what all of it takes in a message. */
  get bytes(): number {
    return this.#bytes
  }

  /** About what all of it takes in the process. */
  get memory(): number {
    return this.#bytes + this.size * NODE_OVERHEAD_BYTES
  }

  get(path: string): ViewedNode | undefined {
    return this.#nodes.get(path)
  }

  /** Those that come while somebody goes through them are at the end. */
  paths(): Iterable<string> {
    return this.#nodes.keys()
  }

  childCount(path: string): number {
    return this.#childCounts.get(path) ?? 0
  }

  *pathsBelow(path: string): Generator<string> {
    for (const other of this.#nodes.keys()) if (other.startsWith(`${path}/`)) yield other
  }

  [Symbol.iterator](): IterableIterator<[string, ViewedNode]> {
    return this.#nodes[Symbol.iterator]()
  }

  /** @returns whether anything is different now */
  put(path: string, node: ViewedNode | null): boolean {
    const before = this.#nodes.get(path)
    if (before?.json === node?.json) return false
    if (before) this.#bytes -= bytesOf(path, before)
    if (node) {
      this.#nodes.set(path, node)
      this.#bytes += bytesOf(path, node)
    } else this.#nodes.delete(path)
    if (path !== '' && Boolean(before) !== Boolean(node)) this.#countChild(parentOf(path), node ? 1 : -1)
    return true
  }

  #countChild(parent: string, by: 1 | -1): void {
    const count = this.childCount(parent) + by
    if (count === 0) this.#childCounts.delete(parent)
    else this.#childCounts.set(parent, count)
  }

  /** The paths at which the other tree shows something else. */
  changesIn(newer: ViewTree): Set<string> {
    const changed = new Set<string>()
    for (const [path] of this.#nodes) if (!newer.get(path)) changed.add(path)
    for (const [path, { json }] of newer) if (this.#nodes.get(path)?.json !== json) changed.add(path)
    return changed
  }

  /**
   * What somebody has to be told who had all of it at an earlier point. Nothing else is known of that point, so that it
   * serves pages of other gateways too: what was there then and is there now has the same czxid, and if there are as many
   * of those as there were, none has gone.
   * @returns null where nothing less than the whole will do
   */
  since({ zxid, count }: ViewPoint): Difference | null {
    const nodes: [string, ViewedNode][] = []
    const kept: string[] = []
    let remaining = 0
    for (const entry of this.#nodes) {
      const [path, { czxid, mzxid }] = entry
      if (!isNewer(czxid, zxid)) remaining += 1
      if (isNewer(mzxid, zxid)) nodes.push(entry)
      else kept.push(path)
    }
    // Somebody knew less: nodes have become readable since, or it knew of a deletion that is still to come here.
    if (remaining > count) return null
    return remaining === count ? { nodes } : { nodes, kept }
  }

  /** How many of these nodes were created after `zxid`. */
  countNewer(paths: Iterable<string>, zxid: HexLong): number {
    let count = 0
    for (const path of paths) {
      const node = this.#nodes.get(path)
      if (node && isNewer(node.czxid, zxid)) count += 1
    }
    return count
  }
}

/** The parent's path below that of the view; its own is the empty string. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function bytesOf(path: string, { json }: ViewedNode): number {
  return Buffer.byteLength(path) + Buffer.byteLength(json) + PUNCTUATION_BYTES
}

/** Quotes, colon and comma. */
const PUNCTUATION_BYTES = 4

/** Measured: what a node takes besides its texts, which stand in objects, in maps, and in the message that was made of them. */
const NODE_OVERHEAD_BYTES = 768

/** About what a node takes in the process besides what is told of it. */
export function memoryOf(path: string): number {
  return path.length + NODE_OVERHEAD_BYTES
}
