import type { Deadline } from './deadline.js'

/** How long a server that owes an answer may say nothing at all, in milliseconds. */
export function silenceMs(sessionTimeoutMs: number): number {
  return Math.floor((sessionTimeoutMs * 2) / 3)
}

/** Moves the deadline of an attached link along with what the server says. */
export class Silence {
  readonly #deadline: Deadline
  /** When the server last sent anything, on a clock that nobody sets. */
  #heardAt = 0

  constructor(deadline: Deadline) {
    this.#deadline = deadline
  }

  /**
   * The first thing is sent that wants an answer. The clock counts from the last sign of life, as the ensemble's does with
   * ours: a page that is quiet has us ask only every third of the timeout, and counted from there the session would be over
   * when the silence is. The answer gets a third in any case.
   */
  onAsked(sessionTimeoutMs: number): void {
    const leftMs = this.#heardAt + silenceMs(sessionTimeoutMs) - performance.now()
    this.#deadline.set(Math.max(leftMs, Math.floor(sessionTimeoutMs / 3)))
  }

  onHeard(): void {
    this.#heardAt = performance.now()
  }

  /** Something was heard while attached. */
  onAnswered(answerDue: boolean, sessionTimeoutMs: number): void {
    if (answerDue) this.#deadline.set(silenceMs(sessionTimeoutMs))
    else this.#deadline.clear()
  }
}
