/**
 * A point in time that moves often and passes seldom. Moving it later costs an assignment: the timer behind it is armed
 * again only when it fires too early.
 */
export class Deadline {
  readonly #onPassed: () => void
  #at = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | null = null
  #firesAt = 0

  constructor(onPassed: () => void) {
    this.#onPassed = onPassed
  }

  /** Sets the deadline, or moves it, to `ms` milliseconds from now. */
  set(ms: number): void {
    const now = performance.now()
    this.#at = now + ms
    if (this.#timer === null || this.#firesAt > this.#at) this.#arm(now)
  }

  /** No deadline until the next `set`. A timer that is still armed fires into nothing. */
  clear(): void {
    this.#at = Number.POSITIVE_INFINITY
  }

  /** As `clear`, and disarms the timer, which would keep the process alive. */
  stop(): void {
    this.clear()
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #arm(now: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#firesAt = this.#at
    this.#timer = setTimeout(() => this.#fired(), Math.ceil(this.#at - now))
  }

  #fired(): void {
    this.#timer = null
    if (this.#at === Number.POSITIVE_INFINITY) return
    const now = performance.now()
    if (now < this.#at) this.#arm(now)
    // This process itself may have paused (a suspended machine, say). Timers run before sockets are read: let the sockets
    // be read first, then judge.
    else setImmediate(() => this.#judge())
  }

  #judge(): void {
    const now = performance.now()
    if (this.#at === Number.POSITIVE_INFINITY || this.#timer !== null) return
    if (now < this.#at) {
      this.#arm(now)
      return
    }
    this.clear()
    this.#onPassed()
  }
}
