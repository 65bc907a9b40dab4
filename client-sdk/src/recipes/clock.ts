/** A time that was, on both of a page's clocks. */
export interface Moment {
  readonly wallMs: number
  readonly monotonicMs: number
}

/** What a lease measures its time with. */
export interface Clock {
  now(): Moment
  /** Milliseconds that have passed since then; rather too many than too few. */
  since(moment: Moment): number
  /** Calls back once, no earlier than in so many milliseconds; returns what prevents it. */
  after(ms: number, call: () => void): () => void
}

/**
 * The page's clocks. `performance.now()` stands still while some machines sleep, and `Date.now()` can be set back, so
 * that each alone could stretch a lease; the one that has moved further cannot.
 */
export const pageClock: Clock = {
  now: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
  since: ({ wallMs, monotonicMs }) => Math.max(Date.now() - wallMs, performance.now() - monotonicMs),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
}
