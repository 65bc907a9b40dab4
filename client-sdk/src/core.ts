import { createHandle, type Handle } from './client/client.js'
import { createOperations, type NodeOperations } from './operations/operations.js'
import { type ClientOptions, settle } from './session/options.js'
import { createWatches } from './watches/one-shot-watches.js'

/** A session, the six operations on nodes, and one-shot watches. */
export interface CoreClient extends Handle, NodeOperations {}

/**
 * Makes the smallest client. It connects at `connect()`, not before.
 *
 * @throws TypeError when an option is missing or wrong; the message says what to pass.
 */
export function createClient(options: ClientOptions): CoreClient {
  return createHandle(settle(options), createOperations, createWatches)
}

export type { DataInput, NodeContent, Stat } from './operations/node-data.js'
export type { CreateOptions, ReadOptions, VersionOptions } from './operations/operations.js'
export type { Acl, ClosedReason, CreateMode, ErrorCode, HexLong, Outcome, Permission } from './protocol.js'
export type { WebSocketLike } from './session/connection.js'
export { ZoogateError } from './session/errors.js'
export type { ClientOptions, TokenReason, TokenRequest } from './session/options.js'
export type { Limits } from './session/pending.js'
export type { ClientEvents, ClientSnapshot, SessionInfo, SessionState } from './session/store.js'
export type { WatchEvent, Watcher } from './session/watcher.js'
