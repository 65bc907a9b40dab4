/** Room is made for more than what was missing, so that at the bound it is not made again for every node that comes. */
const FILLED_TO = 0.9

/** What all views of a gateway hold together, and the end of some where that is too much. */
export class ViewMemory {
  readonly #most: number
  readonly #giveUp: (isEnough: () => boolean) => void
  #bytes = 0
  #timer: NodeJS.Immediate | null = null

  /** @param giveUp ends one view after the other until it is enough */
  constructor(most: number, giveUp: (isEnough: () => boolean) => void) {
    this.#most = most
    this.#giveUp = giveUp
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @param bytes less than 0 for what is held no longer */
  hold(bytes: number): void {
    this.#bytes += bytes
    // Later, because the view that has just grown may be the one to end, and is in the midst of it.
    if (this.#bytes > this.#most) this.#timer ??= setImmediate(() => this.#makeRoom())
  }

  #makeRoom(): void {
    this.#timer = null
    if (this.#bytes > this.#most) this.#giveUp(() => this.#bytes <= this.#most * FILLED_TO)
  }
}
