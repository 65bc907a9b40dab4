import { type AllOperations, createAllOperations } from './all-operations.js'
import { createHandle, type Handle } from './client.js'
import { createLastingWatches, type LastingWatches, type Watch } from './lasting-watches.js'
import { createLiveParts, type LiveOperations } from './live-parts.js'
import { type ClientOptions, settle } from './options.js'
import { createTokenRefresh } from './token-refresh.js'
import type { Watches } from './watches.js'

/** A session, all of ZooKeeper's operations, watches of both kinds, views and presence. */
export interface Client extends Handle, AllOperations, LiveOperations {
  /**
   * Sets a watch that stays, on the node (its data, its coming and going, its list of children) or, `recursive`, on it
   * and everything below, and gives its events as they come. The node need not exist.
   *
   * The watch is asked for at once: what is read after this call is read with the watch set. An error of it, such as
   * NO_AUTH or FORBIDDEN, fails the iteration, and so does watching without a session (SESSION_CLOSED).
   * Wherever events may be missing a `resync` stands in their place, to be answered by reading again: after each gap
   * in the connection, after an expiry when `renew` has opened a new session, and when more than `maxQueued` wait.
   * When the client is CLOSED for good the iteration finishes; 'state' tells why.
   *
   * Iterations of one path share one watch; it is removed when the last is left by `break`, `return()` or `signal`.
   */
  watch: Watch
}

/**
 * Makes a client. Nothing happens until its `connect()`.
 *
 * @throws TypeError when an option is missing or wrong; the message says what to pass.
 */
export function createClient(options: ClientOptions): Client {
  const settings = settle(options)
  let lasting: LastingWatches
  let hear: Watches['hear']
  return createHandle(
    settings,
    (call, on) => {
      const operations = createAllOperations(call)
      const parts = createLiveParts(operations, settings.requestTimeoutMs, call, on)
      const refreshToken = createTokenRefresh(settings)
      lasting = createLastingWatches(call, on)
      hear = (message, connection) => {
        parts.hear(message, connection)
        if (message.type === 'refresh') refreshToken(connection)
      }
      return { ...operations, ...parts.live, watch: lasting.watch }
    },
    () => ({ ...lasting.createWatches(), hear: hear! }),
  )
}

export type { SessionIdentity } from './all-operations.js'
export { ZoogateError } from './errors.js'
export type { WatchOptions } from './lasting-watches.js'
export type * from './live.js'
export type { MultiPart, MultiResult, MultiResults } from './multi.js'
export type { LastingWatchEvent, WatchEvents } from './watch-stream.js'
