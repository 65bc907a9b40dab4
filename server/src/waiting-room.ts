interface Guest {
  address: string
  evict: () => void
}

/**
 * Those who have come and not yet said who they are: so many in all, so many from one address. When all places are taken,
 * who has waited longest makes room: somebody honest needs a place for one round trip, so is never that one for long, while
 * whoever sits and says nothing always is.
 */
export class WaitingRoom {
  readonly #places: number
  readonly #placesPerAddress: number
  readonly #crowded: () => void
  readonly #guests = new Set<Guest>()
  readonly #perAddress = new Map<string, number>()

  /** @param crowded is told each time that somebody has to make room */
  constructor(places: number, placesPerAddress: number, crowded: () => void) {
    this.#places = places
    this.#placesPerAddress = placesPerAddress
    this.#crowded = crowded
  }

  get size(): number {
    return this.#guests.size
  }

  /** Whether the address has all the places that it may have. */
  isFullFor(address: string): boolean {
    return (this.#perAddress.get(address) ?? 0) >= this.#placesPerAddress
  }

  /**
   * @param evict ends the guest, who has left already when it is called
   * @returns gives the place back; harmless when repeated
   */
  enter(address: string, evict: () => void): () => void {
    const guest = { address, evict }
    const [oldest] = this.#guests
    if (oldest !== undefined && this.#guests.size >= this.#places) {
      this.#leave(oldest)
      this.#crowded()
      oldest.evict()
    }
    this.#guests.add(guest)
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1)
    return () => this.#leave(guest)
  }

  #leave(guest: Guest): void {
    if (!this.#guests.delete(guest)) return
    const left = (this.#perAddress.get(guest.address) as number) - 1
    if (left === 0) this.#perAddress.delete(guest.address)
    else this.#perAddress.set(guest.address, left)
  }
}
