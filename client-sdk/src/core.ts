import { createHandle, type Handle } from './client.js'
import { createOperations, type NodeOperations } from './operations.js'
import { type ClientOptions, settle } from './options.js'
import { createWatches } from './watches.js'

/** A session, the six operations on nodes, and watches that fire once. */
export interface CoreClient extends Handle, NodeOperations {}

/**
 * Makes a client that is as small as can be. Nothing happens until its `connect()`.
 *
 * @throws TypeError when an option is missing or wrong; the message says what to pass.
 */
export function createClient(options: ClientOptions): CoreClient {
  return createHandle(settle(options), createOperations, createWatches)
}

export type { WebSocketLike } from './connection.js'
export { ZoogateError } from './errors.js'
export type { DataInput, NodeContent } from './node-data.js'
export type { CreateOptions, ReadOptions, VersionOptions } from './operations.js'
export type { ClientOptions, TokenReason, TokenRequest } from './options.js'
export type { Limits } from './pending.js'
export type { Acl, ClosedReason, CreateMode, ErrorCode, HexLong, Outcome, Permission } from './protocol.js'
export type { Stat } from './stat.js'
export type { ClientEvents, ClientSnapshot, SessionInfo, SessionState } from './store.js'
export type { WatchEvent, Watcher } from './watches.js'
