/** The connection as its heartbeat needs it. */
export interface HeartbeatPeer {
  sendPing(id: number): void
  /** Nothing was heard for two thirds of the session timeout. */
  pageSilent(): void
}

/** With less time a page could not answer. */
const SHORTEST_PRESUMED_MS = 500
/** With more a page that is gone would keep its connection for hours while no server can be reached. */
const LONGEST_PRESUMED_MS = 30_000

/** A ping whose pong proves the age of the messages that are read. */
interface Proof {
  ping: number
  sentAt: number
  /** Reading was paused again since the ping was sent: a ping may outlast several pauses. */
  pausedSince: boolean
}

/**
 * Asks a page for signs of life. Pages cannot see protocol-level pings, and a frozen page still answers them, so that the gateway
 * asks with a message: after a third of the timeout without any message it sends a ping, after two thirds the page counts
 * as gone. One timer, armed again only when it fires: a message costs no timer call.
 *
 * Where reading was paused, the next message may have been sent long ago: kernels keep megabytes, a minute of a page that sent
 * too fast and is gone. Then a message proves nothing, and a pong proves that the page was alive when its ping was
 * sent, until a pong has come without a pause since its ping.
 */
export class PageHeartbeat {
  readonly #peer: HeartbeatPeer
  #timeoutMs: number
  /** By a clock that does not go back: by one that is set, healthy pages would be gone, or stay unasked for hours. */
  #heardAt = performance.now()
  #timer: NodeJS.Timeout | undefined
  #lastPing = 0
  #proof: Proof | null = null
  #question: { ping: number; answered: () => void } | null = null

  /** @param askedMs the timeout that the page asks for; it counts, within bounds, until the ensemble has given one */
  constructor(peer: HeartbeatPeer, askedMs: number) {
    this.#peer = peer
    this.#timeoutMs = Math.min(Math.max(askedMs, SHORTEST_PRESUMED_MS), LONGEST_PRESUMED_MS)
    this.#arm(this.#timeoutMs / 3)
  }

  get timeoutMs(): number {
    return this.#timeoutMs
  }

  /** The ensemble has given another timeout than the page asked for. */
  setTimeout(timeoutMs: number): void {
    if (timeoutMs === this.#timeoutMs) return
    this.#timeoutMs = timeoutMs
    clearTimeout(this.#timer)
    this.#check()
  }

  /** Any message of the page arrived. @returns whether it proves that the page is alive */
  heard(): boolean {
    if (this.#proof !== null) return false
    this.#heardAt = performance.now()
    return true
  }

  /** Reading is paused: the next message may be old. */
  readingPaused(): void {
    if (this.#proof === null) this.#demandProof()
    else this.#proof.pausedSince = true
  }

  /**
   * A pong arrived. Ids grow, so that a later pong answers the earlier pings.
   * @returns whether it proves that the page is alive while other messages do not
   */
  pong(id: number): boolean {
    if (id > this.#lastPing) return false
    const question = this.#question
    if (question !== null && id >= question.ping) {
      this.#question = null
      question.answered()
    }
    return this.#prove(id)
  }

  /** Calls back when the page has answered a ping that is sent now; a newer question replaces an older one. */
  ask(answered: () => void): void {
    this.#question = { ping: this.#ping(), answered }
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#question = null
    this.#proof = null
  }

  #demandProof(): void {
    this.#proof = { ping: this.#ping(), sentAt: performance.now(), pausedSince: false }
  }

  #prove(id: number): boolean {
    const proof = this.#proof
    if (proof === null || id < proof.ping) return false
    this.#heardAt = Math.max(this.#heardAt, proof.sentAt)
    if (proof.pausedSince) this.#demandProof()
    else this.#proof = null
    return true
  }

  #ping(): number {
    this.#lastPing += 1
    this.#peer.sendPing(this.#lastPing)
    return this.#lastPing
  }

  #check(): void {
    const quietMs = performance.now() - this.#heardAt
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
