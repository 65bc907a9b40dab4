import { createRequire } from 'node:module'

/**
 * The seam to node-zookeeper-client: no other file loads any part of it.
 *
 * Used: its wire codec (records and their generic writer) for every request that is sent once per attach or less, its
 * request types and xids, its error numbers, permission bits, create modes and event types. codec/numbers.ts and
 * codec/error-codes.ts add the numbers that the package lacks. The in-memory ensemble reads and writes with the same codec.
 *
 * Not used: its `Client` and `ConnectionManager`. Their requests have no deadline, an error number that they do not know
 * throws inside the data handler and ends the process, and the link would have to replace every method that dials, parses,
 * queues or pings. Five fields would remain (session id, password, xid, zxid, state) at 1.4 KB and 9 µs for each session.
 * The link keeps these fields itself. Not used either: `State`, because its EXPIRED is -122 (-112 in ZooKeeper), and
 * `Transaction`, because it writes version 0 as "any version".
 */
const require = createRequire(import.meta.url)

/** A record of the package's generic codec. */
export interface JuteRecord {
  byteLength(): number
}

type RecordOf<Fields extends unknown[]> = new (...fields: Fields) => JuteRecord

type OpCode =
  | 'CREATE'
  | 'DELETE'
  | 'EXISTS'
  | 'GET_DATA'
  | 'SET_DATA'
  | 'GET_ACL'
  | 'SET_ACL'
  | 'GET_CHILDREN'
  | 'SYNC'
  | 'PING'
  | 'GET_CHILDREN2'
  | 'CHECK'
  | 'MULTI'
  | 'AUTH'
  | 'SET_WATCHES'
  | 'CLOSE_SESSION'
  | 'ERROR'

interface Jute {
  PROTOCOL_VERSION: number
  OP_CODES: Readonly<Record<OpCode, number>>
  XID_NOTIFICATION: number
  XID_PING: number
  XID_AUTHENTICATION: number
  /** A whole frame: its length, then the header and the payload. */
  Request: new (
    header: JuteRecord | null,
    payload: JuteRecord | null,
  ) => { toBuffer(): Buffer }
  data: {
    Id: RecordOf<[scheme: string, id: string]>
    ACL: RecordOf<[perms: number, id: JuteRecord]>
  }
  protocol: {
    RequestHeader: RecordOf<[xid: number, type: number]>
    ConnectRequest: RecordOf<
      [protocolVersion: number, lastZxidSeen: Buffer, timeoutMs: number, sessionId: Buffer, password: Buffer]
    >
    AuthPacket: RecordOf<[type: number, scheme: string, auth: Buffer]>
    GetACLRequest: RecordOf<[path: string]>
    SetACLRequest: RecordOf<[path: string, acl: JuteRecord[], version: number]>
  }
}

type ErrorName =
  | 'OK'
  | 'SYSTEM_ERROR'
  | 'RUNTIME_INCONSISTENCY'
  | 'DATA_INCONSISTENCY'
  | 'CONNECTION_LOSS'
  | 'MARSHALLING_ERROR'
  | 'UNIMPLEMENTED'
  | 'OPERATION_TIMEOUT'
  | 'BAD_ARGUMENTS'
  | 'API_ERROR'
  | 'NO_NODE'
  | 'NO_AUTH'
  | 'BAD_VERSION'
  | 'NO_CHILDREN_FOR_EPHEMERALS'
  | 'NODE_EXISTS'
  | 'NOT_EMPTY'
  | 'SESSION_EXPIRED'
  | 'INVALID_CALLBACK'
  | 'INVALID_ACL'
  | 'AUTH_FAILED'

interface CreateModes {
  PERSISTENT: 0
  EPHEMERAL: 1
  PERSISTENT_SEQUENTIAL: 2
  EPHEMERAL_SEQUENTIAL: 3
}

type PermissionName = 'READ' | 'WRITE' | 'CREATE' | 'DELETE' | 'ADMIN' | 'ALL'
type EventName = 'NODE_CREATED' | 'NODE_DELETED' | 'NODE_DATA_CHANGED' | 'NODE_CHILDREN_CHANGED'

export const jute: Jute = require('node-zookeeper-client/lib/jute/index.js')

export const Exception: Readonly<
  Record<ErrorName, number>
> = require('node-zookeeper-client/lib/Exception.js')

export const CreateMode: Readonly<CreateModes> = require('node-zookeeper-client/lib/CreateMode.js')

type Permissions = Readonly<Record<PermissionName, number>>
export const Permission: Permissions = require('node-zookeeper-client/lib/Permission.js')

export const Event: Readonly<Record<EventName, number>> = require('node-zookeeper-client/lib/Event.js')
