/**
 * A leader that has been cut off from its ensemble takes some seconds to notice, and a leader that is busy may be a moment
 * behind its followers. So one answer is never enough, nor are those of some servers, while others can be reached.
 */
const MIN_ANSWERS = 2
/** So many rounds are worth waiting for servers that do not answer. */
const ROUNDS = 2

/** Judges a page's word for what it has seen, by the servers that have not seen it. */
export class ZxidVerdict {
  readonly #servers: number
  readonly #behind = new Set<string>()
  #answers = 0

  /** @param servers how many the ensemble has */
  constructor(servers: number) {
    this.#servers = servers
  }

  /**
   * One more server, as new as its leader, is behind what the page says to have seen.
   * @returns `impossible`: no server has seen it; `unclear`: none that can be reached has
   */
  behind(server: string): 'ask_on' | 'impossible' | 'unclear' {
    this.#behind.add(server)
    this.#answers += 1
    if (this.#answers < MIN_ANSWERS) return 'ask_on'
    if (this.#behind.size >= this.#servers) return 'impossible'
    return this.#answers >= ROUNDS * this.#servers ? 'unclear' : 'ask_on'
  }
}
