import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { checkOptions, type GatewayConfig, type GatewayOptions } from '../config/options.js'
import type { Revoked, RevokeOptions } from '../revocation/admin.js'
import { type Composition, compose } from './composition.js'
import { type HttpRefusal, PageServer, refuse } from './http-server.js'
import { statusHandler } from './status.js'

/** A drain moves this many pages at a time, with a pause between: seconds for thousands, and no herd on the other replicas. */
const DRAIN_BATCH = 200
const DRAIN_PAUSE_MS = 100
/** How often a drain looks whether the last page has gone. */
const DRAIN_LOOK_MS = 20

const FORWARDED =
  'requests carry X-Forwarded-For, and no proxy is trusted: all pages behind one count as one address; set '

const NOT_ACCEPTED = 'a connection could not be accepted; raise the limit of open files (ulimit -n) or lower '

/** A gateway between web pages and one ensemble. */
export interface Gateway {
  /**
   * Opens an HTTP server of its own with the WebSocket path, /healthz, /readyz and /metrics.
   * @returns the address, with the port that the system chose for port 0
   */
  listen(options: { port: number; host?: string }): Promise<{ host: string; port: number; url: string }>
  /** For an HTTP server of your own: `server.on('upgrade', gateway.handleUpgrade)`. */
  readonly handleUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Answers /healthz, /readyz and /metrics; false for every other path. */
  readonly handleRequest: (request: IncomingMessage, response: ServerResponse) => boolean
  /**
   * Ends all connections of a subject, on every gateway that shares the ensemble and the `adminToken`, and refuses all tokens
   * that were issued to it until now. Resolves when the revocation is stored in the ensemble and done here.
   * @throws RevocationError when the ensemble has not confirmed it; revoke again then
   * @throws ConfigError without an `adminToken`
   */
  revoke(options: RevokeOptions): Promise<Revoked>
  /** Stops accepting, sends every page to another gateway, and detaches every session without closing it. */
  drain(options?: { withinMs?: number }): Promise<void>
  /** Ends everything at once. Sessions live on for their timeout. */
  close(): Promise<void>
}

/**
 * Makes a gateway. Nothing is opened before `listen` or the first upgrade.
 * @throws ConfigError that names the option that is missing or wrong
 */
export function createGateway(options: GatewayOptions): Gateway {
  return createCheckedGateway(checkOptions(options))
}

/** As `createGateway`, from options that are checked already. */
export function createCheckedGateway(config: GatewayConfig): Gateway {
  return new WebSocketGateway(config)
}

// idle ──► open ──► draining ──► closed
//   └─────────────────►┘
//
// idle: takes connections, and has met none yet; the first one opens its link for revocations and its clock of overload
type State = 'idle' | 'open' | 'draining' | 'closed'

class WebSocketGateway implements Gateway {
  readonly #config: GatewayConfig
  readonly #parts: Composition
  readonly handleRequest: Gateway['handleRequest']
  #server: PageServer | null = null
  #state: State = 'idle'

  constructor(config: GatewayConfig) {
    this.#config = config
    this.#parts = compose(config)
    const { registry } = this.#parts.context.services.metrics
    this.handleRequest = statusHandler(registry, () => this.#state === 'idle' || this.#state === 'open')
  }

  async listen({
    port,
    host = '127.0.0.1',
  }: Parameters<Gateway['listen']>[0]): ReturnType<Gateway['listen']> {
    const { services } = this.#parts.context
    this.#server = new PageServer({
      requestWithinMs: this.#config.limits.upgradeTimeoutMs,
      admission: this.#parts.admission,
      upgrade: this.handleUpgrade,
      request: (request, response) => {
        if (!this.handleRequest(request, response)) notFound(response)
      },
      late: () => services.metrics.limited('upgradeTimeoutMs'),
      failed: ({ message }) => {
        const advice = NOT_ACCEPTED + this.#config.nameOf('limits.maxConnections')
        services.warnings.report('accept', `${advice}: ${message}`)
      },
    })
    if (this.#state === 'idle') this.#open()
    const bound = await this.#server.listen(port, host)
    const address = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address
    return { host: address, port: bound.port, url: `ws://${address}:${bound.port}${this.#config.path}` }
  }

  readonly handleUpgrade: Gateway['handleUpgrade'] = (request, socket, head) => {
    if (this.#state === 'idle') this.#open()
    const address = this.#parts.admission.upgrading(request, socket)
    const refusal = this.#refusalOf(request, address)
    if (refusal === null) this.#parts.acceptor.upgrade(request, socket, head, address)
    else refuse(socket, refusal)
  }

  async drain({ withinMs = this.#config.limits.drainMs }: { withinMs?: number } = {}): Promise<void> {
    if (this.#state === 'draining' || this.#state === 'closed') return
    this.#state = 'draining'
    this.#server?.stop()
    const { acceptor, context } = this.#parts
    const deadline = Date.now() + withinMs
    context.services.registry.endLingers()
    const connections = [...acceptor.connections]
    for (let at = 0; at < connections.length; at += DRAIN_BATCH) {
      for (const connection of connections.slice(at, at + DRAIN_BATCH)) connection.drain()
      if (at + DRAIN_BATCH < connections.length && Date.now() < deadline) await delay(DRAIN_PAUSE_MS)
    }
    // A page that does not answer its close frame is cut by then.
    while (acceptor.size > 0 && Date.now() < deadline) await delay(DRAIN_LOOK_MS)
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    await this.drain({ withinMs: 0 })
    this.#state = 'closed'
    const { revoker, lag, acceptor, context } = this.#parts
    revoker.close()
    lag.stop()
    acceptor.terminate()
    await context.views.closed()
    await this.#server?.close()
  }

  revoke(options: RevokeOptions): Promise<Revoked> {
    return this.#parts.revoker.revoke(options)
  }

  /** At the first sign that the gateway is used. */
  #open(): void {
    this.#state = 'open'
    this.#parts.revoker.open()
    this.#parts.lag.start()
  }

  /** In HTTP, which costs less than a WebSocket: a page could not read the reason anyway. */
  #refusalOf(request: IncomingMessage, address: string): HttpRefusal | null {
    const { path, trustedProxies, nameOf } = this.#config
    if (request.url?.split('?', 1)[0] !== path) return { status: '404 Not Found' }
    if (this.#state !== 'open') return { status: '503 Service Unavailable' }
    if (request.headers['x-forwarded-for'] !== undefined && trustedProxies.length === 0) {
      this.#parts.context.services.warnings.report('forwarded', FORWARDED + nameOf('trustedProxies'))
    }
    return this.#parts.admission.refusal(address, this.#parts.acceptor.size)
  }
}

function notFound(response: ServerResponse): void {
  response
    .writeHead(404, { 'content-type': 'text/plain' })
    .end('Not found. The WebSocket path is set by ZOOGATE_PATH.\n')
}
