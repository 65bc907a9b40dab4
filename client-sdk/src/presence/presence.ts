import type { ZoogateError } from '../session/errors.js'
import type { Events } from '../session/events.js'
import type { Limits } from '../session/pending.js'
import type { ShowView } from '../views/view.js'

export interface PresenceOptions {
  /** A name that several members share, such as the user of three tabs. */
  group?: string
}

/** A member of a room. The same object until it changes. */
export interface Member<T> {
  /** The name of the member's node; unique in the room. */
  readonly id: string
  /** The name that the member shares with others; null without one. */
  readonly group: string | null
  /** The member's data; the text when it is not JSON. `T` is not checked. */
  readonly data: T
  /** Whether this client's session is this member. */
  readonly mine: boolean
  /** Milliseconds since the epoch, by the ensemble's clock. */
  readonly joinedAt: number
}

/** Frozen, and the same object until something changes. */
export interface PresenceSnapshot<T> {
  /** In the order of joining. */
  readonly members: ReadonlyArray<Member<T>>
  /** True while `members` may be out of date: before the first answer, and while connection or session is lost. */
  readonly stale: boolean
  /** Why the room cannot be shown, or why this client could not join again; else null. */
  readonly error: ZoogateError | null
}

/** The initial snapshot. */
export const EMPTY_ROOM: PresenceSnapshot<never> = /* @__PURE__ */ Object.freeze({
  members: Object.freeze([]),
  stale: true,
  error: null,
})

export interface PresenceEvents<T> {
  joined: { member: Member<T> }
  changed: { member: Member<T>; previous: Member<T> }
  left: { member: Member<T> }
}

/** The members of a room, and this client's membership. */
export interface Presence<T> {
  /**
   * Joins the room, or updates the data of a member that has joined; resolves when the snapshot shows it. The membership
   * lasts over gaps in the connection. It is restored, with its id and newest data, in a renewed session, and after
   * another client has deleted its node. Handles of one room and group on one page are one member.
   * Missing nodes on the way to the room are created as containers, and so is the room: it is deleted when it is empty.
   *
   * Limits end the waiting, not the joining: `leave()` ends that. Default `timeoutMs`: the client's requestTimeoutMs.
   * After an error such as FORBIDDEN the membership is as before, and the room is still shown.
   */
  join(data: T, limits?: Limits): Promise<Member<T>>
  /** Replaces this member's data; resolves when the snapshot shows it. */
  update(data: T, limits?: Limits): Promise<Member<T>>
  /** Leaves the room, and goes on showing it; resolves when the snapshot shows it. */
  leave(limits?: Limits): Promise<void>
  getSnapshot(): PresenceSnapshot<T>
  /** The initial snapshot: no members, stale. */
  getServerSnapshot(): PresenceSnapshot<T>
  /** With `getSnapshot`: a store for `useSyncExternalStore` and the like. Returns the unsubscribe. */
  subscribe(listener: () => void): () => void
  /** Members of the first snapshot have no `joined` event. */
  on: Events<PresenceEvents<T>>['on']
  /** Leaves the room, unless another handle of this page has joined it, and stops. The last snapshot stays. */
  close(): void
}

/** Opens a room. */
export type OpenPresence = <T>(path: string, options?: PresenceOptions) => Presence<T>

/** Operations whose results are kept up to date. */
export interface LiveOperations {
  /**
   * Opens a view of a part of the tree. It stays up to date over all connections and sessions until it is closed, and may
   * be opened before `connect()`. Its cost for the ensemble does not depend on the number of pages.
   */
  view: ShowView
  /**
   * Opens a room. `path` is the room's node, created by the first member and deleted some time after the last one. The
   * members are ephemeral nodes below it whose data is JSON.
   */
  presence: OpenPresence
}
