import type { ZoogateError } from '../session/errors.js'
import type { Events } from '../session/events.js'
import type { Limits } from '../session/pending.js'

export interface PresenceOptions {
  /** What several members have in common, such as the user who has three tabs open. */
  group?: string
}

/** Somebody in a room. The same object until it changes. */
export interface Member<T> {
  /** The name of the member's node; unique in the room. */
  readonly id: string
  /** What the member has in common with others; null without one. */
  readonly group: string | null
  /** What the member tells of itself; the text, where that is no JSON. */
  readonly data: T
  /** Whether this client's session is this member. */
  readonly mine: boolean
  /** Milliseconds since the epoch, by the ensemble's clock. */
  readonly joinedAt: number
}

/** Frozen, and the same object until something changes. */
export interface PresenceSnapshot<T> {
  /** In the order in which they came. */
  readonly members: ReadonlyArray<Member<T>>
  /** True while nobody can say whether `members` still holds: before the first answer, and in every gap. */
  readonly stale: boolean
  /** Why the room cannot be shown, or why this client could not join again; null as long as all is well. */
  readonly error: ZoogateError | null
}

export const UNSEEN_ROOM: PresenceSnapshot<never> = /* @__PURE__ */ Object.freeze({
  members: Object.freeze([]),
  stale: true,
  error: null,
})

export interface PresenceEvents<T> {
  joined: { member: Member<T> }
  changed: { member: Member<T>; previous: Member<T> }
  left: { member: Member<T> }
}

/** Who is in a room. */
export interface Presence<T> {
  /**
   * Enters the room, or updates the data of whoever is in it already; resolves when the snapshot shows it. A member
   * stays one over gaps in the connection, and is put back, with its id and newest data, when the session had to be
   * renewed or somebody else has deleted its node. Handles of one room and group on one page are one member.
   * Missing nodes on the way to the room are created, the room itself as a container, which goes when it is empty.
   *
   * Limits end the waiting, not the joining: `leave()` does that. Default `timeoutMs`: the client's requestTimeoutMs.
   * An error such as FORBIDDEN leaves things as they were before; it can still be looked.
   */
  join(data: T, limits?: Limits): Promise<Member<T>>
  /** Replaces this member's data; resolves when the snapshot shows it. */
  update(data: T, limits?: Limits): Promise<Member<T>>
  /** Leaves the room, but goes on looking; resolves when the snapshot shows it. */
  leave(limits?: Limits): Promise<void>
  getSnapshot(): PresenceSnapshot<T>
  /** What there is without a session: nobody yet. */
  getServerSnapshot(): PresenceSnapshot<T>
  /** With `getSnapshot`: a store, as `useSyncExternalStore` and its like take it. Returns the unsubscribe. */
  subscribe(listener: () => void): () => void
  /** Those who are there at the first look are in the snapshot, and told by no event. */
  on: Events<PresenceEvents<T>>['on']
  /** Stops looking, and leaves the room, unless another handle of it on this page is in it. The last snapshot stays. */
  close(): void
}

/** Opens a room. */
export type OpenPresence = <T>(path: string, options?: PresenceOptions) => Presence<T>
