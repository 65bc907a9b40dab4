// The two signs that one process is overloaded: its event loop runs late, and its pages read less than they are sent.

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

/** A page, for the sum of the bytes that wait to be read. */
export interface Reader {
  /** Bytes that wait to be read by this page. */
  readonly bufferedAmount: number
  /** Ends the connection, and frees the bytes. */
  shed(): void
}

/** The share of the limit that is left after an eviction, so that the next byte does not exceed the limit again. */
const SHARE_AFTERWARDS = 3 / 4

/**
 * Bounds the bytes that wait for all pages together. Each page has a limit of its own; but thousands that read nothing would
 * fill the memory long before each has met it. Then the pages with the largest backlog are evicted.
 */
export class UnreadBytes {
  readonly #max: number
  readonly #readers: () => Iterable<Reader>
  /** The backlog at the last sum, and all bytes written since: an upper bound of the backlog. */
  #atMost = 0

  constructor(max: number, readers: () => Iterable<Reader>) {
    this.#max = max
    this.#readers = readers
  }

  /** This many bytes more were written. Cheap: the backlog is summed up only when the upper bound exceeds the limit. */
  written(bytes: number): void {
    this.#atMost += bytes
    if (this.#atMost > this.#max) this.#sum()
  }

  #sum(): void {
    const readers = [...this.#readers()]
    let left = readers.reduce((sum, { bufferedAmount }) => sum + bufferedAmount, 0)
    const evicted: Reader[] = []
    if (left > this.#max) {
      readers.sort((a, b) => b.bufferedAmount - a.bufferedAmount)
      for (const reader of readers) {
        if (left <= this.#max * SHARE_AFTERWARDS) break
        left -= reader.bufferedAmount
        evicted.push(reader)
      }
    }
    // Before they are ended, because the verdict that each is sent counts as written, too.
    this.#atMost = left
    for (const reader of evicted) reader.shed()
  }
}
