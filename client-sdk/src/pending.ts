/** How long to wait for something. */
export interface Limits {
  /** Aborting it ends the waiting with ABORTED. */
  signal?: AbortSignal
  /** Milliseconds until the waiting ends with TIMED_OUT. */
  timeoutMs?: number
}

export type LimitHit = (code: 'ABORTED' | 'TIMED_OUT', message: string) => void

/** The longest delay that setTimeout takes; it runs longer ones at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * A promise that somebody waits for within limits. Its owner hears when one is hit, and rejects it. `start` comes
 * after the owner is ready to hear, since a signal may be aborted already.
 */
export class Pending<T> {
  readonly promise: Promise<T>
  readonly start: () => unknown
  resolve!: (value: T) => void
  reject!: (error: Error) => void

  constructor({ signal, timeoutMs = LONGEST_TIMER_MS }: Limits, onLimit: LimitHit) {
    const timer = setTimeout(onLimit, Math.min(timeoutMs, LONGEST_TIMER_MS), 'TIMED_OUT', 'no answer in time')
    const signalOnAbort = () => onLimit('ABORTED', 'its signal was aborted')
    const settler =
      <V>(settle: (value: V) => void) =>
      (value: V) => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', signalOnAbort)
        settle(value)
      }
    signal?.addEventListener('abort', signalOnAbort)
    this.start = () => signal?.aborted && signalOnAbort()
    this.promise = new Promise((resolve, reject) => {
      this.resolve = settler(resolve)
      this.reject = settler(reject)
    })
  }
}
