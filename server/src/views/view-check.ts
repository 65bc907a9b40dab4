import type { CheckPace } from './check-pace.js'

/** Nodes that are looked at together: few enough that news of the same view do not wait for them. */
export const CHECKED_AT_ONCE = 200
/** By how much of itself a pause may be shorter, so that views which began together do not go on together. */
const JITTER = 0.25

/**
 * Goes through the nodes that a view shows, again and again, a few at a time. A server tells of a node only to those who may
 * read it, and of a change of its access control list to nobody: without looking, a node that has been hidden would be shown
 * for ever, whatever became of it.
 */
export class ViewCheck {
  readonly #pace: CheckPace
  readonly #due: () => void
  readonly #random: () => number
  #timer: NodeJS.Timeout | undefined
  #isDue = false
  /** Nodes, the view's own included, that the pace knows of; null while there is no check. */
  #count: number | null = null
  /** Where the present round is; nodes that come meanwhile are part of it. Null between two rounds. */
  #round: Iterator<string> | null = null

  /**
   * @param pace how long a round takes
   * @param due called when `take` has something to give
   */
  constructor(pace: CheckPace, due: () => void, random: () => number = Math.random) {
    this.#pace = pace
    this.#due = due
    this.#random = random
  }

  get isDue(): boolean {
    return this.#isDue
  }

  /** Begins anew: everything has just been read, and there are so many nodes. */
  restart(count: number): void {
    this.stop()
    this.#wait(count)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#tellPace(null)
    this.#isDue = false
    this.#round = null
  }

  /**
   * The next nodes to look at, the view's own first; none where it is not time.
   * @param paths begins to go through all paths
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
    this.#tellPace(nodes)
    const share = Math.min(1, CHECKED_AT_ONCE / nodes)
    const ms = this.#pace.roundMs(nodes) * share * (1 - JITTER * this.#random())
    this.#timer = setTimeout(() => {
      this.#isDue = true
      this.#due()
    }, ms)
  }

  #tellPace(count: number | null): void {
    this.#pace.change(this.#count, count)
    this.#count = count
  }
}
