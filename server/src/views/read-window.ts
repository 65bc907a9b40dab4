import { Queue } from './queue.js'

/** Reads that belong together. They are started in the order of asking, and take turns with those of other lanes. */
export interface ReadLane {
  /** @param read is started once, now or later; whoever it was for calls `leave` of the window when it is over */
  enter(read: () => void): void
  /** What waits is never started. */
  end(): void
}

type Waiting = Queue<() => void>

/**
 * Lets a bounded number of reads be under way. The others wait, and lanes take turns, so that one that asks for ten thousand
 * nodes holds up nobody who asks for one. What waits is bounded by the nodes of the views that read.
 */
export class ReadWindow {
  readonly #size: number
  /** Goes before every lane. */
  readonly #ahead: Waiting = new Queue()
  /** Lanes in which something waits, or waited when they ended. */
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

  /** For what has to reach the server before any read that is asked for from now on. */
  enterAhead(read: () => void): void {
    this.#ahead.push(read)
    this.#start()
  }

  leave(): void {
    this.#underWay -= 1
    this.#start()
  }

  /** Not recursive, since a read over a lost link is over before it has begun. */
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
