import type { ViewMessage, ViewPoint } from '../protocol.js'
import type { ViewedNode } from './view.js'
import { isSameNode, readViewedNode } from './viewed-node.js'

/** What has become of nodes, by the page's path; undefined: gone. */
export type NodeChanges = ReadonlyMap<string, ViewedNode | undefined>

/** The nodes that a page has of one view. */
export interface ViewNodes {
  /** Everything up to this transaction is there; 0n before the first message. */
  zxid(): bigint
  /** What there is now, by the page's path. It does not change any more, and is copied only when it is asked for. */
  copy(): ReadonlyMap<string, ViewedNode>
  /** What to name to be told only what is new; undefined where there is nothing yet. */
  point(): ViewPoint | undefined
  /** `mark` is that of the page's own session. Returns what is different now; what is as it was stays the same object. */
  apply(message: ViewMessage, mark: string): NodeChanges
}

export function createViewNodes(path: string): ViewNodes {
  const nodes = new Map<string, ViewedNode>()
  let zxid = 0n
  /** Null: not made since the last change. */
  let copy: ReadonlyMap<string, ViewedNode> | null = null

  const full = (below: string) => (below ? `${path === '/' ? '' : path}/${below}` : path)

  /** What is gone because a difference does not name it. */
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
