import { createHandle, type Handle } from './client/client.js'
import { createLiveParts, type LiveOperations } from './client/live-parts.js'
import { createOperations, type NodeOperations } from './operations/operations.js'
import { type ClientOptions, settle } from './session/options.js'
import type { Watches } from './session/watcher.js'
import { createWatches } from './watches/watches.js'

/**
 * A session, the six operations on nodes, watches that fire once, views and presence. When its token expires it dials
 * again with a fresh one, where the complete client brings that in time; the session goes on in both.
 */
export interface LiveClient extends Handle, NodeOperations, LiveOperations {}

/**
 * Makes a client for pages that show who and what is there. Nothing happens until its `connect()`.
 *
 * @throws TypeError when an option is missing or wrong; the message says what to pass.
 */
export function createClient(options: ClientOptions): LiveClient {
  const settings = settle(options)
  let hear: Watches['hear']
  return createHandle(
    settings,
    (call, on) => {
      const operations = createOperations(call)
      const parts = createLiveParts(operations, settings.requestTimeoutMs, call, on)
      hear = parts.hear
      return { ...operations, ...parts.live }
    },
    () => ({ ...createWatches(), hear: hear! }),
  )
}

export type { LiveOperations } from './client/live-parts.js'
export type * from './core.js'
export type {
  Member,
  OpenPresence,
  Presence,
  PresenceEvents,
  PresenceOptions,
  PresenceSnapshot,
} from './presence/presence.js'
export { ZoogateError } from './session/errors.js'
export type {
  ShowView,
  View,
  ViewDepth,
  ViewedNode,
  ViewedStat,
  ViewOptions,
  ViewSnapshot,
} from './views/view.js'
