import { useEffect, useMemo, useSyncExternalStore } from 'react'
import {
  createViewStore,
  type LazyStore,
  type SessionStore,
  sessionStoreOf,
  type ViewClient,
} from './bindings/lazy-store.js'
import { type CandidateOptions, createLeaderStore } from './bindings/leader-store.js'
import { createRoomStore, type RoomActions, type RoomClient } from './bindings/room-store.js'
import type { PresenceOptions, PresenceSnapshot } from './presence/presence.js'
import type { ElectionSnapshot } from './recipes/election.js'
import type { RecipeClient } from './recipes/repeated-calls.js'
import type { ClientSnapshot } from './session/store.js'
import type { ViewOptions, ViewSnapshot } from './views/view.js'

// Each hook takes null for a client that is not there yet, and gives what a server renders: nothing seen, stale.
// Options may be new objects in every render. What a hook opens is closed soon after its component is unmounted.

/** What the client is now: its state and its session. It connects nothing: call `zk.connect()` where it is made. */
export function useSessionState(zk: SessionStore | null): ClientSnapshot {
  return useSnapshot(sessionStoreOf(zk))
}

/** A part of the tree, kept up to date while the component is mounted. */
export function useView(zk: ViewClient | null, path: string, options: ViewOptions = {}): ViewSnapshot {
  const { depth = 'children', data = false } = options
  return useSnapshot(useMemo(() => createViewStore(zk, path, { depth, data }), [zk, path, depth, data]))
}

export interface UsePresenceOptions<T> extends PresenceOptions {
  /**
   * To be in the room with this data, JSON, while the component is mounted; other data updates it, and undefined leaves.
   * After `leave()` other data joins again. Why it cannot join is in `error`; it is tried again in the next session.
   * @default undefined, which only looks, until `join()`
   */
  data?: T | undefined
}

/** The same object until something changes, and so is each of its functions until client, path or group change. */
export interface UsedPresence<T> extends PresenceSnapshot<T>, RoomActions<T> {}

/** Who is in a room, and being in it, while the component is mounted. */
export function usePresence<T>(
  zk: RoomClient | null,
  path: string,
  { data, group }: UsePresenceOptions<T> = {},
): UsedPresence<T> {
  const room = useMemo(() => createRoomStore<T>(zk, path, group), [zk, path, group])
  const json = JSON.stringify(data) as string | undefined
  // Before the effect that opens the room, so that it is opened with this wish.
  useEffect(() => room.attend(json), [room, json])
  const snapshot = useSnapshot(room)
  return useMemo(() => {
    const { join, update, leave } = room
    return { ...snapshot, join, update, leave }
  }, [room, snapshot])
}

export interface UseLeaderOptions extends CandidateOptions {
  /**
   * Whether to take part in the election.
   * @default false, which only looks who leads
   */
  campaign?: boolean
}

/** Who leads, and standing for election, while the component is mounted. Changed data stand as a new candidate. */
export function useLeader(
  zk: RecipeClient | null,
  path: string,
  { data = '', layout = 'kazoo', campaign = false }: UseLeaderOptions = {},
): ElectionSnapshot {
  const election = useMemo(() => createLeaderStore(zk, path, { data, layout }), [zk, path, data, layout])
  useEffect(() => election.stand(campaign), [election, campaign])
  return useSnapshot(election)
}

function useSnapshot<Snapshot>(store: LazyStore<Snapshot>): Snapshot {
  return useSyncExternalStore(store.subscribe, store.getSnapshot, store.getServerSnapshot)
}
