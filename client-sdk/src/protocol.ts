// The wire protocol between a page and a gateway, as types. PROTOCOL.md is its specification.
// Both sides compile against this file; it imports nothing.

/** The WebSocket subprotocol. A breaking change of the messages gets a new name. */
export const SUBPROTOCOL = 'zoogate.v1'

/**
 * Close codes. The range is the verdict: 4000–4099 the session is gone for good, do not redial with it;
 * 4100–4199 get a fresh token, then redial; 4200–4299 redial and resume.
 */
export const CLOSE_CODES = {
  /** The page asked for it with `close`. */
  CLOSED: 4000,
  /** The ensemble says that the session has expired. A new session may be opened. */
  EXPIRED: 4001,
  /** The session is now held by another connection. */
  TAKEN_OVER: 4002,
  /** The resume token does not open, or belongs to somebody else. A new session may be opened. */
  RESUME_REFUSED: 4003,
  /** The page's origin is not on the allow-list. */
  ORIGIN_REFUSED: 4004,
  /** A frame that is no protocol message at all, or a message out of turn. */
  BAD_MESSAGE: 4005,
  /** The token is good, but its claims are not usable (a bad chroot, for example). */
  FORBIDDEN: 4006,
  /** The ensemble refused the identity that the gateway presented for the page. */
  AUTH_FAILED: 4007,
  /** The token has expired. */
  TOKEN_EXPIRED: 4100,
  /** The token is not acceptable: signature, algorithm, issuer, audience or form. */
  TOKEN_INVALID: 4101,
  /** The gateway is stopping. */
  DRAINING: 4200,
  /** The page did not answer for two thirds of the session timeout. */
  SILENT: 4201,
  /** No hello arrived in time. */
  HELLO_TIMEOUT: 4202,
  /** The page did not read what was sent to it. */
  SLOW_READER: 4204,
  /** A fault of the gateway's own. */
  INTERNAL: 4205,
  /** There is no room for this page now. */
  OVERLOADED: 4206,
  /** The gateway cannot check at the moment what the page brings, its token or its zxid; both may be good. */
  UNVERIFIED: 4207,
} as const

export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES]

/** Why a session is CLOSED. */
export type ClosedReason = 'closed' | 'expired' | 'auth_failed' | 'taken_over' | 'refused'

/** A 64-bit number as lower-case hexadecimal, `0x` first: zxids and session ids do not fit a JSON number. */
export type HexLong = string

/** Node data: a string where the bytes are UTF-8 text, else the bytes in base64. */
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

/** Watches by the list that ZooKeeper keeps them in, as paths. */
export interface WatchLists {
  /** Set by getData, and by exists on a node that was there. */
  data: string[]
  /** Set by exists on a node that was not there. */
  exist: string[]
  /** Set by getChildren. */
  child: string[]
  /** Set by addWatch; they stay set until they are removed. */
  persistent?: string[]
  /** Set by addWatch with `recursive`: also for every node below. */
  recursive?: string[]
}

/** One part of a multi: all parts are done, or none. */
export type MultiPart =
  | ({ op: 'create' } & Operations['create'])
  | ({ op: 'delete' } & Operations['delete'])
  | ({ op: 'setData' } & Operations['setData'])
  /** Passes when the node exists and, where a version is given, has that version. */
  | { op: 'check'; path: string; version?: number }

/** What one part of a multi that was done gives; an empty object for delete and check. */
export interface MultiPartResult {
  path?: string
  stat?: WireStat
}

/** `children`: the nodes right below the path. `subtree`: the node itself and all below it. */
export type ViewDepth = 'children' | 'subtree'

/** What a page has of a view: everything up to this zxid, `count` nodes of which were created up to it. */
export interface ViewPoint {
  zxid: HexLong
  count: number
}

/**
 * One node of a view, its times as in WireStat. Fields from `mzxid` on are left out, from the last one backwards, where
 * they are what they are in a node that has just been created: mzxid = czxid, mtime = ctime, version = 0.
 */
export type ViewNode = [
  /** In a view without data: how many bytes it has. */
  data: NodeData | number,
  /** The mark of the session that owns the node (see `SessionMessage.mark`); null for a node that is not ephemeral. */
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
  /** A signed JSON Web Token; empty where a cookie carries it. */
  token: string
  /** The session timeout asked for, in milliseconds; the ensemble decides. */
  timeoutMs: number
  resume?: Resume
}

/** What a page brings back to take up its session again. */
export interface Resume {
  /** The newest resume token that the page holds. */
  token: string
  /** The newest zxid that the page has seen. */
  zxid: HexLong
  /** The watches that the page still holds. */
  watches: WatchLists
}

/** What each operation takes. */
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
  /** Answered when the server that is asked has caught up with the leader. */
  sync: { path: string }
  /** The ephemeral nodes of this session below a path. */
  getEphemerals: { path: string }
  whoAmI: Record<string, never>
  multi: { parts: MultiPart[] }
  addWatch: { path: string; recursive?: boolean }
  removeWatch: { path: string; recursive?: boolean }
  /** Shows a part of the tree and keeps it shown, in `view` messages. `data`: with the nodes' data. */
  openView: { path: string; depth?: ViewDepth; data?: boolean; since?: ViewPoint }
  closeView: { view: number }
}

/** What each operation gives. */
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
  /** `view` is how the messages of this connection name it. */
  openView: { view: number }
  closeView: Record<string, never>
}

export type Operation = keyof Operations

/** One request. `id` grows with every call of a connection. */
export type Call = {
  [O in Operation]: { type: 'call'; id: number; op: O } & Operations[O]
}[Operation]

/** Closes the ZooKeeper session; its ephemeral nodes go at once. */
export type Close = { type: 'close' }

/** Asks the other side to answer with a pong of the same id. Either side may ask. */
export type Ping = { type: 'ping'; id: number }
export type Pong = { type: 'pong'; id: number }

/** A fresh JSON Web Token for this connection: the answer to `refresh`, or sent unasked. */
export interface Token {
  type: 'token'
  token: string
}

export type PageMessage = Hello | Call | Close | Ping | Pong | Token

// ---- gateway → page ----

/** The session is attached to the ensemble: the page is CONNECTED. Sent anew after every attach. */
export interface SessionMessage {
  type: 'session'
  id: HexLong
  /** The session timeout that the ensemble gave, in milliseconds. */
  timeoutMs: number
  /** False for a session that this attach created. */
  resumed: boolean
  /** Replaces every earlier resume token of this session. */
  resumeToken: string
  /** The newest zxid that the watches were checked against, or `0x0`. */
  zxid: HexLong
  /** The largest message that the gateway reads, in bytes. */
  maxMessageBytes: number
  /** Attached to a server that has lost its quorum: reads work, writes fail with NOT_READ_ONLY. */
  readOnly?: boolean
  /** How the views of this connection name the owner of this session's nodes. */
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
  /** Absent where the ensemble was not asked. */
  zxid?: HexLong
  result: Results[Operation]
}

/** `not_executed`: nothing happened, a retry is safe. `unknown`: it may have happened. */
export type Outcome = 'not_executed' | 'unknown'

export const ERROR_CODES = [
  // ZooKeeper's own
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
  // the gateway's and the SDK's
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

/**
 * The causes that pass by themselves: the same call may succeed when it is made again on the same session. Both sides
 * take `retryable` from this list; PROTOCOL.md gives the reasons. A list rather than a field per code, because a page
 * downloads it.
 */
export const RETRYABLE_CODES: readonly ErrorCode[] = [
  'CONNECTION_LOSS',
  'OPERATION_TIMEOUT',
  'REQUEST_TIMEOUT',
  'THROTTLED',
  'RATE_LIMITED',
  'TIMED_OUT',
]

export interface WireError {
  code: ErrorCode
  /** For people; may change between versions. */
  message: string
  path?: string
  /** Whether the cause passes by itself (RETRYABLE_CODES). With the outcome `unknown`: look before repeating a write. */
  retryable: boolean
  outcome: Outcome
  /** ZooKeeper's number, where `code` is UNKNOWN. */
  number?: number
  /** The part of a multi that failed, counted from 0; the others were not executed because of it. */
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

/** A one-shot watch fired; it is gone now. */
export interface EventMessage {
  type: 'event'
  event: WatchEventType
  path: string
}

/**
 * What has become of a view; the same text for all pages that hold it. Applied to what the page has, it gives
 * everything up to `zxid`.
 */
export interface ViewMessage {
  type: 'view'
  view: number
  zxid: HexLong
  /** By path below the path of the view, '' for that node itself; null for a node that is gone. */
  nodes: Record<string, ViewNode | null>
  /** Of the nodes that `nodes` does not name only these remain. Empty: `nodes` is all there is. Absent: all remain. */
  kept?: string[]
  /** The difference from this zxid on: newer nodes that `nodes` does not name are gone too. */
  since?: HexLong
}

/** The gateway's own link is down: until the next `view` message nobody knows whether the view still holds. */
export interface ViewStale {
  type: 'viewStale'
  view: number
}

/** The view cannot be shown any more. */
export interface ViewEnded {
  type: 'viewEnded'
  view: number
  error: WireError
}

/** The token expires soon; a `token` message with a fresh one keeps the connection. */
export interface Refresh {
  type: 'refresh'
}

/** The verdict, sent before the close frame that carries the same code. */
export interface Closed {
  type: 'closed'
  code: CloseCode
  message: string
  /** Milliseconds to wait before redialling; for codes from 4200 on. */
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
