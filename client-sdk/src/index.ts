import { createHandle, type Handle } from './client/client.js'
import { type AllOperations, createAllOperations } from './operations/all-operations.js'
import type { LiveOperations } from './presence/presence.js'
import { createRooms } from './presence/rooms.js'
import { type ClientOptions, type Settings, settle } from './session/options.js'
import type { MessageListener } from './session/session.js'
import { createViews } from './views/open-views.js'
import { createLastingWatches, type LastingWatches, type Watch } from './watches/lasting-watches.js'

/** A session, all operations of ZooKeeper, one-shot and lasting watches, views and presence. */
export interface Client extends Handle, AllOperations, LiveOperations {
  /**
   * Sets a lasting watch and iterates over its events. It covers the node (its data, its creation and deletion, its list
   * of children) or, with `recursive`, the node and everything below it. The node need not exist.
   *
   * The watch is asked for at once: reads after this call are made with the watch set. An error of the watch, such as
   * NO_AUTH or FORBIDDEN, fails the iteration, and so does watching without a session (SESSION_CLOSED).
   * Where events may be missing there is a `resync` instead, to be answered by reading again: after each gap in the
   * connection, after an expiry when `renew` has opened a new session, and when more than `maxQueued` events wait.
   * When the client is CLOSED for good the iteration finishes; 'state' has the reason.
   *
   * Iterations of one path share one watch. `break`, `return()` or `signal` on the last of them removes it.
   */
  watch: Watch
}

/**
 * Makes a client. It connects at `connect()`, not before.
 *
 * @throws TypeError when an option is missing or wrong; the message says what to pass.
 */
export function createClient(options: ClientOptions): Client {
  const settings = settle(options)
  let lasting: LastingWatches
  return createHandle(
    settings,
    (call, on, onMessage) => {
      const operations = createAllOperations(call)
      const view = createViews(call, on, onMessage)
      const presence = createRooms(operations, view, on, settings.requestTimeoutMs)
      lasting = createLastingWatches(call, on)
      onMessage(refreshToken(settings))
      return { ...operations, view, presence, watch: lasting.watch }
    },
    () => lasting.createWatches(),
  )
}

/** Sends the gateway a fresh token before the old one expires. A connection that has ended drops it. */
const refreshToken =
  ({ getToken, requestTimeoutMs }: Settings): MessageListener =>
  async ({ type }, connection) => {
    if (type !== 'refresh') return
    try {
      const signal = AbortSignal.timeout(requestTimeoutMs)
      connection.send({ type: 'token', token: await getToken({ reason: 'expired', signal }) })
    } catch {
      // Then the gateway ends the connection when the token expires, and the next connection asks for another token.
    }
  }

export type * from './live.js'
export type {
  MultiPart,
  MultiResult,
  MultiResults,
  SessionIdentity,
} from './operations/all-operations.js'
export { ZoogateError } from './session/errors.js'
export type { WatchOptions } from './watches/lasting-watches.js'
export type { LastingWatchEvent, WatchEvents } from './watches/watch-stream.js'
