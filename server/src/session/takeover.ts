import type { LossCause } from '../zookeeper/index.js'

/**
 * A server hangs up on a link whose session has been attached elsewhere, and does not say why. A server that
 * stops hangs up as well, but then it cannot be attached to again at once. So many times in a row, the session
 * has another holder that takes it back each time; of two such holders the one that had it first gets here first.
 */
const TAKEN_AFTER = 3

/** Tells a session that is being taken back and forth from one whose servers fail. */
export class TakeoverWatch {
  #hangUps = 0
  #suspicious = false

  /**
   * An attached link was lost.
   * @param heldMs how long it had been attached
   * @returns whether somebody else holds the session now
   */
  lost(cause: LossCause, heldMs: number, timeoutMs: number): boolean {
    if (heldMs > timeoutMs) this.#hangUps = 0
    this.#suspicious = cause === 'closed_by_server'
    if (!this.#suspicious) this.#hangUps = 0
    else this.#hangUps += 1
    return this.#hangUps >= TAKEN_AFTER
  }

  /** Worth asking the same server again: whether it is well decides what its hanging up meant. */
  get suspicious(): boolean {
    return this.#suspicious
  }

  /** An attempt to attach failed: the servers are not well. */
  failed(): void {
    this.#suspicious = false
    this.#hangUps = 0
  }
}
