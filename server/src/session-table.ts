import type { HexLong } from 'zoogate-client/protocol'

/** What the table needs of a session. */
export interface HeldSession {
  /** Another connection of this process holds the session from now on. */
  replace(): void
  /** Closes the session now if its page has left. */
  endLinger(): void
}

/** The sessions that this process holds by id, so that a resume replaces the older connection directly. */
export class SessionTable {
  readonly #byId = new Map<HexLong, HeldSession>()

  get size(): number {
    return this.#byId.size
  }

  /** @param session holds `id` from now on; whoever held it before is told that it was taken over */
  take(id: HexLong, session: HeldSession): void {
    const older = this.#byId.get(id)
    this.#byId.set(id, session)
    if (older !== session) older?.replace()
  }

  /** Does nothing when somebody else holds `id` by now. */
  drop(id: HexLong, session: HeldSession): void {
    if (this.#byId.get(id) === session) this.#byId.delete(id)
  }

  /** A stopping gateway has no time to wait for pages that have left. */
  endLingers(): void {
    for (const session of [...this.#byId.values()]) session.endLinger()
  }
}
