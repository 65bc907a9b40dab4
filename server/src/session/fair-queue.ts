/** Those who wait, each in the line of its holder. Holders take turns, so that a long line is a matter of those who stand in it. */
export class FairQueue<T> {
  readonly #lines = new Map<string, Set<T>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(holder: string, entry: T): void {
    const line = this.#lines.get(holder)
    if (line) line.add(entry)
    else this.#lines.set(holder, new Set([entry]))
    this.#size += 1
  }

  /** Harmless where it does not wait. */
  delete(holder: string, entry: T): void {
    const line = this.#lines.get(holder)
    if (!line?.delete(entry)) return
    this.#size -= 1
    if (line.size === 0) this.#lines.delete(holder)
  }

  /** Takes the first one of the holder whose turn it is, of those that may have one now; null where none may. */
  take(mayGo: (holder: string) => boolean): T | null {
    for (const [holder, line] of this.#lines) {
      if (!mayGo(holder)) continue
      const first = line.values().next().value as T
      this.delete(holder, first)
      if (this.#lines.delete(holder)) this.#lines.set(holder, line)
      return first
    }
    return null
  }
}
