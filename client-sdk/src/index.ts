import { Client } from './client.js'
import { type ClientOptions, settle } from './options.js'

/**
 * Makes a client. Nothing happens until its `connect()`.
 *
 * @throws TypeError when an option is missing or wrong; the message says what to pass.
 */
export function createClient(options: ClientOptions): Client {
  return new Client(settle(options))
}

export type {
  Client,
  ClientEvents,
  ClientSnapshot,
  CreateOptions,
  ReadOptions,
  SessionInfo,
  SessionState,
  VersionOptions,
} from './client.js'
export type { WebSocketLike } from './connection.js'
export { ZoogateError } from './errors.js'
export type { DataInput, NodeContent } from './node-data.js'
export type { ClientOptions, TokenReason, TokenRequest } from './options.js'
export type { Limits } from './pending.js'
export type { Acl, ClosedReason, CreateMode, ErrorCode, HexLong, Outcome, Permission } from './protocol.js'
export type { Stat } from './stat.js'
export type { WatchEvent, Watcher } from './watches.js'
