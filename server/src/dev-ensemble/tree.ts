import { OPEN_ACL } from './acl.js'
import { nameOf, parentOf } from './node-path.js'
import { ERR, Refusal } from './protocol.js'
import type { Acl, Stat } from './records.js'

/** The owner of a container. */
export const CONTAINER_OWNER = -(1n << 63n)

/** Marks the owner field of a node with a time to live, which is in the field's lower 40 bits. */
const TTL_MARK = 0xffn << 56n
export const LONGEST_TTL_MS = (1n << 40n) - 1n

export interface Node {
  data: Buffer | null
  acl: readonly Acl[]
  czxid: bigint
  mzxid: bigint
  pzxid: bigint
  ctime: number
  mtime: number
  version: number
  aversion: number
  /** All children that were ever created: sequential children are numbered by it. */
  childrenCreated: number
  /** The session of an ephemeral node, the mark of a container or of a time to live, or 0. */
  owner: bigint
  readonly children: Set<string>
}

/** Number and time of a change, which its nodes carry. */
export interface Stamp {
  zxid: bigint
  /** Milliseconds since the epoch. */
  time: number
}

/** All nodes. Each change gives the function that undoes it. The callers decide whether a change is allowed. */
export class Tree {
  readonly #nodes = new Map<string, Node>()
  readonly #ephemerals = new Map<bigint, Set<string>>()

  constructor(time: number) {
    const acl = OPEN_ACL
    this.#nodes.set('/', newNode({ data: null, acl, owner: 0n }, { zxid: 0n, time }))
    for (const path of ['/zookeeper', '/zookeeper/config', '/zookeeper/quota']) {
      this.create(path, { data: null, acl, owner: 0n }, { zxid: 0n, time })
    }
  }

  get size(): number {
    return this.#nodes.size
  }

  /** ZooKeeper takes an empty path for the root. */
  find(path: string): Node | undefined {
    return this.#nodes.get(path === '' ? '/' : path)
  }

  /** @throws Refusal with NO_NODE */
  get(path: string): Node {
    const node = this.find(path)
    if (node === undefined) throw new Refusal(ERR.NO_NODE)
    return node
  }

  entries(): IterableIterator<[path: string, node: Node]> {
    return this.#nodes.entries()
  }

  /** The paths of the ephemeral nodes of one session. */
  ephemeralsOf(session: bigint): string[] {
    return [...(this.#ephemerals.get(session) ?? [])]
  }

  /** The parent must exist, the node must not. */
  create(path: string, content: Pick<Node, 'data' | 'acl' | 'owner'>, stamp: Stamp): Undo {
    const parent = this.get(parentOf(path))
    const restoreParent = remember(parent)
    this.#nodes.set(path, newNode(content, stamp))
    parent.children.add(nameOf(path))
    parent.childrenCreated++
    parent.pzxid = stamp.zxid
    this.#own(path, content.owner)
    return () => {
      restoreParent()
      parent.children.delete(nameOf(path))
      this.#nodes.delete(path)
      this.#disown(path, content.owner)
    }
  }

  /** The node must exist, and have no children. */
  remove(path: string, { zxid }: Stamp): Undo {
    const node = this.get(path)
    const parent = this.get(parentOf(path))
    const restoreParent = remember(parent)
    this.#nodes.delete(path)
    parent.children.delete(nameOf(path))
    parent.pzxid = zxid
    this.#disown(path, node.owner)
    return () => {
      restoreParent()
      parent.children.add(nameOf(path))
      this.#nodes.set(path, node)
      this.#own(path, node.owner)
    }
  }

  setData(path: string, data: Buffer | null, { zxid, time }: Stamp): Undo {
    const node = this.get(path)
    const restore = remember(node)
    Object.assign(node, { data, mzxid: zxid, mtime: time, version: node.version + 1 })
    return restore
  }

  setAcl(path: string, acl: readonly Acl[]): Undo {
    const node = this.get(path)
    const restore = remember(node)
    Object.assign(node, { acl, aversion: node.aversion + 1 })
    return restore
  }

  #own(path: string, owner: bigint): void {
    if (!isSession(owner)) return
    const paths = this.#ephemerals.get(owner)
    if (paths === undefined) this.#ephemerals.set(owner, new Set([path]))
    else paths.add(path)
  }

  #disown(path: string, owner: bigint): void {
    const paths = this.#ephemerals.get(owner)
    paths?.delete(path)
    if (paths?.size === 0) this.#ephemerals.delete(owner)
  }
}

/** Undoes one change. Several changes are undone from the last to the first. */
export type Undo = () => void

export function statOf(node: Node): Stat {
  const { czxid, mzxid, pzxid, version, aversion, owner, children } = node
  return {
    czxid,
    mzxid,
    pzxid,
    ctime: BigInt(node.ctime),
    mtime: BigInt(node.mtime),
    version,
    aversion,
    // Each created child counts once, and once more when it is removed.
    cversion: 2 * node.childrenCreated - children.size,
    // The marks of containers and times to live are not shown.
    ephemeralOwner: isSession(owner) ? owner : 0n,
    dataLength: node.data?.length ?? 0,
    numChildren: children.size,
  }
}

export function isEphemeral(node: Node): boolean {
  return isSession(node.owner)
}

export function ttlOwner(ttlMs: bigint): bigint {
  return BigInt.asIntN(64, TTL_MARK | ttlMs)
}

/** null: the node lives until it is deleted. */
export function ttlOf({ owner }: Node): number | null {
  const bits = BigInt.asUintN(64, owner)
  return bits >> 56n === 0xffn ? Number(bits & LONGEST_TTL_MS) : null
}

function isSession(owner: bigint): boolean {
  return owner > 0n
}

function newNode(content: Pick<Node, 'data' | 'acl' | 'owner'>, { zxid, time }: Stamp): Node {
  return {
    ...content,
    czxid: zxid,
    mzxid: zxid,
    pzxid: zxid,
    ctime: time,
    mtime: time,
    version: 0,
    aversion: 0,
    childrenCreated: 0,
    children: new Set(),
  }
}

/** Remembers a node's fields. Its set of children is one object, which is not remembered. */
function remember(node: Node): Undo {
  const before = { ...node }
  return () => {
    Object.assign(node, before)
  }
}
