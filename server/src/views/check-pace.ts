/**
 * How long views may take to look at all of their nodes once more, so that all of them together read no more than so many a
 * second. Where there are too many nodes, each view has an equal part, and only those with more nodes than that take longer:
 * somebody's large views do not slow down the check of small ones.
 */
export class CheckPace {
  readonly #everyMs: number
  /** Nodes that may be looked at in that time. */
  readonly #most: number
  #views = 0
  #nodes = 0

  /** @param everyMs in which a view has looked at all of its nodes, unless there are too many */
  constructor(everyMs: number, readsPerSecond: number) {
    this.#everyMs = everyMs
    this.#most = (readsPerSecond * everyMs) / 1000
  }

  /** A view has so many nodes now; null before the first time, and after the last. */
  change(before: number | null, after: number | null): void {
    this.#views += Number(after !== null) - Number(before !== null)
    this.#nodes += (after ?? 0) - (before ?? 0)
  }

  /** Milliseconds in which a view of so many nodes looks at all of them. */
  roundMs(nodes: number): number {
    if (this.#nodes <= this.#most) return this.#everyMs
    return this.#everyMs * Math.max(1, (nodes * this.#views) / this.#most)
  }
}
