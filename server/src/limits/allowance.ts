/** How much is allowed: `perSecond` in the long run, and `burst` at once after a pause. */
export interface Rate {
  perSecond: number
  burst: number
}

/** What is left of a rate: two numbers, and no timer. Times are milliseconds of one clock that does not go back. */
export class Allowance {
  readonly #rate: Rate
  #left: number
  #at: number

  /** Begins with a full burst. */
  constructor(rate: Rate, now: number) {
    this.#rate = rate
    this.#left = rate.burst
    this.#at = now
  }

  /**
   * Takes one, if there is one.
   * @returns 0, or the milliseconds until there is one; then nothing was taken
   */
  take(now: number): number {
    const waitMs = this.msUntilOne(now)
    if (waitMs === 0) this.#left -= 1
    return waitMs
  }

  /** What `take` would return, without taking. */
  msUntilOne(now: number): number {
    this.#refill(now)
    return this.#msUntil(1)
  }

  /**
   * Takes so many, also where there are fewer: for what has been used already.
   * @returns the milliseconds until the debt is paid; 0 without one
   */
  spend(count: number, now: number): number {
    this.#refill(now)
    this.#left -= count
    return this.#msUntil(0)
  }

  #refill(now: number): void {
    const { perSecond, burst } = this.#rate
    this.#left = Math.min(burst, this.#left + ((now - this.#at) * perSecond) / 1000)
    this.#at = now
  }

  #msUntil(level: number): number {
    return Math.max(0, Math.ceil(((level - this.#left) * 1000) / this.#rate.perSecond))
  }
}
