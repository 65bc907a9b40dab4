import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { CLOSE_CODES, SUBPROTOCOL } from 'zoogate-client/protocol'
import { createAuthenticator } from '../access/authenticate.js'
import { ClientAddresses } from '../access/client-address.js'
import { cookieValue } from '../access/cookie.js'
import { DerivedIdentities } from '../access/derived-identity.js'
import { isCookieOrigin, isOriginAllowed } from '../access/origin.js'
import { ResumeTokens } from '../access/resume-token.js'
import { AccessPolicy } from '../access/rights.js'
import { ConfigError, checkOptions, type GatewayConfig, type GatewayOptions } from '../config/options.js'
import { Connection, type ConnectionContext } from '../connection/connection.js'
import { SubjectRates } from '../connection/subject-rates.js'
import type { Revoked, RevokeOptions } from '../revocation/admin.js'
import { Revoker } from '../revocation/revoker.js'
import { AttachGate } from '../session/attach-gate.js'
import { OwnerMarks } from '../session/owner-marks.js'
import type { Ensemble } from '../session/services.js'
import { SessionQuota } from '../session/session-quota.js'
import { SessionTable } from '../session/session-table.js'
import { Metrics } from '../telemetry/metrics.js'
import { Warnings } from '../telemetry/warnings.js'
import { Views } from '../views/index.js'
import { dialTls, ServerList, type TlsOptions } from '../zookeeper/index.js'
import { Admission } from './admission.js'
import { EventLoopLag } from './event-loop-lag.js'
import { type HttpRefusal, refuse } from './http-refusal.js'
import { PageServer } from './http-server.js'
import { SharedFrames } from './shared-frame.js'
import { statusHandler } from './status.js'
import { type Reader, UnreadBytes } from './unread-bytes.js'
import { PageWebSocket } from './web-socket.js'

/** Milliseconds that a closing WebSocket may take to answer before it is cut. */
const CLOSE_TIMEOUT_MS = 2_000
/** What a socket that ends without a close frame is told to have closed with. */
const ABNORMAL = 1006
/** Pages told to move at a time, and the pause between: a few seconds for thousands, and no herd on the other replicas. */
const DRAIN_BATCH = 200
const DRAIN_PAUSE_MS = 100
/** When a page may come back that had to make room for others: in a flood places come free all the time. */
const EVICTED_RETRY_MS = 1_000

const FORWARDED =
  'requests carry X-Forwarded-For, and no proxy is trusted: all pages behind one count as one address; set '

type State = 'open' | 'draining' | 'closed'

/** A gateway between web pages and one ensemble. */
export interface Gateway {
  /**
   * Opens an HTTP server of its own with the WebSocket path, /healthz, /readyz and /metrics.
   * @returns the address, with the port that was given when 0 was asked for
   */
  listen(options: { port: number; host?: string }): Promise<{ host: string; port: number; url: string }>
  /** For an HTTP server that is there already: `server.on('upgrade', gateway.handleUpgrade)`. */
  readonly handleUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Answers /healthz, /readyz and /metrics; false for every other path. */
  readonly handleRequest: (request: IncomingMessage, response: ServerResponse) => boolean
  /**
   * Ends all connections of a subject, on every gateway that shares the ensemble and the `adminToken`, and refuses what
   * has been issued to it until now. Resolves when it is stored in the ensemble and done here.
   * @throws RevocationError when the ensemble has not confirmed it; to be repeated then
   * @throws ConfigError without an `adminToken`
   */
  revoke(options: RevokeOptions): Promise<Revoked>
  /** Stops accepting, tells every page to move, lets go of every session without closing it. */
  drain(options?: { withinMs?: number }): Promise<void>
  /** Lets go of everything at once. Sessions live on for their timeout. */
  close(): Promise<void>
}

/**
 * Makes a gateway. Nothing is opened before `listen` or the first upgrade.
 * @throws ConfigError that names the option that is missing or wrong
 */
export function createGateway(options: GatewayOptions): Gateway {
  return new WebSocketGateway(checkOptions(options))
}

/** As `createGateway`, from options that are checked already. */
export function createCheckedGateway(config: GatewayConfig): Gateway {
  return new WebSocketGateway(config)
}

class WebSocketGateway implements Gateway {
  readonly #config: GatewayConfig
  readonly #context: ConnectionContext
  readonly #webSockets: WebSocketServer
  readonly #connections = new Map<WebSocket, Connection>()
  readonly #admission: Admission
  readonly #lag = new EventLoopLag()
  readonly #revoker: Revoker
  readonly #shared: ConstructorParameters<typeof PageWebSocket>[2]
  readonly handleRequest: Gateway['handleRequest']
  #server: PageServer | null = null
  #state: State = 'open'

  constructor(config: GatewayConfig) {
    this.#config = config
    const ensemble = this.#createEnsemble(config)
    this.#revoker = new Revoker(config, ensemble, () => this.#connections.values())
    this.#admission = new Admission({
      limits: config.limits,
      addresses: new ClientAddresses(config.trustedProxies),
      limited: (limit) => ensemble.metrics.limited(limit),
    })
    this.#context = {
      ensemble,
      views: new Views(ensemble),
      subjectRates: new SubjectRates(config.limits, () => performance.now()),
      authenticate: this.#createAuthenticator(config, ensemble),
      lingerMs: config.lingerMs,
    }
    const unread = new UnreadBytes(config.limits.maxBufferedBytesTotal, () => this.#readers())
    this.#shared = { frames: new SharedFrames(), unread }
    const options: ServerOptions & { closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      // Compression costs memory per socket, and a bomb needs it.
      perMessageDeflate: false,
      maxPayload: config.limits.maxMessageBytes,
      closeTimeout: CLOSE_TIMEOUT_MS,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    }
    this.#webSockets = new WebSocketServer(options)
    this.handleRequest = statusHandler(this.#context.ensemble.metrics.registry, () => this.#state === 'open')
  }

  async listen(options: {
    port: number
    host?: string
  }): Promise<{ host: string; port: number; url: string }> {
    const server = new PageServer({
      requestWithinMs: this.#config.limits.upgradeTimeoutMs,
      connected: (socket) => this.#admission.connected(socket),
      upgrade: this.handleUpgrade,
      request: (request, response) => {
        if (!this.handleRequest(request, response)) notFound(response)
      },
      late: () => this.#context.ensemble.metrics.limited('upgradeTimeoutMs'),
    })
    this.#server = server
    this.#begin()
    const { address, port, family } = await server.listen(options.port, options.host ?? '127.0.0.1')
    const host = family === 'IPv6' ? `[${address}]` : address
    return { host, port, url: `ws://${host}:${port}${this.#config.path}` }
  }

  readonly handleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Before the upgrade is complete nobody else listens, and an error without a listener ends the process.
    const ignoreError = () => socket.destroy()
    socket.on('error', ignoreError)
    this.#begin()
    const address = this.#admission.upgrading(request, socket)
    const refusal = this.#refusal(request, address)
    if (refusal !== null) {
      refuse(socket, refusal)
      return
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('error', ignoreError)
      const connection = this.#accept(webSocket, request, { socket, address })
      socket.on('drain', () => connection.drained())
    })
  }

  async drain({ withinMs = this.#config.limits.drainMs }: { withinMs?: number } = {}): Promise<void> {
    if (this.#state !== 'open') return
    this.#state = 'draining'
    this.#server?.stop()
    const deadline = Date.now() + withinMs
    this.#context.ensemble.sessions.endLingers()
    const connections = [...this.#connections.values()]
    for (let at = 0; at < connections.length; at += DRAIN_BATCH) {
      for (const connection of connections.slice(at, at + DRAIN_BATCH)) connection.drain()
      if (at + DRAIN_BATCH < connections.length && Date.now() < deadline) await delay(DRAIN_PAUSE_MS)
    }
    // A page that does not answer its close frame is cut by then.
    while (this.#connections.size > 0 && Date.now() < deadline) await delay(20)
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    if (this.#state === 'open') await this.drain({ withinMs: 0 })
    this.#state = 'closed'
    this.#revoker.close()
    this.#lag.stop()
    for (const [webSocket, connection] of this.#connections) {
      webSocket.terminate()
      connection.socketClosed(ABNORMAL)
    }
    await this.#context.views.closed()
    await this.#server?.close()
  }

  revoke(options: RevokeOptions): Promise<Revoked> {
    return this.#revoker.revoke(options)
  }

  /** From the first sign that the gateway is used. Harmless when repeated. */
  #begin(): void {
    this.#revoker.open()
    if (this.#state !== 'closed') this.#lag.start()
  }

  #createAuthenticator(
    config: GatewayConfig,
    { warnings, metrics, limits }: Ensemble,
  ): ConnectionContext['authenticate'] {
    const { access, rules, identitySecret } = config
    try {
      return createAuthenticator(config.jwt, {
        jwks: {
          fetched: (ok) => metrics.jwksFetched(ok),
          failed: (message) => warnings.report('jwks', message),
        },
        maxJwksAgeMs: limits.maxJwksAgeMs,
        grants: {
          access: new AccessPolicy(access, rules),
          identities: identitySecret === undefined ? null : new DerivedIdentities(identitySecret),
        },
        refusalOf: (identity) => this.#revoker.refusalOf(identity),
      })
    } catch (error) {
      throw new ConfigError(`${config.nameOf('jwt')}: ${(error as Error).message}`)
    }
  }

  #createEnsemble(config: GatewayConfig): Ensemble {
    const { limits, log } = config
    const { servers, chroot } = ensembleAddress(config)
    const gate = new AttachGate(limits.attachConcurrency, limits.attachConcurrencyPerSubject)
    const sessions = new SessionTable()
    return {
      servers,
      chroot,
      linkOptions: linkOptions(config),
      gate,
      resumeTokens: new ResumeTokens(config.resumeKeys),
      marks: new OwnerMarks(),
      sessions,
      quota: new SessionQuota(limits, () => this.#lag.ms),
      nodeAcl: config.nodeAcl,
      limits,
      log,
      warnings: new Warnings(log),
      metrics: new Metrics({
        connections: () => this.#connections.size,
        unauthenticated: () => this.#admission.unauthenticated,
        sessions: () => sessions.size,
        waitingToAttach: () => gate.waiting,
        views: () => this.#context.views.readings(),
        revocations: () => this.#revoker.size,
        eventLoopLagMs: () => this.#lag.ms,
      }),
    }
  }

  *#readers(): Generator<Reader> {
    for (const [webSocket, connection] of this.#connections) {
      yield {
        bufferedAmount: webSocket.bufferedAmount,
        shed: () => {
          this.#context.ensemble.metrics.limited('maxBufferedBytesTotal')
          connection.refuse(
            CLOSE_CODES.SLOW_READER,
            'too much was waiting to be read by all pages; redial and resume',
          )
          // Only this frees what waits; and somebody who reads nothing would not read the reason either.
          webSocket.terminate()
        },
      }
    }
  }

  /** What cannot become a WebSocket is told in HTTP; a page could not read the reason anyway. */
  #refusal(request: IncomingMessage, address: string): HttpRefusal | null {
    const { path, trustedProxies, nameOf } = this.#config
    if (request.url?.split('?', 1)[0] !== path) return { status: '404 Not Found' }
    if (this.#state !== 'open') return { status: '503 Service Unavailable' }
    if (request.headers['x-forwarded-for'] !== undefined && trustedProxies.length === 0) {
      this.#context.ensemble.warnings.report('forwarded', FORWARDED + nameOf('trustedProxies'))
    }
    return this.#admission.refusal(address, this.#connections.size)
  }

  #accept(
    webSocket: WebSocket,
    request: IncomingMessage,
    { socket, address }: { socket: Duplex; address: string },
  ): Connection {
    const { cookie: name, allowedOrigins } = this.#config
    const cookie = name === undefined ? null : (cookieValue(request.headers.cookie, name) ?? '')
    const place = this.#admission.opened(address, () => {
      connection.refuse(
        CLOSE_CODES.OVERLOADED,
        'others wait for this place; send the hello at once',
        EVICTED_RETRY_MS,
      )
      // Who waits for nothing need not be waited for: a flood would fill the gateway with closing sockets.
      webSocket.terminate()
    })
    const count = (chunk: Buffer) => place.heard(chunk.length)
    const leave = () => {
      socket.off('data', count)
      place.leave()
    }
    socket.on('data', count)
    // A peer that has said its last word and reads nothing would keep the socket: a WebSocket has a deadline only for its own.
    socket.once('end', () => {
      const deadline = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS)
      socket.once('close', () => clearTimeout(deadline))
    })
    const page = new PageWebSocket(webSocket, socket, this.#shared)
    const connection = new Connection(this.#context, page, leave, cookie)
    this.#connections.set(webSocket, connection)
    webSocket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) connection.receiveBinary()
      else connection.receive(data.toString('utf8'))
    })
    const control = (data: Buffer) => {
      // Whoever has nothing to say, or nothing more, could send these for as long as a verdict takes.
      if (!connection.receiveControl(data.length)) webSocket.terminate()
    }
    webSocket.on('ping', control).on('pong', control)
    webSocket.on('close', (code) => {
      this.#connections.delete(webSocket)
      leave()
      connection.socketClosed(code)
    })
    // A broken frame or link; 'close' follows and says all that matters.
    webSocket.on('error', (error: Error & { code?: string }) => {
      if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
        this.#context.ensemble.metrics.limited('maxMessageBytes')
      this.#config.log.debug({ error: error.message }, 'WebSocket error')
    })
    const fits = cookie ? isCookieOrigin : isOriginAllowed
    if (!fits(request.headers, allowedOrigins)) {
      connection.refuse(CLOSE_CODES.ORIGIN_REFUSED, 'this origin is not on the allow-list of the gateway')
    } else if (webSocket.protocol !== SUBPROTOCOL) {
      connection.refuse(CLOSE_CODES.BAD_MESSAGE, `offer the WebSocket subprotocol ${SUBPROTOCOL}`)
    }
    return connection
  }
}

function ensembleAddress(config: GatewayConfig): ReturnType<typeof ServerList.parse> {
  try {
    return ServerList.parse(config.zookeeper)
  } catch (error) {
    throw new ConfigError(`${config.nameOf('zookeeper')}: ${(error as Error).message}`)
  }
}

/** One object for all links, so that certificates are read once; here, so that unreadable ones are told at the start. */
function linkOptions({ tls, readOnly, nameOf }: GatewayConfig): Ensemble['linkOptions'] {
  const { enabled, ca, cert, key, passphrase, servername } = tls
  if (!enabled) return { readOnly }
  const given: TlsOptions = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
    ...(servername !== undefined && { servername }),
  }
  try {
    dialTls(given)
  } catch (error) {
    throw new ConfigError(
      `${nameOf('tls.ca')}, ${nameOf('tls.cert')}, ${nameOf('tls.key')}: ${(error as Error).message}`,
    )
  }
  return { readOnly, tls: given }
}

function notFound(response: ServerResponse): void {
  response
    .writeHead(404, { 'content-type': 'text/plain' })
    .end('Not found. The WebSocket path is set by ZOOGATE_PATH.\n')
}
