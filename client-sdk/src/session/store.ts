import type { ClosedReason, HexLong } from '../protocol.js'
import type { ZoogateError } from './errors.js'
import { createEvents, type Events } from './events.js'

export type SessionState = 'NOT_CONNECTED' | 'CONNECTING' | 'CONNECTED' | 'CLOSED'

/** A ZooKeeper session, without its password. */
export interface SessionInfo {
  readonly id: HexLong
  /** The session timeout that the ensemble granted, in milliseconds. */
  readonly timeoutMs: number
  /** True when the session existed before and was resumed. */
  readonly resumed: boolean
  /** True while its server has lost the quorum: reads work, writes fail with NOT_READ_ONLY. */
  readonly readOnly: boolean
}

/** Frozen, and the same object until something changes. */
export interface ClientSnapshot {
  readonly state: SessionState
  /** The newest session; it stays here when it has ended. Null before the first. */
  readonly session: SessionInfo | null
  /** Why the state is CLOSED; null in every other state. */
  readonly reason: ClosedReason | null
  /** True while CONNECTING when the session has timed out by this page's clock. */
  readonly presumedExpired: boolean
}

export interface ClientEvents {
  state: {
    state: SessionState
    previous: SessionState
    reason: ClosedReason | null
    error?: ZoogateError | undefined
  }
  /** A session was opened, resumed by this page for the first time, or replaced: watches have to be set anew. */
  session: { session: SessionInfo; previous: SessionInfo | null }
  /** Once per loss: the session timeout has passed without contact. Only the ensemble knows for sure. */
  presumed_expired: { session: SessionInfo }
}

/** The initial snapshot. */
export const EMPTY_SESSION: ClientSnapshot = /* @__PURE__ */ Object.freeze({
  state: 'NOT_CONNECTED',
  session: null,
  reason: null,
  presumedExpired: false,
})

/** The state of a client and its changes. */
export interface Store {
  /** Listens to events; returns the unsubscribe. Aborting `signal` unsubscribes too. */
  on: Events<ClientEvents>['on']
  /** With `getSnapshot`: a store for `useSyncExternalStore` and the like. Returns the unsubscribe. */
  subscribe(listener: () => void): () => void
  getSnapshot(): ClientSnapshot
  getServerSnapshot(): ClientSnapshot
}

export interface ChangingStore extends Store {
  /** The one way to another snapshot; entering the same state again does nothing. */
  change(change: Partial<ClientSnapshot>, error?: ZoogateError): void
}

export function createStore(): ChangingStore {
  const { on, emit } = createEvents<ClientEvents & { change: ClientSnapshot }>()
  let snapshot = EMPTY_SESSION
  return {
    on,
    subscribe: (listener) => on('change', listener),
    getSnapshot: () => snapshot,
    getServerSnapshot: () => EMPTY_SESSION,
    change(change, error) {
      const before = snapshot
      if (change.state === before.state) return
      const now = Object.freeze({ ...before, reason: null, presumedExpired: false, ...change })
      const { state, session, reason } = now
      snapshot = now
      emit('change', now)
      if (now.presumedExpired && session) emit('presumed_expired', { session })
      else emit('state', { state, previous: before.state, reason, error })
      // A listener may have closed it just now.
      if (session && session.id !== before.session?.id && snapshot === now) {
        emit('session', { session, previous: before.session })
      }
    },
  }
}
