import type { HexLong } from 'zoogate-client/protocol'

/** Whose token the page of a session had when it left. */
export interface LastHolder {
  subject: string
  /** Of its token; null where it does not say. */
  issuedAt: number | null
}

/** What the table needs of a session. */
export interface HeldSession {
  /** Null unless its page has left. */
  readonly leftBy: LastHolder | null
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

  /** Closes sessions that wait for pages which have left: all of them, or those of these holders. */
  endLingers(whose: (holder: LastHolder) => boolean = () => true): void {
    for (const session of [...this.#byId.values()]) {
      if (session.leftBy !== null && whose(session.leftBy)) session.endLinger()
    }
  }
}
