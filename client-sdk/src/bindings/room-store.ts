import type { Handle } from '../client/client.js'
import {
  EMPTY_ROOM,
  type LiveOperations,
  type Presence,
  type PresenceSnapshot,
} from '../presence/presence.js'
import { ZoogateError } from '../session/errors.js'
import { createEvents } from '../session/events.js'
import { createLazyStore, type LazyStore, type Source } from './lazy-store.js'

/** The part of a client that a room needs. */
export type RoomClient = Pick<LiveOperations, 'presence'> & Pick<Handle, 'on'>

/** The actions of a component in a room. They reject while the component is not mounted, and without a client. */
export type RoomActions<T> = Pick<Presence<T>, 'join' | 'update' | 'leave'>

export interface RoomStore<T> extends LazyStore<PresenceSnapshot<T>>, RoomActions<T> {
  /**
   * Joins the room with this data, JSON text, whenever the store is open; with undefined, leaves it. An error is in the
   * snapshot's `error`, and the next session tries again.
   */
  attend(json: string | undefined): void
}

interface OpenRoom<T> extends Source<PresenceSnapshot<T>>, RoomActions<T> {
  attend(json: string | undefined): void
}

/** Waits for a connection while the component is mounted. */
const PATIENT = { timeoutMs: Infinity }

function openRoom<T>(zk: RoomClient, path: string, group: string | undefined): OpenRoom<T> {
  const presence = zk.presence<T>(path, group === undefined ? {} : { group })
  const { on, emit } = createEvents<{ change: null }>()
  /** The number of the newest action: only that one can set `failure`. */
  let turn = 0
  let attended: string | undefined
  /** Why this session could not join. */
  let failure: ZoogateError | null = null
  /** The snapshot with `failure`; null: not made since the last change. */
  let failed: PresenceSnapshot<T> | null = null

  function changed(): void {
    failed = null
    emit('change', null)
  }
  function setFailure(next: ZoogateError | null): void {
    if (next === failure) return
    failure = next
    changed()
  }
  function begin(): number {
    setFailure(null)
    return ++turn
  }
  function attend(json: string | undefined): void {
    const own = begin()
    attended = json
    const moving: Promise<unknown> =
      json === undefined ? presence.leave(PATIENT) : presence.join(JSON.parse(json), PATIENT)
    moving.catch((error: ZoogateError) => {
      if (own === turn) setFailure(error)
    })
  }

  presence.subscribe(changed)
  const stopListening = zk.on('session', () => {
    if (failure) attend(attended)
  })
  return {
    getSnapshot() {
      const snapshot = presence.getSnapshot()
      if (!failure || snapshot.error) return snapshot
      failed ??= Object.freeze({ ...snapshot, error: failure })
      return failed
    },
    subscribe: (listener) => on('change', listener),
    attend,
    join(data, limits) {
      begin()
      return presence.join(data, limits)
    },
    update(data, limits) {
      begin()
      return presence.update(data, limits)
    },
    leave(limits) {
      begin()
      return presence.leave(limits)
    },
    close() {
      begin()
      stopListening()
      presence.close()
    },
  }
}

/** A room that is open while the store has listeners; empty without a client. */
export function createRoomStore<T>(zk: RoomClient | null, path: string, group?: string): RoomStore<T> {
  let wanted: string | undefined
  const store = createLazyStore<PresenceSnapshot<T>, OpenRoom<T>>(
    EMPTY_ROOM,
    zk &&
      (() => {
        const room = openRoom<T>(zk, path, group)
        if (wanted !== undefined) room.attend(wanted)
        return room
      }),
  )
  function opened(): OpenRoom<T> {
    const room = store.open()
    if (room) return room
    const advice = zk
      ? 'no mounted component shows this room; call this from an effect or an event handler'
      : 'there is no client yet; pass one'
    throw new ZoogateError('BAD_REQUEST', `${path}: ${advice}`, { path })
  }
  return {
    getSnapshot: store.getSnapshot,
    getServerSnapshot: store.getServerSnapshot,
    subscribe: store.subscribe,
    attend(json) {
      if (json === wanted) return
      wanted = json
      store.opened()?.attend(json)
    },
    join: async (data, limits) => opened().join(data, limits),
    update: async (data, limits) => opened().update(data, limits),
    leave: async (limits) => opened().leave(limits),
  }
}
