/**
 * Notes when the last of all viewers has each change. A viewer that has a later one knows
 * the earlier ones too: some subjects skip outdated changes.
 */
export class Arrivals {
  readonly #newest: number[]
  readonly #told: number[] = []
  readonly #onComplete: (change: number) => void

  /** @param onComplete called when the last viewer has a change; changes count from 1. */
  constructor(viewers: number, onComplete: (change: number) => void) {
    this.#newest = Array.from({ length: viewers }, () => 0)
    this.#onComplete = onComplete
  }

  add(viewer: number, change: number): void {
    const known = this.#newest[viewer]
    if (known === undefined) throw new RangeError(`there is no viewer ${viewer}`)
    for (let one = known + 1; one <= change; one++) {
      const told = (this.#told[one] ?? 0) + 1
      this.#told[one] = told
      if (told === this.#newest.length) this.#onComplete(one)
    }
    if (change > known) this.#newest[viewer] = change
  }
}
