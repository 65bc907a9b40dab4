import { createHandle, type Handle } from './client/client.js'
import { createOperations, type NodeOperations } from './operations/operations.js'
import type { LiveOperations } from './presence/presence.js'
import { createRooms } from './presence/rooms.js'
import { type ClientOptions, settle } from './session/options.js'
import { createViews } from './views/open-views.js'
import { createWatches } from './watches/one-shot-watches.js'

/**
 * A session, the six operations on nodes, one-shot watches, views and presence. When its token expires it redials with a
 * fresh one; the complete client sends a fresh token before that. The session goes on in both.
 */
export interface LiveClient extends Handle, NodeOperations, LiveOperations {}

/**
 * Makes a client for pages that show nodes and members. It connects at `connect()`, not before.
 *
 * @throws TypeError when an option is missing or wrong; the message says what to pass.
 */
export function createClient(options: ClientOptions): LiveClient {
  const settings = settle(options)
  return createHandle(
    settings,
    (call, on, onMessage) => {
      const operations = createOperations(call)
      const view = createViews(call, on, onMessage)
      const presence = createRooms(operations, view, on, settings.requestTimeoutMs)
      return { ...operations, view, presence }
    },
    createWatches,
  )
}

export type * from './core.js'
export type {
  LiveOperations,
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
