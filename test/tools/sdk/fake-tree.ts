import type { ErrorCode, NodeData, ViewNode, WireStat } from '../../../client-sdk/src/protocol.js'
import { hex } from './viewing.js'

export interface TreeNode {
  data: NodeData
  /** The owner session; null for a node that is not ephemeral. */
  owner: string | null
  isContainer: boolean
  czxid: number
  mzxid: number
  version: number
}

/** The error of an operation; the fake gateway answers with it. */
export class Refusal extends Error {
  constructor(readonly code: ErrorCode) {
    super(code)
  }
}

/** The part of an ensemble that the tests of views and presence need. */
export class FakeTree {
  zxid = 0x10
  readonly nodes = new Map<string, TreeNode>()
  /** Called with every changed path. */
  onChange: (path: string) => void = () => undefined

  create(path: string, data: NodeData, owner: string | null, isContainer = false): TreeNode {
    if (this.nodes.has(path)) throw new Refusal('NODE_EXISTS')
    const parent = path.slice(0, path.lastIndexOf('/'))
    if (parent && !this.nodes.has(parent)) throw new Refusal('NO_NODE')
    const czxid = ++this.zxid
    const node = { data, owner, isContainer, czxid, mzxid: czxid, version: 0 }
    this.nodes.set(path, node)
    this.onChange(path)
    return node
  }

  get(path: string): TreeNode {
    const node = this.nodes.get(path)
    if (!node) throw new Refusal('NO_NODE')
    return node
  }

  setData(path: string, data: NodeData): TreeNode {
    const node = this.get(path)
    node.data = data
    node.mzxid = ++this.zxid
    node.version++
    this.onChange(path)
    return node
  }

  delete(path: string): void {
    this.get(path)
    this.nodes.delete(path)
    this.zxid++
    this.onChange(path)
  }

  /** Removes empty containers, as an ensemble does now and then. */
  sweep(): void {
    for (const [path, { isContainer }] of this.nodes) {
      if (isContainer && this.children(path).length === 0) this.delete(path)
    }
  }

  expire(owner: string): void {
    for (const [path, node] of this.nodes) if (node.owner === owner) this.delete(path)
  }

  children(path: string): string[] {
    const start = path === '/' ? '/' : `${path}/`
    return [...this.nodes.keys()].filter(
      (at) => at.startsWith(start) && !at.slice(start.length).includes('/'),
    )
  }
}

export function statOf({ data, owner, czxid, mzxid, version }: TreeNode, session: string): WireStat {
  return {
    ...{
      czxid: hex(czxid),
      mzxid: hex(mzxid),
      pzxid: hex(czxid),
      ctime: 1_000 + czxid,
      mtime: 1_000 + mzxid,
    },
    ...{ version, cversion: 0, aversion: 0, dataLength: String(data).length, numChildren: 0 },
    owner: owner === null ? null : owner === session ? 'mine' : 'other',
  }
}

/** With all fields; a session's mark is its id with an m before it. */
export const viewNodeOf = ({ data, owner, czxid, mzxid, version }: TreeNode): ViewNode => [
  data,
  owner === null ? null : `m${owner}`,
  hex(czxid),
  1_000 + czxid,
  hex(mzxid),
  1_000 + mzxid,
  version,
]
