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

/** What a view tells of a node beside its data. A node's list of children is no part of it. */
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
  /** Whose ephemeral node it is; null for a node that is not ephemeral. */
  readonly owner: 'mine' | 'other' | null
}

export interface ViewedNode {
  /** Empty in a view without data. */
  readonly data: Uint8Array
  readonly stat: ViewedStat
  /** The data as UTF-8 text. */
  text(): string
  /** The data parsed as JSON; throws a SyntaxError where it is none. `T` is not checked. */
  json<T = unknown>(): T
}

/** Frozen, and the same object until something changes; a node is the same object until that node changes. */
export interface ViewSnapshot {
  /** By path. */
  readonly nodes: ReadonlyMap<string, ViewedNode>
  /** Everything up to this transaction is in `nodes`; a node may be newer. 0n before the first answer. */
  readonly zxid: bigint
  /** True while nobody can say whether `nodes` still holds: before the first answer, and in every gap. */
  readonly stale: boolean
  /**
   * Why the view cannot be shown, such as NO_AUTH, FORBIDDEN or RATE_LIMITED, or why the client is CLOSED; null as long as
   * it can. It is tried again with the next connection.
   */
  readonly error: ZoogateError | null
}

export const UNSEEN_VIEW: ViewSnapshot = /* @__PURE__ */ Object.freeze({
  nodes: new Map(),
  zxid: 0n,
  stale: true,
  error: null,
})

/** A part of the tree, kept up to date. */
export interface View {
  getSnapshot(): ViewSnapshot
  /** What there is without a session: nothing yet. */
  getServerSnapshot(): ViewSnapshot
  /** With `getSnapshot`: a store, as `useSyncExternalStore` and its like take it. Returns the unsubscribe. */
  subscribe(listener: () => void): () => void
  /** Stops showing it. The last snapshot stays. */
  close(): void
}

/** Shows a part of the tree until it is closed. */
export type ShowView = (path: string, options?: ViewOptions) => View
