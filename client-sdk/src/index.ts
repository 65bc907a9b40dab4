import { createHandle, type Handle } from './client/client.js'
import { createLiveParts, type LiveOperations } from './client/live-parts.js'
import { type AllOperations, createAllOperations } from './operations/all-operations.js'
import { type ClientOptions, settle } from './session/options.js'
import { createTokenRefresh } from './session/token-refresh.js'
import type { Watches } from './session/watcher.js'
import { createLastingWatches, type LastingWatches, type Watch } from './watches/lasting-watches.js'

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

export type * from './live.js'
export type { SessionIdentity } from './operations/all-operations.js'
export type { MultiPart, MultiResult, MultiResults } from './operations/multi.js'
export { ZoogateError } from './session/errors.js'
export type { WatchOptions } from './watches/lasting-watches.js'
export type { LastingWatchEvent, WatchEvents } from './watches/watch-stream.js'
