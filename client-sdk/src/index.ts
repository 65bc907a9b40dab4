import { type AllOperations, createAllOperations } from './all-operations.js'
import { createHandle, type Handle } from './client.js'
import { createLastingWatches, type LastingWatches, type Watch } from './lasting-watches.js'
import { type ClientOptions, settle } from './options.js'

/** A session, all of ZooKeeper's operations, and watches of both kinds. */
export interface Client extends Handle, AllOperations {
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
  let lasting: LastingWatches
  return createHandle(
    settle(options),
    (call, on) => {
      lasting = createLastingWatches(call, on)
      return { ...createAllOperations(call), watch: lasting.watch }
    },
    () => lasting.createWatches(),
  )
}

export type { SessionIdentity } from './all-operations.js'
export type * from './core.js'
export { ZoogateError } from './errors.js'
export type { WatchOptions } from './lasting-watches.js'
export type { MultiPart, MultiResult, MultiResults } from './multi.js'
export type { LastingWatchEvent, WatchEvents } from './watch-stream.js'
