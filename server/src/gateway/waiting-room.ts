export interface WaitingRoomOptions {
  seats: number
  seatsPerAddress: number
  /** Bytes that the clients in all seats may have sent. @default no limit: nothing that they send is kept */
  bytes?: number
  /** A client is evicted for this reason. */
  crowded(by: 'seats' | 'bytes'): void
}

/** The seat of one client, from `enter` until `leave`. */
export interface Seat {
  readonly address: string
  /** Sent by the client so far, with the overhead of each piece. */
  bytes: number
  readonly evict: () => void
}

/** Memory that a piece of a message takes besides its bytes, however small it is. */
const PIECE_BYTES = 512

/**
 * Clients that have connected and have not identified themselves yet: a quota for all, and one for each address. When all
 * seats are taken, the client that has waited longest is evicted: an honest client needs its seat for one round trip, so it
 * is rarely that one, and a client that sits and says nothing always is. When the clients have sent too many bytes, the one
 * that has sent most is evicted.
 */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions
  /** In the order of entering. */
  readonly #seats = new Set<Seat>()
  readonly #perAddress = new Map<string, number>()
  #bytes = 0

  constructor(options: WaitingRoomOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#seats.size
  }

  /** Whether the address has used up its quota. */
  isFullFor(address: string): boolean {
    return (this.#perAddress.get(address) ?? 0) >= this.#options.seatsPerAddress
  }

  /** @param evict ends the client, which has left already when this is called */
  enter(address: string, evict: () => void): Seat {
    const seat: Seat = { address, bytes: 0, evict }
    const [oldest] = this.#seats
    if (oldest !== undefined && this.#seats.size >= this.#options.seats) this.#evict(oldest, 'seats')
    this.#seats.add(seat)
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1)
    return seat
  }

  /** The client has sent this many bytes more. */
  received(seat: Seat, bytes: number): void {
    if (!this.#seats.has(seat)) return
    seat.bytes += bytes + PIECE_BYTES
    this.#bytes += bytes + PIECE_BYTES
    const { bytes: most = Number.POSITIVE_INFINITY } = this.#options
    if (this.#bytes > most) this.#evict(largest(this.#seats), 'bytes')
  }

  /** Harmless when repeated. */
  leave(seat: Seat): void {
    if (!this.#seats.delete(seat)) return
    this.#bytes -= seat.bytes
    const left = (this.#perAddress.get(seat.address) as number) - 1
    if (left === 0) this.#perAddress.delete(seat.address)
    else this.#perAddress.set(seat.address, left)
  }

  #evict(seat: Seat, by: 'seats' | 'bytes'): void {
    this.leave(seat)
    this.#options.crowded(by)
    seat.evict()
  }
}

/** A scan: it runs once for each eviction, over a few thousand seats at most, and costs less than the eviction. */
function largest(seats: Iterable<Seat>): Seat {
  let found: Seat | undefined
  for (const seat of seats) if (found === undefined || seat.bytes > found.bytes) found = seat
  return found as Seat
}
