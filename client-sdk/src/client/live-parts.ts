import type { NodeOperations } from '../operations/operations.js'
import type { OpenPresence } from '../presence/presence.js'
import { createPresences } from '../presence/presences.js'
import type { MakeCall } from '../session/calls.js'
import type { Store } from '../session/store.js'
import type { Watches } from '../session/watcher.js'
import type { ShowView } from '../views/view.js'
import { createViews } from '../views/views.js'

/** What is kept up to date for a page. */
export interface LiveOperations {
  /**
   * Shows a part of the tree and keeps it shown, whatever becomes of connection and session, until it is closed. It may
   * be asked for before `connect()`. It costs the ensemble the same however many pages look.
   */
  view: ShowView
  /**
   * Shows who is in a room, and enters it. `path` is the room's node, made by the first who joins and gone
   * some time after the last has left. Members are ephemeral nodes below it whose data is JSON.
   */
  presence: OpenPresence
}

/** The live operations, and who hears the messages that are about them. */
export function createLiveParts(
  operations: NodeOperations,
  requestTimeoutMs: number,
  call: MakeCall,
  on: Store['on'],
): { live: LiveOperations; hear: NonNullable<Watches['hear']> } {
  const views = createViews(call, on)
  return {
    live: { view: views.show, presence: createPresences(operations, views.show, on, requestTimeoutMs) },
    hear: views.hear,
  }
}
