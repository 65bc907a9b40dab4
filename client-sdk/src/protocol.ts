// The types of the wire protocol between a page and a gateway; PROTOCOL.md is its specification. Both sides import them.

/** The WebSocket subprotocol. A breaking change of the messages changes the name. */
export const SUBPROTOCOL = 'zoogate.v1'

/**
 * Close codes. The range is the verdict. 4000–4099: the session is gone, do not resume it. 4100–4199: get a fresh token,
 * then redial. 4200–4299: redial and resume.
 */
export const CLOSE_CODES = {
  /** The page sent `close`. */
  CLOSED: 4000,
  /** The session has expired in the ensemble. A new session may be opened. */
  EXPIRED: 4001,
  /** Another connection holds the session now. */
  TAKEN_OVER: 4002,
  /** The resume token is not valid, or belongs to another subject. A new session may be opened. */
  RESUME_REFUSED: 4003,
  /** The page's origin is not on the allow-list. */
  ORIGIN_REFUSED: 4004,
  /** A frame is not a protocol message, or a message came out of turn. */
  BAD_MESSAGE: 4005,
  /** The token is valid, but its claims cannot be used (a bad chroot, for example). */
  FORBIDDEN: 4006,
  /** The ensemble refused the identity that the gateway presented for the page. */
  AUTH_FAILED: 4007,
  /** The token has expired. */
  TOKEN_EXPIRED: 4100,
  /** The token is refused: its signature, algorithm, issuer, audience or form. */
  TOKEN_INVALID: 4101,
  /** The gateway is stopping. */
  DRAINING: 4200,
  /** The page did not answer for two thirds of the session timeout. */
  SILENT: 4201,
  /** No hello arrived in time. */
  HELLO_TIMEOUT: 4202,
  /** The page did not read the messages that were sent to it. */
  SLOW_READER: 4204,
  /** A fault of the gateway. */
  INTERNAL: 4205,
  /** The gateway has no capacity for this page now. */
  OVERLOADED: 4206,
  /** The gateway cannot check the page's token or zxid now; both may be valid. */
  UNVERIFIED: 4207,
} as const

export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES]

/** Why a session is CLOSED. */
export type ClosedReason = 'closed' | 'expired' | 'auth_failed' | 'taken_over' | 'refused'

/** A 64-bit number as lower-case hexadecimal with `0x`: zxids and session ids do not fit a JSON number. */
export type HexLong = string

/** Node data: a string if the bytes are UTF-8 text, else the bytes in base64. */
export type NodeData = string | { base64: string }

export type Permission = 'read' | 'write' | 'create' | 'delete' | 'admin'

/** One entry of an access control list, in ZooKeeper's terms. */
export interface Acl {
  scheme: string
  id: string
  permissions: Permission[]
}

export type CreateMode =
  | 'persistent'
  | 'ephemeral'
  | 'persistent_sequential'
  | 'ephemeral_sequential'
  | 'container'
  | 'ttl'
  | 'ttl_sequential'

/** ZooKeeper's Stat, its times in milliseconds since the epoch. `owner` is null for a node that is not ephemeral. */
export interface WireStat {
  czxid: HexLong
  mzxid: HexLong
  pzxid: HexLong
  ctime: number
  mtime: number
  version: number
  cversion: number
  aversion: number
  dataLength: number
  numChildren: number
  owner: 'mine' | 'other' | null
}

/** The paths of watches, in the lists that ZooKeeper keeps them in. */
export interface WatchLists {
  /** Set by getData, and by exists on an existing node. */
  data: string[]
  /** Set by exists on a missing node. */
  exist: string[]
  /** Set by getChildren. */
  child: string[]
  /** Set by addWatch; they last until they are removed. */
  persistent?: string[]
  /** Set by addWatch with `recursive`: they cover every node below the path, too. */
  recursive?: string[]
}

/** One part of a multi: all parts are executed, or none. */
export type MultiPart =
  | ({ op: 'create' } & Operations['create'])
  | ({ op: 'delete' } & Operations['delete'])
  | ({ op: 'setData' } & Operations['setData'])
  /** Passes when the node exists and has the version, if one is given. */
  | { op: 'check'; path: string; version?: number }

/** The result of one part of a multi; an empty object for delete and check. */
export interface MultiPartResult {
  path?: string
  stat?: WireStat
}

/** `children`: the nodes directly below the path. `subtree`: the node itself and all nodes below it. */
export type ViewDepth = 'children' | 'subtree'

/** A page's copy of a view contains every change up to `zxid`, and `count` nodes that were created up to it. */
export interface ViewPoint {
  zxid: HexLong
  count: number
}

/**
 * One node of a view, its times as in WireStat. Trailing fields are left out while they have the values of a new node:
 * mzxid = czxid, mtime = ctime, version = 0.
 */
export type ViewNode = [
  /** In a view without data: its length in bytes. */
  data: NodeData | number,
  /** The mark of the owner session (`SessionMessage.mark`); null for a node that is not ephemeral. */
  owner: string | null,
  czxid: HexLong,
  ctime: number,
  mzxid?: HexLong,
  mtime?: number,
  version?: number,
]

// ---- page → gateway ----

/** The first message on every connection. */
export interface Hello {
  type: 'hello'
  /** A signed JSON Web Token; empty when a cookie carries the token. */
  token: string
  /** The requested session timeout, in milliseconds; the ensemble decides. */
  timeoutMs: number
  resume?: Resume
}

/** A page's request to resume its session. */
export interface Resume {
  /** The newest resume token that the page holds. */
  token: string
  /** The newest zxid that the page has seen. */
  zxid: HexLong
  /** The watches that the page still holds. */
  watches: WatchLists
}

/** The fields of each operation. */
export interface Operations {
  /** `ttlMs` with the two ttl modes only, and required there: 1 to 1,099,511,627,775. */
  create: { path: string; data?: NodeData; mode?: CreateMode; acl?: Acl[]; ttlMs?: number }
  delete: { path: string; version?: number }
  exists: { path: string; watch?: boolean }
  getData: { path: string; watch?: boolean }
  setData: { path: string; data: NodeData; version?: number }
  getChildren: { path: string; watch?: boolean }
  getACL: { path: string }
  /** `version` is the node's `aversion`. */
  setACL: { path: string; acl: Acl[]; version?: number }
  /** Answered when the session's server has caught up with the leader. */
  sync: { path: string }
  /** The ephemeral nodes of this session below a path. */
  getEphemerals: { path: string }
  whoAmI: Record<string, never>
  multi: { parts: MultiPart[] }
  addWatch: { path: string; recursive?: boolean }
  removeWatch: { path: string; recursive?: boolean }
  /** Shows a part of the tree and its changes, in `view` messages. `data`: with the nodes' data. */
  openView: { path: string; depth?: ViewDepth; data?: boolean; since?: ViewPoint }
  closeView: { view: number }
}

/** The result of each operation. */
export interface Results {
  create: { path: string; stat: WireStat }
  delete: Record<string, never>
  exists: { stat: WireStat | null }
  getData: { data: NodeData; stat: WireStat }
  setData: { stat: WireStat }
  getChildren: { children: string[]; stat: WireStat }
  getACL: { acl: Acl[]; stat: WireStat }
  setACL: { stat: WireStat }
  sync: Record<string, never>
  getEphemerals: { paths: string[] }
  whoAmI: { identities: { scheme: string; id: string }[] }
  multi: { results: MultiPartResult[] }
  addWatch: Record<string, never>
  removeWatch: Record<string, never>
  /** `view` is the number of the view in the messages of this connection. */
  openView: { view: number }
  closeView: Record<string, never>
}

export type Operation = keyof Operations

/** One request. `id` grows with every call of a connection. */
export type Call = {
  [O in Operation]: { type: 'call'; id: number; op: O } & Operations[O]
}[Operation]

/** Closes the ZooKeeper session; its ephemeral nodes are deleted at once. */
export type Close = { type: 'close' }

/** Asks the other side for a pong of the same id. Either side may send it. */
export type Ping = { type: 'ping'; id: number }
export type Pong = { type: 'pong'; id: number }

/** A fresh JSON Web Token for this connection: the answer to `refresh`, or sent at any time. */
export interface Token {
  type: 'token'
  token: string
}

export type PageMessage = Hello | Call | Close | Ping | Pong | Token

// ---- gateway → page ----

/** The session is attached to the ensemble: the page is CONNECTED. Sent after every attach. */
export interface SessionMessage {
  type: 'session'
  id: HexLong
  /** The session timeout that the ensemble granted, in milliseconds. */
  timeoutMs: number
  /** False for a session that this attach created. */
  resumed: boolean
  /** Replaces every earlier resume token of this session. */
  resumeToken: string
  /** The newest zxid that the watches were compared with, or `0x0`. */
  zxid: HexLong
  /** The largest message that the gateway accepts, in bytes. */
  maxMessageBytes: number
  /** Attached to a server that has lost its quorum: reads work, writes fail with NOT_READ_ONLY. */
  readOnly?: boolean
  /** The owner of this session's nodes, in the views of this connection. */
  mark: string
}

/** The link between gateway and ensemble is down: the page is CONNECTING. Calls in flight have been failed. */
export interface Suspended {
  type: 'suspended'
  message: string
}

export interface Reply {
  type: 'reply'
  id: number
  /** Absent when the ensemble did not answer. */
  zxid?: HexLong
  result: Results[Operation]
}

/** `not_executed`: nothing happened, a retry is safe. `unknown`: the call may have been executed. */
export type Outcome = 'not_executed' | 'unknown'

/** ZooKeeper's own; from FORBIDDEN on the gateway's and the SDK's. */
export const ERROR_CODES = [
  'SYSTEM_ERROR',
  'CONNECTION_LOSS',
  'MARSHALLING_ERROR',
  'UNIMPLEMENTED',
  'OPERATION_TIMEOUT',
  'BAD_ARGUMENTS',
  'NO_NODE',
  'NO_AUTH',
  'BAD_VERSION',
  'NO_CHILDREN_FOR_EPHEMERALS',
  'NODE_EXISTS',
  'NOT_EMPTY',
  'SESSION_EXPIRED',
  'INVALID_ACL',
  'AUTH_FAILED',
  'SESSION_MOVED',
  'NOT_READ_ONLY',
  'EPHEMERAL_ON_LOCAL_SESSION',
  'REQUEST_TIMEOUT',
  'QUOTA_EXCEEDED',
  'THROTTLED',
  'FORBIDDEN',
  'RATE_LIMITED',
  'TOO_LARGE',
  'BAD_REQUEST',
  'TIMED_OUT',
  'ABORTED',
  'SESSION_CLOSED',
  'UNKNOWN',
] as const
export type ErrorCode = (typeof ERROR_CODES)[number]

/** The retryable errors that a page can raise by itself: its SDK has no need of the others, which replies bring. */
export const RETRYABLE_IN_PAGES: readonly ErrorCode[] = ['CONNECTION_LOSS', 'RATE_LIMITED', 'TIMED_OUT']

/** Errors whose cause passes by itself: the same call may succeed when it is repeated in the same session (PROTOCOL.md). */
export const RETRYABLE_CODES: readonly ErrorCode[] = /* @__PURE__ */ RETRYABLE_IN_PAGES.concat(
  'OPERATION_TIMEOUT',
  'REQUEST_TIMEOUT',
  'THROTTLED',
)

export interface WireError {
  code: ErrorCode
  /** Advice for people; may change between versions. */
  message: string
  path?: string
  /** Whether `code` is one of RETRYABLE_CODES. With the outcome `unknown`: read before you repeat a write. */
  retryable: boolean
  outcome: Outcome
  /** ZooKeeper's error number, if `code` is UNKNOWN. */
  number?: number
  /** The part of a multi that failed, counted from 0. No part was executed. */
  part?: number
}

/** A call failed. `zxid` as in Reply. */
export interface ErrorReply {
  type: 'error'
  id: number
  zxid?: HexLong
  error: WireError
}

export type WatchEventType = 'NodeCreated' | 'NodeDeleted' | 'NodeDataChanged' | 'NodeChildrenChanged'

/** A watch fired. A one-shot watch is gone with it. */
export interface EventMessage {
  type: 'event'
  event: WatchEventType
  path: string
}

/** Changes of a view, in the same text for all its pages. With them the page's copy contains every change up to `zxid`. */
export interface ViewMessage {
  type: 'view'
  view: number
  zxid: HexLong
  /** By path below the path of the view, '' for that node itself; null for a deleted node. */
  nodes: Record<string, ViewNode | null>
  /** Of the nodes that `nodes` does not name, only these remain. Empty: `nodes` is the whole view. Absent: all remain. */
  kept?: string[]
  /** The difference from this zxid on: newer nodes that `nodes` does not name are deleted, too. */
  since?: HexLong
}

/** The gateway's own link is down: the view may be out of date until its next `view` message. */
export interface ViewStale {
  type: 'viewStale'
  view: number
}

/** The view has ended: the gateway cannot show it any more. */
export interface ViewEnded {
  type: 'viewEnded'
  view: number
  error: WireError
}

/** The token expires soon. A `token` message with a fresh one keeps the connection. */
export interface Refresh {
  type: 'refresh'
}

/** The verdict, sent before the close frame that carries the same code. */
export interface Closed {
  type: 'closed'
  code: CloseCode
  message: string
  /** The least wait before redialling, in milliseconds; for codes from 4200 on. */
  retryAfterMs?: number
}

export type GatewayMessage =
  | SessionMessage
  | Suspended
  | Reply
  | ErrorReply
  | EventMessage
  | ViewMessage
  | ViewStale
  | ViewEnded
  | Ping
  | Pong
  | Refresh
  | Closed
