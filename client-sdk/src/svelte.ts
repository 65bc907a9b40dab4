import { createViewStore, type LazyStore, type SessionStore, type ViewClient } from './bindings/lazy-store.js'
import { type CandidateOptions, createLeaderStore } from './bindings/leader-store.js'
import { createRoomStore, type RoomActions, type RoomClient } from './bindings/room-store.js'
import type { PresenceOptions, PresenceSnapshot } from './presence/presence.js'
import type { ElectionSnapshot } from './recipes/election.js'
import type { RecipeClient } from './recipes/repeated-calls.js'
import type { ClientSnapshot } from './session/store.js'
import type { ViewOptions, ViewSnapshot } from './views/view.js'

/**
 * A store for Svelte's `$`: it calls back with the value at once, then with each new one. The first subscription opens the
 * view, room or election behind it; soon after the end of the last subscription it is closed.
 */
export interface Readable<Value> {
  subscribe(run: (value: Value) => void): () => void
}

/** The client's state and session. It does not connect: call `zk.connect()` where the client is made. */
export function sessionState(zk: SessionStore): Readable<ClientSnapshot> {
  return readable(zk)
}

/** A view of a part of the tree while there is a subscription. */
export function view(zk: ViewClient, path: string, options?: ViewOptions): Readable<ViewSnapshot> {
  return readable(createViewStore(zk, path, options))
}

export interface PresenceStoreOptions<T> extends PresenceOptions {
  /**
   * Joins the room with this data, JSON, while there is a subscription. An error is in `error`, and the next session tries
   * again.
   * @default undefined: shows the room without joining, until `join()`
   */
  data?: T
}

/** The members of a room, and this client's membership, while there is a subscription. */
export interface PresenceStore<T> extends Readable<PresenceSnapshot<T>>, RoomActions<T> {}

export function presence<T>(
  zk: RoomClient,
  path: string,
  { data, group }: PresenceStoreOptions<T> = {},
): PresenceStore<T> {
  const room = createRoomStore<T>(zk, path, group)
  room.attend(JSON.stringify(data))
  const { join, update, leave } = room
  return { ...readable(room), join, update, leave }
}

export interface LeaderStoreOptions extends CandidateOptions {
  /**
   * Whether to take part in the election.
   * @default false: shows the leader only
   */
  campaign?: boolean
}

/** The leader, and this client's candidacy, while there is a subscription. */
export interface ElectionStore extends Readable<ElectionSnapshot> {
  campaign(): void
  /** Resigns; the store goes on showing the leader. */
  resign(): void
}

export function leader(
  zk: RecipeClient,
  path: string,
  { campaign = false, ...candidate }: LeaderStoreOptions = {},
): ElectionStore {
  const election = createLeaderStore(zk, path, candidate)
  election.stand(campaign)
  return {
    ...readable(election),
    campaign: () => election.stand(true),
    resign: () => election.stand(false),
  }
}

function readable<Value>({ subscribe, getSnapshot }: Pick<LazyStore<Value>, 'subscribe' | 'getSnapshot'>) {
  return {
    subscribe(run: (value: Value) => void) {
      const stop = subscribe(() => run(getSnapshot()))
      run(getSnapshot())
      return stop
    },
  }
}
