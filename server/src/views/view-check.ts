/**
 * How long a view may take for one round over its nodes, so that all views together keep the limit of reads per second.
 * Where there are too many nodes, each view has an equal share of the reads, and only a view with more nodes than its share
 * takes longer: large views of one subject do not slow down the check of small ones.
 */
export class CheckPace {
  readonly #everyMs: number
  /** Nodes that may be read in that time. */
  readonly #most: number
  #views = 0
  #nodes = 0

  /** @param everyMs duration of a round, unless there are too many nodes */
  constructor(everyMs: number, readsPerSecond: number) {
    this.#everyMs = everyMs
    this.#most = (readsPerSecond * everyMs) / 1000
  }

  /** The node count of one view has changed; null before its first check and after its last. */
  change(before: number | null, after: number | null): void {
    this.#views += Number(after !== null) - Number(before !== null)
    this.#nodes += (after ?? 0) - (before ?? 0)
  }

  /** Milliseconds of a round over this number of nodes. */
  roundMs(nodes: number): number {
    if (this.#nodes <= this.#most) return this.#everyMs
    return this.#everyMs * Math.max(1, (nodes * this.#views) / this.#most)
  }
}

/** Nodes that are checked together: few enough that changes of the same view do not wait for them. */
export const CHECKED_AT_ONCE = 200
/** By how much of itself a pause may be shorter, so that the checks of views that began together spread out. */
const JITTER = 0.25

/**
 * Goes through the nodes of a view in rounds, a few nodes at a time. A server sends the events of a node only to sessions
 * that may read it, and none for a change of its access control list: without the check, a node that has been hidden would
 * be shown for ever, even after its deletion.
 */
export class ViewCheck {
  readonly #pace: CheckPace
  readonly #due: () => void
  readonly #random: () => number
  #timer: NodeJS.Timeout | undefined
  #isDue = false
  /** Nodes that the pace counts for this view, the view's own node included; null while there is no check. */
  #count: number | null = null
  /** Where the round is; nodes that are added meanwhile are part of it. Null between two rounds. */
  #round: Iterator<string> | null = null

  /**
   * @param pace how long a round takes
   * @param due called when `take` has nodes to give
   */
  constructor(pace: CheckPace, due: () => void, random: () => number = Math.random) {
    this.#pace = pace
    this.#due = due
    this.#random = random
  }

  get isDue(): boolean {
    return this.#isDue
  }

  /** Begins anew after everything has been read. @param count nodes of the view */
  restart(count: number): void {
    this.stop()
    this.#wait(count)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#setCount(null)
    this.#isDue = false
    this.#round = null
  }

  /**
   * The next nodes to check, the view's own node first; none where the check is not due.
   * @param paths begins an iteration over all paths
   */
  take(count: number, paths: () => Iterable<string>): string[] {
    if (!this.#isDue) return []
    this.#isDue = false
    const taken: string[] = []
    // A round that was at its end without knowing it gives nothing.
    while (taken.length === 0) {
      if (this.#round === null) taken.push('')
      this.#round ??= paths()[Symbol.iterator]()
      this.#fill(taken, this.#round)
    }
    this.#wait(count)
    return taken
  }

  #fill(taken: string[], round: Iterator<string>): void {
    while (taken.length < CHECKED_AT_ONCE) {
      const { done, value } = round.next()
      if (done) {
        this.#round = null
        return
      }
      taken.push(value)
    }
  }

  #wait(count: number): void {
    const nodes = count + 1
    this.#setCount(nodes)
    const share = Math.min(1, CHECKED_AT_ONCE / nodes)
    const ms = this.#pace.roundMs(nodes) * share * (1 - JITTER * this.#random())
    this.#timer = setTimeout(() => {
      this.#isDue = true
      this.#due()
    }, ms)
  }

  #setCount(count: number | null): void {
    this.#pace.change(this.#count, count)
    this.#count = count
  }
}
