/** The interval of the clock: ten times in the second from which on lag matters, at no cost beside the work. */
const INTERVAL_MS = 100
/** The weight of the newest measurement. One long task, however long, is no overload; seconds of them are. */
const WEIGHT = 0.2
/** A machine that slept is not overloaded: one measurement counts at most this much, which alone is over at once. */
const MOST_MS = 4_000

/** How late the event loop runs timers: a smoothed value of the last second or two. */
export class EventLoopLag {
  readonly #now: () => number
  #timer: NodeJS.Timeout | undefined
  #measuredAt = 0
  #ms = 0

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Milliseconds; 0 before `start`. */
  readonly ms = (): number => this.#ms

  /** Harmless when repeated. */
  start(): void {
    if (this.#timer !== undefined) return
    this.#measuredAt = this.#now()
    this.#timer = setInterval(() => this.#measure(), INTERVAL_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #measure(): void {
    const now = this.#now()
    const late = Math.min(MOST_MS, Math.max(0, now - this.#measuredAt - INTERVAL_MS))
    this.#measuredAt = now
    this.#ms += WEIGHT * (late - this.#ms)
  }
}
