import { createViewStore, type LazyStore, type SessionStore, type ViewClient } from './bindings/lazy-store.js'
import { type CandidateOptions, createLeaderStore } from './bindings/leader-store.js'
import { createRoomStore, type RoomActions, type RoomClient } from './bindings/room-store.js'
import type { PresenceOptions, PresenceSnapshot } from './presence/presence.js'
import type { ElectionSnapshot } from './recipes/election.js'
import type { RecipeClient } from './recipes/repeated-calls.js'
import type { ClientSnapshot } from './session/store.js'
import type { ViewOptions, ViewSnapshot } from './views/view.js'

/**
 * A store as Svelte's `$` takes it: tells the value at once, then each new one. What it shows is opened for the first
 * who subscribes, and closed soon after the last has gone.
 */
export interface Readable<Value> {
  subscribe(run: (value: Value) => void): () => void
}

/** What the client is now: its state and its session. It connects nothing: call `zk.connect()` where it is made. */
export function sessionState(zk: SessionStore): Readable<ClientSnapshot> {
  return readable(zk)
}

/** A part of the tree, kept up to date while somebody subscribes. */
export function view(zk: ViewClient, path: string, options?: ViewOptions): Readable<ViewSnapshot> {
  return readable(createViewStore(zk, path, options))
}

export interface PresenceStoreOptions<T> extends PresenceOptions {
  /**
   * To be in the room with this data, JSON, while somebody subscribes. Why that cannot be is in `error`; it is tried
   * again in the next session.
   * @default undefined, which only looks, until `join()`
   */
  data?: T
}

/** Who is in a room, and being in it, while somebody subscribes. */
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
   * @default false, which only looks who leads
   */
  campaign?: boolean
}

/** Who leads, and standing for election, while somebody subscribes. */
export interface ElectionStore extends Readable<ElectionSnapshot> {
  campaign(): void
  /** Takes part no more; goes on looking. */
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
