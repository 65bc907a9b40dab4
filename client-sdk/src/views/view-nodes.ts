import { readContent } from '../operations/node-data.js'
import type { ViewMessage, ViewNode, ViewPoint } from '../protocol.js'
import type { ViewedNode } from './view.js'

/** Changed nodes by the page's path; undefined: deleted. */
export type NodeChanges = ReadonlyMap<string, ViewedNode | undefined>

/** A page's copy of the nodes of one view. */
export interface ViewNodes {
  /** The copy contains every change up to this transaction; 0n before the first message. */
  zxid(): bigint
  /** A snapshot of the nodes by the page's path. It is made on demand, and never changes. */
  copy(): ReadonlyMap<string, ViewedNode>
  /** What `openView` names to get the difference only; undefined before the first message. */
  point(): ViewPoint | undefined
  /** Applies a message; returns the changed nodes. Others stay the same objects. `mark` is the page's own session's. */
  apply(message: ViewMessage, mark: string): NodeChanges
}

export function createViewNodes(path: string): ViewNodes {
  const nodes = new Map<string, ViewedNode>()
  let zxid = 0n
  /** Null: not made since the last change. */
  let copy: ReadonlyMap<string, ViewedNode> | null = null

  const full = (below: string) => (below ? `${path === '/' ? '' : path}/${below}` : path)

  /** Adds the nodes that are deleted because a difference does not name them. */
  function findUnnamed(
    { nodes: named, kept, since }: ViewMessage,
    changes: Map<string, ViewedNode | undefined>,
  ): void {
    const stay = new Set(Object.keys(named).map(full))
    const old = kept && new Set(kept.map(full))
    for (const [at, { stat }] of nodes) {
      const isNew = since && stat.mzxid > BigInt(since)
      if (!stay.has(at) && (isNew || (old && !old.has(at)))) changes.set(at, undefined)
    }
  }
  return {
    zxid: () => zxid,
    copy() {
      copy ??= new Map(nodes)
      return copy
    },
    point() {
      let count = 0
      for (const { stat } of nodes.values()) if (stat.czxid <= zxid) count++
      return zxid ? { zxid: `0x${zxid.toString(16)}`, count } : undefined
    },
    apply(message, mark) {
      const changes = new Map<string, ViewedNode | undefined>()
      if (message.kept || message.since) findUnnamed(message, changes)
      for (const [below, wire] of Object.entries(message.nodes)) {
        const at = full(below)
        const before = nodes.get(at)
        const now = wire ? readViewedNode(wire, mark) : undefined
        if (now ? !before || !isSameNode(before, now) : before) changes.set(at, now)
      }
      for (const [at, node] of changes) {
        if (node) nodes.set(at, node)
        else nodes.delete(at)
        copy = null
      }
      zxid = BigInt(message.zxid)
      return changes
    },
  }
}

function readViewedNode(wire: ViewNode, mark: string): ViewedNode {
  const [data, owner, czxid, ctime, mzxid = czxid, mtime = ctime, version = 0] = wire
  const isCounted = typeof data === 'number'
  const content = readContent(isCounted ? '' : data)
  const stat = {
    czxid: BigInt(czxid),
    mzxid: BigInt(mzxid),
    ctime,
    mtime,
    version,
    dataLength: isCounted ? data : content.data.length,
    owner: owner === null ? null : owner === mark ? ('mine' as const) : ('other' as const),
  }
  return Object.freeze({ ...content, stat: Object.freeze(stat) })
}

/** Whether both are the same node in the same state. */
const isSameNode = ({ stat: a }: ViewedNode, { stat: b }: ViewedNode): boolean =>
  a.mzxid === b.mzxid && a.czxid === b.czxid && a.owner === b.owner
