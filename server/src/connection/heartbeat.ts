/** What the heartbeat does to its connection. */
export interface HeartbeatPeer {
  sendPing(id: number): void
  /** Nothing was heard for two thirds of the session timeout. */
  pageSilent(): void
}

const SHORTEST_PRESUMED_MS = 500
const LONGEST_PRESUMED_MS = 30_000

/**
 * Until the ensemble has given a timeout, the one asked for stands in, within reason: below, a page has no time
 * to answer; above, a page that is gone would hold its place for hours while no server can be reached.
 */
export function presumedTimeoutMs(askedMs: number): number {
  return Math.min(Math.max(askedMs, SHORTEST_PRESUMED_MS), LONGEST_PRESUMED_MS)
}

/** A ping whose answer shows how old is what is being read. */
interface Proof {
  ping: number
  sentAt: number
  /** Reading was held back again since it was sent. */
  heldBackSince: boolean
}

/**
 * Asks a page for signs of life. Pages cannot see protocol-level pings, and a frozen page still answers those,
 * so the question is a message: after a third of the timeout without any message it is put, after two thirds
 * the page counts as gone. One timer, re-armed lazily: a message costs no timer call.
 *
 * Where reading was held back, what is read next may have been sent long ago: kernels keep megabytes, a minute of a page
 * that sent too fast and is gone. Then a message shows nothing, and an answer shows that the page was alive when its ping
 * was sent, until an answer has come with nothing held back since.
 */
export class PageHeartbeat {
  readonly #peer: HeartbeatPeer
  #timeoutMs: number
  /** By a clock that does not go back: by one that was set, healthy pages would be gone, or not asked for hours. */
  #heardAt = performance.now()
  #timer: NodeJS.Timeout | undefined
  #lastPing = 0
  #proof: Proof | null = null
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

  /** Any message of the page arrived. @returns whether it shows that the page is alive */
  heard(): boolean {
    if (this.#proof !== null) return false
    this.#heardAt = performance.now()
    return true
  }

  /** Reading is held back: what is read next may be old. */
  heldBack(): void {
    if (this.#proof === null) this.#demandProof()
    else this.#proof.heldBackSince = true
  }

  /**
   * An answer arrived; ids grow, so a later one answers for the earlier.
   * @returns whether it shows that the page is alive where other messages do not
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
    this.#proof = { ping: this.#ping(), sentAt: performance.now(), heldBackSince: false }
  }

  #prove(id: number): boolean {
    const proof = this.#proof
    if (proof === null || id < proof.ping) return false
    this.#heardAt = Math.max(this.#heardAt, proof.sentAt)
    if (proof.heldBackSince) this.#demandProof()
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
