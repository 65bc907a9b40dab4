/** First in, first out. Taking is as cheap where thousands wait, which it is not from the beginning of an array. */
export class Queue<T> {
  readonly #items: T[] = []
  /** Index of the first that has not been taken. */
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
    // Half of it at least, so that each is moved once on average.
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
