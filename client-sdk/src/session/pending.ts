import { LONGEST_TIMER_MS } from './timing.js'

/** How long to wait. */
export interface Limits {
  /** Aborting it ends the waiting with ABORTED. */
  signal?: AbortSignal | undefined
  /** Milliseconds until the waiting ends with TIMED_OUT. */
  timeoutMs?: number | undefined
}

export type LimitHit = (code: 'ABORTED' | 'TIMED_OUT', message: string) => void

/** A promise with limits. */
export interface Pending<T> {
  readonly promise: Promise<T>
  /** Settles the promise: with the error if one is given, else with the value. */
  settle(error: Error | null | undefined, value?: T | null): void
  /** To be called once the owner is ready for `onLimit`: a signal may be aborted already. */
  start(): void
}

/** `onLimit` is called when a limit is hit, and has to settle the promise. */
export function createPending<T>({ signal, timeoutMs = Infinity }: Limits, onLimit: LimitHit): Pending<T> {
  const timer = setTimeout(onLimit, Math.min(timeoutMs, LONGEST_TIMER_MS), 'TIMED_OUT', 'no reply in time')
  const signalOnAbort = () => onLimit('ABORTED', 'aborted')
  signal?.addEventListener('abort', signalOnAbort)
  let settle!: Pending<T>['settle']
  const promise = new Promise<T>((resolve, reject) => {
    settle = (error, value) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', signalOnAbort)
      if (error) reject(error)
      else resolve(value as T)
    }
  })
  return {
    promise,
    settle,
    start() {
      if (signal?.aborted) signalOnAbort()
    },
  }
}
