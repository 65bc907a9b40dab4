import type { Handle } from '../client/client.js'
import type { LiveOperations } from '../client/live-parts.js'
import type { Presence, PresenceSnapshot } from '../presence/presence.js'
import { ZoogateError } from '../session/errors.js'
import { createEvents } from '../session/events.js'
import { createLazyStore, type LazyStore, type Source } from './lazy-store.js'
import { UNSEEN_ROOM } from './unseen.js'

/** What a room needs of a client. */
export type RoomClient = Pick<LiveOperations, 'presence'> & Pick<Handle, 'on'>

/** What a component can do in a room. They reject while it is not mounted, and without a client. */
export type RoomActions<T> = Pick<Presence<T>, 'join' | 'update' | 'leave'>

export interface RoomStore<T> extends LazyStore<PresenceSnapshot<T>>, RoomActions<T> {
  /**
   * Is in the room with this data, as JSON text, for as long as the store is open, from then on or from now on; with
   * undefined, only when somebody joins. What forbids it is in the snapshot's `error`, and it is tried again in the
   * next session.
   */
  attend(json: string | undefined): void
}

interface OpenRoom<T> extends Source<PresenceSnapshot<T>>, RoomActions<T> {
  attend(json: string | undefined): void
}

/** Waits for a connection as long as the component is mounted. */
const PATIENT = { timeoutMs: Infinity }

function openRoom<T>(zk: RoomClient, path: string, group: string | undefined): OpenRoom<T> {
  const presence = zk.presence<T>(path, group === undefined ? {} : { group })
  const { on, emit } = createEvents<{ change: null }>()
  /** Counts what was asked for: only the last can still fail. */
  let turn = 0
  let attended: string | undefined
  /** Why this session is not in the room, though it should be. */
  let failure: ZoogateError | null = null
  /** With `failure` in it; null: not made since the last change. */
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

/** A room for as long as somebody looks at it; without a client, an empty one. */
export function createRoomStore<T>(zk: RoomClient | null, path: string, group?: string): RoomStore<T> {
  let wanted: string | undefined
  const store = createLazyStore<PresenceSnapshot<T>, OpenRoom<T>>(
    UNSEEN_ROOM,
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
      ? 'nobody looks at it; call this from an effect or an event handler'
      : 'there is no client yet'
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
