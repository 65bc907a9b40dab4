/** How often the loop is looked at: ten times inside the second from which on lag matters, and nothing beside the work. */
const INTERVAL_MS = 100
/** The weight of the newest look. One long task, however long, is no overload; seconds of them are. */
const WEIGHT = 0.2
/** A machine that slept is not overloaded: one look counts for as much as would be over at once if it were alone. */
const MOST_MS = 4_000

/** By how much whatever is due comes late in this process: a smoothed value of the last second or two. */
export class EventLoopLag {
  readonly #now: () => number
  #timer: NodeJS.Timeout | undefined
  #lookedAt = 0
  #ms = 0

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Milliseconds; 0 before `start`. */
  get ms(): number {
    return this.#ms
  }

  /** Harmless when repeated. */
  start(): void {
    if (this.#timer !== undefined) return
    this.#lookedAt = this.#now()
    this.#timer = setInterval(() => this.#look(), INTERVAL_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const now = this.#now()
    const late = Math.min(MOST_MS, Math.max(0, now - this.#lookedAt - INTERVAL_MS))
    this.#lookedAt = now
    this.#ms += WEIGHT * (late - this.#ms)
  }
}
