/** The ensemble's time, which runs with the machine's and can be set forward. */
export class Clock {
  #skippedMs = 0

  /** Milliseconds that never go back. Session expiry counts in them. */
  now(): number {
    return performance.now() + this.#skippedMs
  }

  /** Milliseconds since the epoch. Nodes carry them. */
  wallTime(): number {
    return Date.now() + this.#skippedMs
  }

  skip(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`cannot skip ${ms} ms: the ensemble's clock only goes forward`)
    this.#skippedMs += ms
  }
}
