import {
  type ComputedRef,
  computed,
  getCurrentInstance,
  type MaybeRefOrGetter,
  onMounted,
  type ShallowRef,
  shallowRef,
  toValue,
  watch,
} from 'vue'
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

// Each composable takes values, refs or getters, and null while there is no client yet. It is open while its component is
// mounted; outside of components, from the call until its effect scope is stopped.

type Given<T> = MaybeRefOrGetter<T>
/** A read-only ref with the newest snapshot. */
export type Shown<T> = Readonly<ShallowRef<T>>

/** The client's state and session. It does not connect: call `zk.connect()` where the client is made. */
export function useSessionState(zk: Given<SessionStore | null>): Shown<ClientSnapshot> {
  return useSnapshot(computed(() => sessionStoreOf(toValue(zk))))
}

/** A view of a part of the tree. */
export function useView(
  zk: Given<ViewClient | null>,
  path: Given<string>,
  options: Given<ViewOptions> = {},
): Shown<ViewSnapshot> {
  const at = computed(() => toValue(path))
  const depth = computed(() => toValue(options).depth ?? 'children')
  const data = computed(() => toValue(options).data ?? false)
  return useSnapshot(
    computed(() => createViewStore(toValue(zk), at.value, { depth: depth.value, data: data.value })),
  )
}

export interface UsePresenceOptions<T> extends PresenceOptions {
  /**
   * Joins the room with this data, JSON. Changed data updates it, undefined leaves. After `leave()` changed data joins
   * again. An error is in `error`, and the next session tries again.
   * @default undefined: shows the room without joining, until `join()`
   */
  data?: T | undefined
}

/** A ref for each part of the room's snapshot, and the actions in the room. */
export type UsedPresence<T> = RoomActions<T> & {
  [Part in keyof PresenceSnapshot<T>]: ComputedRef<PresenceSnapshot<T>[Part]>
}

/** The members of a room, and this client's membership. */
export function usePresence<T>(
  zk: Given<RoomClient | null>,
  path: Given<string>,
  options: Given<UsePresenceOptions<T>> = {},
): UsedPresence<T> {
  const at = computed(() => toValue(path))
  const group = computed(() => toValue(options).group)
  const json = computed(() => JSON.stringify(toValue(options).data) as string | undefined)
  const room = computed(() => createRoomStore<T>(toValue(zk), at.value, group.value))
  watch([room, json], ([room, json]) => room.attend(json), { immediate: true })
  const snapshot = useSnapshot(room)
  return {
    members: computed(() => snapshot.value.members),
    stale: computed(() => snapshot.value.stale),
    error: computed(() => snapshot.value.error),
    join: (data, limits) => room.value.join(data, limits),
    update: (data, limits) => room.value.update(data, limits),
    leave: (limits) => room.value.leave(limits),
  }
}

export interface UseLeaderOptions extends CandidateOptions {
  /**
   * Whether to take part in the election.
   * @default false: shows the leader only
   */
  campaign?: boolean
}

/** The leader, and this client's candidacy. Changed data make a new candidate. */
export function useLeader(
  zk: Given<RecipeClient | null>,
  path: Given<string>,
  options: Given<UseLeaderOptions> = {},
): Shown<ElectionSnapshot> {
  const at = computed(() => toValue(path))
  const data = computed(() => toValue(options).data ?? '')
  const layout = computed(() => toValue(options).layout ?? 'kazoo')
  const campaign = computed(() => toValue(options).campaign ?? false)
  const election = computed(() =>
    createLeaderStore(toValue(zk), at.value, { data: data.value, layout: layout.value }),
  )
  watch([election, campaign], ([election, campaign]) => election.stand(campaign), { immediate: true })
  return useSnapshot(election)
}

function useSnapshot<Snapshot>(store: ComputedRef<LazyStore<Snapshot>>): Shown<Snapshot> {
  const snapshot = shallowRef(store.value.getServerSnapshot())
  const follow = () =>
    watch(
      store,
      ({ subscribe, getSnapshot }, _, onCleanup) => {
        const take = () => {
          snapshot.value = getSnapshot()
        }
        onCleanup(subscribe(take))
        take()
      },
      { immediate: true },
    )
  // Not in setup: a server never unmounts, and a page starts with the snapshot that the server has rendered.
  if (getCurrentInstance()) onMounted(follow)
  else follow()
  return snapshot
}
