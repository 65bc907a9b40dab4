import { type Client, createHandle } from './client.js'
import { type ClientOptions, settle } from './options.js'

/**
 * Makes a client. Nothing happens until its `connect()`.
 *
 * @throws TypeError when an option is missing or wrong; the message says what to pass.
 */
export function createClient(options: ClientOptions): Client {
  return createHandle(settle(options))
}

export type { Client } from './client.js'
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
