/** What the clock of a token does to its connection. */
export interface ExpiryPeer {
  /** The token expires soon. */
  askForToken(): void
  tokenExpired(): void
}

/** A page asks its server for a token and sends it: a few seconds, also on a bad network. */
const REFRESH_MARGIN_MS = 30_000
/** A token that was short-lived from the start is asked for when this share of its life is left. */
const REFRESH_SHARE = 1 / 3
/** Wall clocks are set, and timers count at most 2³¹ ms: the clock is looked at again this often. */
const LOOK_AFTER_MS = 60_000

/**
 * Asks for a fresh token before the present one expires, and ends the connection when it has. A timer of its own, so
 * that a page cannot stay by saying nothing; nothing is looked at for each message.
 */
export class TokenExpiry {
  readonly #peer: ExpiryPeer
  #timer: NodeJS.Timeout | undefined
  /** Milliseconds since the epoch; infinite for a token that does not expire. */
  #expiresAt = Number.POSITIVE_INFINITY
  /** When to ask for the next token; infinite when it has been asked for. */
  #askAt = Number.POSITIVE_INFINITY

  /** @param expiresAt milliseconds since the epoch, or null for never */
  constructor(peer: ExpiryPeer, expiresAt: number | null) {
    this.#peer = peer
    this.renew(expiresAt)
  }

  /** Another token counts from now on. */
  renew(expiresAt: number | null): void {
    clearTimeout(this.#timer)
    this.#expiresAt = expiresAt ?? Number.POSITIVE_INFINITY
    const lifeMs = this.#expiresAt - Date.now()
    this.#askAt = this.#expiresAt - Math.min(REFRESH_MARGIN_MS, Math.max(0, lifeMs) * REFRESH_SHARE)
    if (expiresAt !== null) this.#arm()
  }

  /** The answer could not be checked: asks once more. */
  askAgain(afterMs: number): void {
    clearTimeout(this.#timer)
    this.#askAt = Date.now() + afterMs
    this.#arm()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #look(): void {
    const now = Date.now()
    if (now >= this.#expiresAt) {
      this.#peer.tokenExpired()
      return
    }
    if (now >= this.#askAt) {
      this.#askAt = Number.POSITIVE_INFINITY
      this.#peer.askForToken()
    }
    this.#arm()
  }

  #arm(): void {
    const waitMs = Math.min(this.#askAt, this.#expiresAt) - Date.now()
    this.#timer = setTimeout(() => this.#look(), Math.max(1, Math.min(LOOK_AFTER_MS, waitMs)))
  }
}
