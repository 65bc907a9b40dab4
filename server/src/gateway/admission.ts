import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ClientAddresses } from '../access/request.js'
import type { LimitName, Limits } from '../limits/limits.js'
import { type Rate, TokenBucket } from '../limits/rates.js'
import type { HttpRefusal } from './http-server.js'

/** Seats come free all the time; the pause only keeps clients that wait from asking in a loop. */
const RETRY_FULL_S = 5
const RETRY_CROWDED_S = 1

export interface AdmissionOptions {
  limits: Limits
  /** Addresses and networks of the proxies whose X-Forwarded-For is believed. */
  trustedProxies: readonly string[]
  limited(limit: LimitName): void
  now?: () => number
}

/** Admits clients before they are identified: counted by address, and limited at each step from the connection to the hello. */
export class Admission {
  readonly #options: AdmissionOptions
  readonly #addresses: ClientAddresses
  readonly #rate: ConnectRate
  /** TCP connections that have not asked for a WebSocket yet. */
  readonly #requests: WaitingRoom
  /** WebSockets without an accepted hello. */
  readonly #pages: WaitingRoom
  readonly #seatsOfRequests = new WeakMap<Duplex, Seat>()

  constructor(options: AdmissionOptions) {
    const { limits, limited, now } = options
    this.#options = options
    this.#addresses = new ClientAddresses(options.trustedProxies)
    const rate = { perSecond: limits.maxConnectsPerSecond, burst: limits.connectBurst }
    this.#rate = new ConnectRate(rate, limits.maxAddresses, now)
    const seats = { seats: limits.maxUnauthenticated, seatsPerAddress: limits.maxUnauthenticatedPerAddress }
    const crowded = (by: 'seats' | 'bytes') =>
      limited(by === 'seats' ? 'maxUnauthenticated' : 'maxUnauthenticatedBytes')
    // Without a limit in bytes: the gate bounds each request, and a request is short.
    this.#requests = new WaitingRoom({ ...seats, crowded })
    this.#pages = new WaitingRoom({ ...seats, bytes: limits.maxUnauthenticatedBytes, crowded })
  }

  /** WebSockets without an accepted hello. */
  get unauthenticated(): number {
    return this.#pages.size
  }

  /** Meets a connection to the gateway's own HTTP server. At this step a trusted proxy limits its clients itself. */
  connected(socket: Socket): void {
    const address = this.#addresses.ofPeer(socket.remoteAddress)
    if (address === null) return
    if (this.#requests.isFullFor(address)) {
      this.#options.limited('maxUnauthenticatedPerAddress')
      socket.destroy()
      return
    }
    const seat = this.#requests.enter(address, () => socket.destroy())
    this.#seatsOfRequests.set(socket, seat)
    socket.on('close', () => this.#requests.leave(seat))
  }

  /** The request of a connection is complete and asks for a WebSocket. @returns the address that it counts for */
  upgrading(request: IncomingMessage, socket: Duplex): string {
    const seat = this.#seatsOfRequests.get(socket)
    if (seat !== undefined) {
      this.#requests.leave(seat)
      return seat.address
    }
    // Of a trusted proxy, or of an HTTP server that is not the gateway's own.
    const forwarded = [request.headers['x-forwarded-for']].flat().join(',')
    return this.#addresses.of(request.socket.remoteAddress, forwarded)
  }

  /** @param connections WebSockets that are open @returns null for an upgrade that is admitted, and counted */
  refusal(address: string, connections: number): HttpRefusal | null {
    const { limits, limited } = this.#options
    if (connections >= limits.maxConnections) {
      limited('maxConnections')
      return { status: '503 Service Unavailable', retryAfterS: RETRY_FULL_S }
    }
    const waitMs = this.#rate.visit(address)
    if (waitMs > 0) {
      limited('maxConnectsPerSecond')
      return { status: '429 Too Many Requests', retryAfterS: Math.ceil(waitMs / 1000) }
    }
    if (!this.#pages.isFullFor(address)) return null
    limited('maxUnauthenticatedPerAddress')
    return { status: '429 Too Many Requests', retryAfterS: RETRY_CROWDED_S }
  }

  /**
   * A WebSocket is open on this socket, and takes a seat until its hello is accepted.
   * @param evict ends it, because its seat is needed
   * @returns gives the seat back, when the hello is accepted or the page is gone; harmless when repeated
   */
  opened(address: string, socket: Duplex, evict: () => void): () => void {
    const seat = this.#pages.enter(address, evict)
    const socketOnData = (chunk: Buffer) => this.#pages.received(seat, chunk.length)
    socket.on('data', socketOnData)
    return () => {
      socket.off('data', socketOnData)
      this.#pages.leave(seat)
    }
  }
}

/**
 * The rate limit of connections for each address. The table is bounded: the address that has not connected for longest is
 * dropped first. It begins anew with a full bucket, which it would mostly have by then.
 */
export class ConnectRate {
  readonly #rate: Rate
  readonly #maxAddresses: number
  readonly #now: () => number
  /** In the order of the last visit. */
  readonly #byAddress = new Map<string, TokenBucket>()

  constructor(rate: Rate, maxAddresses: number, now: () => number = () => performance.now()) {
    this.#rate = rate
    this.#maxAddresses = maxAddresses
    this.#now = now
  }

  /** @returns 0, or the milliseconds after which the address may connect */
  visit(address: string): number {
    const now = this.#now()
    const bucket = this.#byAddress.get(address) ?? new TokenBucket(this.#rate, now)
    this.#byAddress.delete(address)
    this.#byAddress.set(address, bucket)
    if (this.#byAddress.size > this.#maxAddresses) {
      const [longestAgo] = this.#byAddress.keys()
      this.#byAddress.delete(longestAgo as string)
    }
    return bucket.take(now)
  }
}

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
