import type { ViewDepth } from '../protocol.js'
import type { ZoogateError } from '../session/errors.js'

export type { ViewDepth }

export interface ViewOptions {
  /**
   * `children`: the nodes right below the path. `subtree`: the node itself and everything below it.
   * @default 'children'
   */
  depth?: ViewDepth
  /**
   * Whether the nodes come with their data.
   * @default false
   */
  data?: boolean
}

/** The part of a node's Stat that a view shows. It omits what the node's children change. */
export interface ViewedStat {
  /** The transaction that created the node. */
  readonly czxid: bigint
  /** The transaction that last changed its data. */
  readonly mzxid: bigint
  /** Milliseconds since the epoch. */
  readonly ctime: number
  /** Milliseconds since the epoch. */
  readonly mtime: number
  readonly version: number
  readonly dataLength: number
  /** Whether this client's session owns the ephemeral node; null for a node that is not ephemeral. */
  readonly owner: 'mine' | 'other' | null
}

export interface ViewedNode {
  /** Empty in a view without data. */
  readonly data: Uint8Array
  readonly stat: ViewedStat
  /** The data as UTF-8 text. */
  text(): string
  /** The data parsed as JSON. Throws a SyntaxError when it is not JSON. `T` is not checked. */
  json<T = unknown>(): T
}

/** Frozen, and the same object until the view changes. A node is the same object until that node changes. */
export interface ViewSnapshot {
  /** By path. */
  readonly nodes: ReadonlyMap<string, ViewedNode>
  /** `nodes` contains every change up to this transaction; a node may be newer. 0n before the first answer. */
  readonly zxid: bigint
  /** True while `nodes` may be out of date: before the first answer, and while connection or session is lost. */
  readonly stale: boolean
  /**
   * Why the view cannot be shown, such as NO_AUTH, FORBIDDEN or RATE_LIMITED, or why the client is CLOSED; else null. The
   * next connection opens the view again.
   */
  readonly error: ZoogateError | null
}

/** The initial snapshot. */
export const EMPTY_VIEW: ViewSnapshot = /* @__PURE__ */ Object.freeze({
  nodes: new Map(),
  zxid: 0n,
  stale: true,
  error: null,
})

/** A part of the tree, kept up to date. */
export interface View {
  getSnapshot(): ViewSnapshot
  /** The initial snapshot: no nodes, stale. */
  getServerSnapshot(): ViewSnapshot
  /** With `getSnapshot`: a store for `useSyncExternalStore` and the like. Returns the unsubscribe. */
  subscribe(listener: () => void): () => void
  /** Closes the view. The last snapshot stays. */
  close(): void
}

/** Opens a view of a part of the tree. */
export type ShowView = (path: string, options?: ViewOptions) => View
