import type { LossCause } from '../zookeeper/index.js'

// Lost links are evidence about the session: another holder takes it back and forth, or no server has the zxid of its page.

/**
 * A server hangs up on a link whose session has been attached elsewhere, and does not say why. A server that stops hangs up as
 * well, but then it cannot be attached to again at once. After this many times in a row the session has another holder that
 * takes it back each time; of two such holders the older one gets here first.
 */
const TAKEN_AFTER = 3

/** Tells a session that is taken back and forth from one whose servers fail. */
export class TakeoverWatch {
  #hangUps = 0
  #suspicious = false

  /**
   * An attached link was lost.
   * @param heldMs how long it had been attached
   * @returns whether another connection holds the session now
   */
  lost(cause: LossCause, heldMs: number, timeoutMs: number): boolean {
    if (heldMs > timeoutMs) this.#hangUps = 0
    this.#suspicious = cause === 'closed_by_server'
    if (!this.#suspicious) this.#hangUps = 0
    else this.#hangUps += 1
    return this.#hangUps >= TAKEN_AFTER
  }

  /** The same server is worth asking again: whether it is well decides the meaning of its hanging up. */
  get suspicious(): boolean {
    return this.#suspicious
  }

  /** An attempt to attach failed: the servers are not well. */
  failed(): void {
    this.#suspicious = false
    this.#hangUps = 0
  }
}

/**
 * A leader that is cut off from its ensemble takes some seconds to notice, and a busy leader may be a moment behind its
 * followers. So one answer is never enough, nor are the answers of some servers while others can be reached.
 */
const MIN_ANSWERS = 2
/** Servers that do not answer are waited for during this many rounds. */
const ROUNDS = 2

/** Judges the zxid that a page claims to have seen, by the servers that have not seen it. */
export class ZxidVerdict {
  readonly #servers: number
  readonly #behind = new Set<string>()
  #answers = 0

  /** @param servers number of servers of the ensemble */
  constructor(servers: number) {
    this.#servers = servers
  }

  /**
   * One more server, as new as its leader, is behind the zxid of the page.
   * @returns `impossible`: no server has seen it; `unclear`: no server that can be reached has
   */
  behind(server: string): 'ask_on' | 'impossible' | 'unclear' {
    this.#behind.add(server)
    this.#answers += 1
    if (this.#answers < MIN_ANSWERS) return 'ask_on'
    if (this.#behind.size >= this.#servers) return 'impossible'
    return this.#answers >= ROUNDS * this.#servers ? 'unclear' : 'ask_on'
  }
}
