import type { HexLong, ViewNode, ViewPoint } from 'zoogate-client/protocol'
import type { OwnerMarks } from '../session/registry.js'
import { fromBytes } from '../wire/protocol.js'
import type { NodeReading } from '../zookeeper/index.js'

/** Older than every change. */
export const NO_ZXID: HexLong = '0x0'

/** Whether `zxid` is newer than `other`. Both are written as in a server's reply: without leading zeros. */
export function isNewer(zxid: HexLong, other: HexLong): boolean {
  return zxid.length === other.length ? zxid > other : zxid.length > other.length
}

/** As a server's reply writes it: a page may send leading zeros. */
export function normalZxid(zxid: HexLong): HexLong {
  return `0x${BigInt(zxid).toString(16)}`
}

/** One node of a view: the zxids that decide which pages need it, and its JSON. */
export interface ViewedNode {
  readonly czxid: HexLong
  readonly mzxid: HexLong
  /** The node as it stands in messages: encoded once for all pages. */
  readonly json: string
}

/** @param withData whether the view shows the data, or only its length */
export function viewedNode(reading: NodeReading, withData: boolean, marks: OwnerMarks): ViewedNode {
  const { data, owner, czxid, ctime, mzxid, mtime, version } = reading
  const shown = withData ? fromBytes(data) : data.length
  const mark = owner && marks.of(owner)
  const node: ViewNode = [shown, mark, czxid, ctime, mzxid, mtime, version]
  // Trailing fields that are the same in every node that has not changed since its creation are left out.
  const unchanged: ViewNode = [shown, mark, czxid, ctime, czxid, ctime, 0]
  while (node.length > REQUIRED_FIELDS && node.at(-1) === unchanged[node.length - 1]) node.pop()
  return { czxid, mzxid, json: JSON.stringify(node) }
}

const REQUIRED_FIELDS = 4

/** What a page with an older state needs. */
export interface Difference {
  /** Null for nodes that are gone. */
  nodes: Iterable<[path: string, node: ViewedNode | null]>
  /** Of the nodes that are not in `nodes`, only these remain. Absent: all of them remain. */
  kept?: string[]
}

/** The nodes of a view, by their paths below the view's own; the view's own path is ''. */
export class ViewTree {
  readonly #nodes = new Map<string, ViewedNode>()
  readonly #childCounts = new Map<string, number>()
  #bytes = 0

  get size(): number {
    return this.#nodes.size
  }

  /** About the bytes of the whole tree in a message. */
  get bytes(): number {
    return this.#bytes
  }

  /** About the bytes of the whole tree in the process. */
  get memory(): number {
    return this.#bytes + this.size * NODE_OVERHEAD_BYTES
  }

  get(path: string): ViewedNode | undefined {
    return this.#nodes.get(path)
  }

  /** Paths that are added during the iteration come at its end. */
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

  /** @returns whether the tree has changed */
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

  /** The paths of the nodes that differ in the newer tree. */
  changesIn(newer: ViewTree): Set<string> {
    const changed = new Set<string>()
    for (const [path] of this.#nodes) if (!newer.get(path)) changed.add(path)
    for (const [path, { json }] of newer) if (this.#nodes.get(path)?.json !== json) changed.add(path)
    return changed
  }

  /**
   * The difference for a page that had the whole view at an earlier point. The point says no more than a zxid and a count,
   * so that it serves pages of other gateways too: a node that existed then and exists now has the same czxid, and where
   * as many of them remain as there were, none is gone.
   * @returns null where only a snapshot will do
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
    // The page had fewer: nodes have become readable since, or this gateway has yet to learn of a deletion.
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

/** The parent's path below that of the view; the view's own path is ''. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function bytesOf(path: string, { json }: ViewedNode): number {
  return Buffer.byteLength(path) + Buffer.byteLength(json) + PUNCTUATION_BYTES
}

/** Quotes, colon and comma. */
const PUNCTUATION_BYTES = 4

/** Measured: the memory of a node besides its texts, for objects, maps and the message that holds it. */
const NODE_OVERHEAD_BYTES = 768

/** About the memory of a node in the process, without its JSON. */
export function memoryOf(path: string): number {
  return path.length + NODE_OVERHEAD_BYTES
}
