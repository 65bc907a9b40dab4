/** The first wait is at most this: a single lost link comes back before anybody notices. */
const BASE_MS = 100
/** No wait is longer: below the usual session timeouts, so that waiting alone never costs a session. */
const CAP_MS = 5_000

export interface Backoff {
  /** Milliseconds to wait before the attempt that comes now. */
  waitMs(): number
  /** The last attempt was a success that lasted. */
  reset(): void
}

/**
 * How long to wait before the next attempt: not at all before the first, then exponentially longer, with full
 * jitter so that pages do not come in step.
 */
export function createBackoff(random: () => number = Math.random): Backoff {
  let attempt = 0
  return {
    waitMs: () => random() * Math.min(CAP_MS, BASE_MS * (2 ** attempt++ - 1)),
    reset: () => {
      attempt = 1
    },
  }
}
