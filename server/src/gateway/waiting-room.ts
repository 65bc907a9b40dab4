/** A guest's place. */
export interface Place {
  /** Gives it back; harmless when repeated. */
  leave(): void
  /** So many bytes more have come from the guest, and are kept until it has said who it is. */
  heard(bytes: number): void
}

export interface WaitingRoomOptions {
  places: number
  placesPerAddress: number
  /** Bytes that are kept of all guests. @default no limit: whoever enters keeps nothing here */
  bytes?: number
  /** Somebody has to make room, because of this. */
  crowded(by: 'places' | 'bytes'): void
}

interface Guest {
  address: string
  bytes: number
  evict: () => void
}

/** What a piece of a message costs besides its bytes, however small it is. */
const PIECE_BYTES = 512

/**
 * Those who have come and not yet said who they are: so many in all, so many from one address. When all places are taken,
 * who has waited longest makes room: somebody honest needs a place for one round trip, so is never that one for long, while
 * whoever sits and says nothing always is. When too much is kept, who has sent most does.
 */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions
  readonly #guests = new Set<Guest>()
  readonly #perAddress = new Map<string, number>()
  #bytes = 0

  constructor(options: WaitingRoomOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#guests.size
  }

  /** Whether the address has all the places that it may have. */
  isFullFor(address: string): boolean {
    return (this.#perAddress.get(address) ?? 0) >= this.#options.placesPerAddress
  }

  /** @param evict ends the guest, who has left already when it is called */
  enter(address: string, evict: () => void): Place {
    const guest: Guest = { address, bytes: 0, evict }
    const [oldest] = this.#guests
    if (oldest !== undefined && this.#guests.size >= this.#options.places) this.#makeGo(oldest, 'places')
    this.#guests.add(guest)
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1)
    return { leave: () => this.#leave(guest), heard: (bytes) => this.#keep(guest, bytes) }
  }

  #keep(guest: Guest, bytes: number): void {
    if (!this.#guests.has(guest)) return
    guest.bytes += bytes + PIECE_BYTES
    this.#bytes += bytes + PIECE_BYTES
    const { bytes: most = Number.POSITIVE_INFINITY } = this.#options
    if (this.#bytes > most) this.#makeGo(greediest(this.#guests), 'bytes')
  }

  #makeGo(guest: Guest, by: 'places' | 'bytes'): void {
    this.#leave(guest)
    this.#options.crowded(by)
    guest.evict()
  }

  #leave(guest: Guest): void {
    if (!this.#guests.delete(guest)) return
    this.#bytes -= guest.bytes
    const left = (this.#perAddress.get(guest.address) as number) - 1
    if (left === 0) this.#perAddress.delete(guest.address)
    else this.#perAddress.set(guest.address, left)
  }
}

/** Looked for only when there is too much; the thousands of guests that there are at most cost less than what goes with it. */
function greediest(guests: Iterable<Guest>): Guest {
  let found: Guest | undefined
  for (const guest of guests) if (found === undefined || guest.bytes > found.bytes) found = guest
  return found as Guest
}
