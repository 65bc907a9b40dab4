/**
 * Lets a bounded number of reads be under way, the others in the order of asking. A queue: what waits is bounded by the
 * nodes of the views that read.
 */
export class ReadWindow {
  readonly #size: number
  readonly #waiting: (() => void)[] = []
  /** Index of the first in `waiting` that has not been started. */
  #next = 0
  #underWay = 0
  #starting = false

  constructor(size: number) {
    this.#size = size
  }

  /** @param read is started once, now or later; whoever it was for calls `leave` when it is over */
  enter(read: () => void): void {
    this.#waiting.push(read)
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
    while (this.#underWay < this.#size && this.#next < this.#waiting.length) {
      const read = this.#waiting[this.#next] as () => void
      this.#next += 1
      this.#underWay += 1
      read()
    }
    // Half of it at least, so that each is moved once on average.
    if (this.#next * 2 >= this.#waiting.length) {
      this.#waiting.splice(0, this.#next)
      this.#next = 0
    }
    this.#starting = false
  }
}
