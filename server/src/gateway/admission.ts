import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ClientAddresses } from '../access/client-address.js'
import type { LimitName, Limits } from '../limits/limits.js'
import { ConnectRate } from './connect-rate.js'
import type { HttpRefusal } from './http-refusal.js'
import { type Place, WaitingRoom } from './waiting-room.js'

/** Places come free all the time; this only keeps those who wait from asking in a loop. */
const RETRY_FULL_S = 5
const RETRY_CROWDED_S = 1

export interface AdmissionOptions {
  limits: Limits
  /** Addresses and networks of the proxies whose X-Forwarded-For is believed. */
  trustedProxies: readonly string[]
  limited(limit: LimitName): void
  now?: () => number
}

/** Who may come in before anybody knows who they are: counted by address, and bounded at each step of the way. */
export class Admission {
  readonly #options: AdmissionOptions
  readonly #addresses: ClientAddresses
  readonly #rate: ConnectRate
  /** TCP connections that have not asked for a WebSocket yet. */
  readonly #requests: WaitingRoom
  /** WebSockets without an accepted hello. */
  readonly #pages: WaitingRoom
  readonly #leaveRequests = new WeakMap<Duplex, () => void>()

  constructor(options: AdmissionOptions) {
    const { limits, limited, now } = options
    this.#options = options
    this.#addresses = new ClientAddresses(options.trustedProxies)
    const rate = { perSecond: limits.maxConnectsPerSecond, burst: limits.connectBurst }
    this.#rate = new ConnectRate(rate, limits.maxAddresses, now)
    const places = {
      places: limits.maxUnauthenticated,
      placesPerAddress: limits.maxUnauthenticatedPerAddress,
    }
    const crowded = (by: 'places' | 'bytes') =>
      limited(by === 'places' ? 'maxUnauthenticated' : 'maxUnauthenticatedBytes')
    // A request is bounded by itself, and short.
    this.#requests = new WaitingRoom({ ...places, crowded })
    this.#pages = new WaitingRoom({ ...places, bytes: limits.maxUnauthenticatedBytes, crowded })
  }

  /** WebSockets without an accepted hello. */
  get unauthenticated(): number {
    return this.#pages.size
  }

  /** A connection to the gateway's own HTTP server. A proxy that is trusted bounds its clients itself at this step. */
  connected(socket: Socket): void {
    if (this.#addresses.isProxy(socket.remoteAddress)) return
    const address = this.#addresses.of(socket.remoteAddress, undefined)
    if (this.#requests.isFullFor(address)) {
      this.#options.limited('maxUnauthenticatedPerAddress')
      socket.destroy()
      return
    }
    const { leave } = this.#requests.enter(address, () => socket.destroy())
    this.#leaveRequests.set(socket, leave)
    socket.on('close', leave)
  }

  /** The request of a connection is complete and asks for a WebSocket. @returns whom it counts for */
  upgrading(request: IncomingMessage, socket: Duplex): string {
    this.#leaveRequests.get(socket)?.()
    const forwarded = [request.headers['x-forwarded-for']].flat().join(',')
    return this.#addresses.of(request.socket.remoteAddress, forwarded)
  }

  /** @param connections WebSockets that are open. @returns null, and the visit is counted, where there is room */
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
   * A WebSocket is open.
   * @param evict ends it, because others need its place
   * @returns its place, to be left when the page has said who it is, or is gone
   */
  opened(address: string, evict: () => void): Place {
    return this.#pages.enter(address, evict)
  }
}
