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

// Each hook takes null while there is no client yet, and returns the initial snapshot then: empty and stale, as a server
// renders it. Options may be new objects in every render. A hook closes its view, room or election soon after its component
// is unmounted.

/** The client's state and session. The hook does not connect: call `zk.connect()` where the client is made. */
export function useSessionState(zk: SessionStore | null): ClientSnapshot {
  return useSnapshot(sessionStoreOf(zk))
}

/** A view of a part of the tree while the component is mounted. */
export function useView(zk: ViewClient | null, path: string, options: ViewOptions = {}): ViewSnapshot {
  const { depth = 'children', data = false } = options
  return useSnapshot(useMemo(() => createViewStore(zk, path, { depth, data }), [zk, path, depth, data]))
}

export interface UsePresenceOptions<T> extends PresenceOptions {
  /**
   * Joins the room with this data, JSON, while the component is mounted. Changed data updates it, undefined leaves. After
   * `leave()` changed data joins again. An error is in `error`, and the next session tries again.
   * @default undefined: shows the room without joining, until `join()`
   */
  data?: T | undefined
}

/** The same object until it changes. Each of its functions stays the same until client, path or group change. */
export interface UsedPresence<T> extends PresenceSnapshot<T>, RoomActions<T> {}

/** The members of a room, and this client's membership, while the component is mounted. */
export function usePresence<T>(
  zk: RoomClient | null,
  path: string,
  { data, group }: UsePresenceOptions<T> = {},
): UsedPresence<T> {
  const room = useMemo(() => createRoomStore<T>(zk, path, group), [zk, path, group])
  const json = JSON.stringify(data) as string | undefined
  // Before the effect that opens the room, so that the room is opened with this data.
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
   * @default false: shows the leader only
   */
  campaign?: boolean
}

/** The leader, and this client's candidacy, while the component is mounted. Changed data make a new candidate. */
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
