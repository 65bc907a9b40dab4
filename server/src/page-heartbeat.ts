/** What the heartbeat does to its connection. */
export interface HeartbeatPeer {
  sendPing(id: number): void
  /** Nothing was heard for two thirds of the session timeout. */
  pageSilent(): void
}

/**
 * Asks a page for signs of life. Pages cannot see protocol-level pings, and a frozen page still answers those,
 * so the question is a message: after a third of the timeout without any message it is put, after two thirds
 * the page counts as gone. One timer, re-armed lazily: a message costs no timer call.
 */
export class PageHeartbeat {
  readonly #peer: HeartbeatPeer
  #timeoutMs: number
  #heardAt = Date.now()
  #timer: NodeJS.Timeout | undefined
  #lastPing = 0
  #question: { ping: number; answered: () => void } | null = null

  constructor(peer: HeartbeatPeer, timeoutMs: number) {
    this.#peer = peer
    this.#timeoutMs = timeoutMs
    this.#arm(timeoutMs / 3)
  }

  get timeoutMs(): number {
    return this.#timeoutMs
  }

  /** The ensemble has given another timeout than the one asked for. */
  setTimeout(timeoutMs: number): void {
    if (timeoutMs === this.#timeoutMs) return
    this.#timeoutMs = timeoutMs
    clearTimeout(this.#timer)
    this.#check()
  }

  /** Any message of the page arrived. */
  heard(): void {
    this.#heardAt = Date.now()
  }

  /** An answer arrived; ids grow, so a later one answers for the earlier. */
  pong(id: number): void {
    const question = this.#question
    if (!question || id < question.ping || id > this.#lastPing) return
    this.#question = null
    question.answered()
  }

  /** Calls back when the page has answered a ping that is sent now; a newer question replaces an older one. */
  ask(answered: () => void): void {
    this.#question = { ping: this.#ping(), answered }
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#question = null
  }

  #ping(): number {
    this.#lastPing += 1
    this.#peer.sendPing(this.#lastPing)
    return this.#lastPing
  }

  #check(): void {
    const quietMs = Date.now() - this.#heardAt
    const third = this.#timeoutMs / 3
    if (quietMs >= 2 * third) {
      this.#peer.pageSilent()
    } else if (quietMs >= third) {
      this.#ping()
      this.#arm(2 * third - quietMs)
    } else {
      this.#arm(third - quietMs)
    }
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => this.#check(), Math.max(1, Math.ceil(ms)))
  }
}
