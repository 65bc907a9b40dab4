/** Somebody who is sent more than it reads. */
export interface Reader {
  /** What waits to be read by it. */
  readonly bufferedAmount: number
  /** Cuts it off, and frees what waits. */
  shed(): void
}

/** How much is left of the limit after somebody had to go: not the next byte shall be too much again. */
const SHARE_AFTERWARDS = 3 / 4

/**
 * Bounds what waits for all pages together. Each has a limit of its own; but thousands that read nothing would fill the
 * memory long before each has met it. Then those go for whom most waits.
 */
export class UnreadBytes {
  readonly #max: number
  readonly #readers: () => Iterable<Reader>
  /** What waited when it was looked at last, and all that was written since: never less than what waits. */
  #atMost = 0

  constructor(max: number, readers: () => Iterable<Reader>) {
    this.#max = max
    this.#readers = readers
  }

  /** So much more was written, read or not. Cheap: who reads what is looked at only where it could be too much. */
  written(bytes: number): void {
    this.#atMost += bytes
    if (this.#atMost > this.#max) this.#look()
  }

  #look(): void {
    const readers = [...this.#readers()]
    let left = readers.reduce((sum, { bufferedAmount }) => sum + bufferedAmount, 0)
    const going: Reader[] = []
    if (left > this.#max) {
      readers.sort((a, b) => b.bufferedAmount - a.bufferedAmount)
      for (const reader of readers) {
        if (left <= this.#max * SHARE_AFTERWARDS) break
        left -= reader.bufferedAmount
        going.push(reader)
      }
    }
    // Before they go, because the last word that each is told is written, too.
    this.#atMost = left
    for (const reader of going) reader.shed()
  }
}
