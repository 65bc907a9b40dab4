/** Reads that belong together. They start in their order, and take turns with the reads of other lanes. */
export interface ReadLane {
  /** @param read is started once, now or later; `leave` of the window follows when it is answered */
  enter(read: () => void): void
  /** Reads that wait are never started. */
  end(): void
}

type Waiting = Queue<() => void>

/**
 * Bounds the reads that are under way. The others wait in lanes, and the lanes take turns: a view that reads ten thousand
 * nodes does not delay a view that reads one. The nodes of the views that read bound the queue.
 */
export class ReadWindow {
  readonly #size: number
  /** Goes before every lane. */
  readonly #ahead: Waiting = new Queue()
  /** Lanes with waiting reads; a lane that has ended is still in it once. */
  readonly #turns = new Queue<Waiting>()
  #underWay = 0
  #starting = false

  constructor(size: number) {
    this.#size = size
  }

  lane(): ReadLane {
    const waiting: Waiting = new Queue()
    return {
      enter: (read) => {
        waiting.push(read)
        if (waiting.size === 1) this.#turns.push(waiting)
        this.#start()
      },
      end: () => waiting.clear(),
    }
  }

  /** For requests that have to reach the server before any read that enters later. */
  enterAhead(read: () => void): void {
    this.#ahead.push(read)
    this.#start()
  }

  leave(): void {
    this.#underWay -= 1
    this.#start()
  }

  /** Not recursive, since a read over a lost link ends before `read` returns. */
  #start(): void {
    if (this.#starting) return
    this.#starting = true
    while (this.#underWay < this.#size) {
      const read = this.#ahead.take() ?? this.#nextOfLanes()
      if (read === undefined) break
      this.#underWay += 1
      read()
    }
    this.#starting = false
  }

  #nextOfLanes(): (() => void) | undefined {
    for (;;) {
      const lane = this.#turns.take()
      if (lane === undefined) return undefined
      const read = lane.take()
      if (lane.size > 0) this.#turns.push(lane)
      // A lane that has ended is passed over.
      if (read !== undefined) return read
    }
  }
}

/** First in, first out. Taking costs the same where thousands wait, which `shift` of an array does not. */
class Queue<T> {
  readonly #items: T[] = []
  /** Index of the first item that has not been taken. */
  #next = 0

  get size(): number {
    return this.#items.length - this.#next
  }

  push(item: T): void {
    this.#items.push(item)
  }

  take(): T | undefined {
    if (this.size === 0) return undefined
    const item = this.#items[this.#next]
    this.#next += 1
    // Only when at least half of it has been taken, so that each item is moved once on average.
    if (this.#next * 2 >= this.#items.length) {
      this.#items.splice(0, this.#next)
      this.#next = 0
    }
    return item
  }

  clear(): void {
    this.#items.length = 0
    this.#next = 0
  }
}
