import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { CLOSE_CODES, SUBPROTOCOL } from 'zoogate-client/protocol'
import { AttachGate } from './attach-gate.js'
import { createAuthenticator } from './authenticate.js'
import { Connection, type ConnectionContext, type PageSocket } from './connection.js'
import { Metrics } from './metrics.js'
import { ConfigError, checkOptions, type GatewayConfig, type GatewayOptions } from './options.js'
import { isOriginAllowed } from './origin.js'
import { OwnerMarks } from './owner-marks.js'
import { ResumeTokens } from './resume-token.js'
import { SessionTable } from './session-table.js'
import { SharedFrames } from './shared-frame.js'
import { statusHandler } from './status.js'
import { Views } from './views/index.js'
import { Warnings } from './warnings.js'
import { dialTls, ServerList, type TlsOptions } from './zookeeper/index.js'

/** Milliseconds that a closing WebSocket may take to answer before it is cut. */
const CLOSE_TIMEOUT_MS = 2_000
/** What a socket that ends without a close frame is told to have closed with. */
const ABNORMAL = 1006
/** Pages told to move at a time, and the pause between: a few seconds for thousands, and no herd on the other replicas. */
const DRAIN_BATCH = 200
const DRAIN_PAUSE_MS = 100

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
  readonly #unauthenticated = new Set<Connection>()
  readonly #frames = new SharedFrames()
  readonly handleRequest: Gateway['handleRequest']
  #server: Server | null = null
  #state: State = 'open'

  constructor(config: GatewayConfig) {
    this.#config = config
    this.#context = this.#createContext(config)
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
    const server = createServer((request, response) => {
      if (!this.handleRequest(request, response)) notFound(response)
    })
    server.on('upgrade', this.handleUpgrade)
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(options.port, options.host ?? '127.0.0.1', resolve)
    })
    const { address, port, family } = server.address() as AddressInfo
    const host = family === 'IPv6' ? `[${address}]` : address
    return { host, port, url: `ws://${host}:${port}${this.#config.path}` }
  }

  readonly handleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Before the upgrade is complete nobody else listens, and an error without a listener ends the process.
    const ignoreError = () => socket.destroy()
    socket.on('error', ignoreError)
    const status = this.#refusalStatus(request)
    if (status !== null) {
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('error', ignoreError)
      const connection = this.#accept(webSocket, request, socket)
      socket.on('drain', () => connection.drained())
    })
  }

  async drain({ withinMs = this.#config.limits.drainMs }: { withinMs?: number } = {}): Promise<void> {
    if (this.#state !== 'open') return
    this.#state = 'draining'
    this.#server?.close()
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
    for (const [webSocket, connection] of this.#connections) {
      webSocket.terminate()
      connection.socketClosed(ABNORMAL)
    }
    await this.#context.views.closed()
    const server = this.#server
    if (!server) return
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  #createContext(config: GatewayConfig): ConnectionContext {
    const { limits, log } = config
    const { servers, chroot } = ensembleAddress(config)
    const gate = new AttachGate(limits.attachConcurrency)
    const sessions = new SessionTable()
    const metrics = new Metrics({
      connections: () => this.#connections.size,
      unauthenticated: () => this.#unauthenticated.size,
      sessions: () => sessions.size,
      waitingToAttach: () => gate.waiting,
      views: () => views.readings(),
    })
    const resumeTokens = new ResumeTokens(config.resumeKeys)
    const ensemble = {
      servers,
      chroot,
      linkOptions: linkOptions(config),
      gate,
      resumeTokens,
      marks: new OwnerMarks(),
      sessions,
      limits,
      log,
      warnings: new Warnings(log),
      metrics,
    }
    const views = new Views(ensemble)
    return {
      ensemble,
      views,
      authenticate: authenticator(config),
      access: config.access,
      lingerMs: config.lingerMs,
    }
  }

  /** What cannot become a WebSocket is told in HTTP; a page could not read the reason anyway. */
  #refusalStatus(request: IncomingMessage): string | null {
    const { maxConnections, maxUnauthenticated } = this.#config.limits
    const path = request.url?.split('?', 1)[0]
    if (path !== this.#config.path) return '404 Not Found'
    if (this.#state !== 'open') return '503 Service Unavailable'
    if (this.#connections.size >= maxConnections) return '503 Service Unavailable'
    return this.#unauthenticated.size >= maxUnauthenticated ? '503 Service Unavailable' : null
  }

  #accept(webSocket: WebSocket, request: IncomingMessage, socket: Duplex): Connection {
    const page = new PageWebSocket(webSocket, socket, this.#frames)
    const connection = new Connection(this.#context, page, () => this.#unauthenticated.delete(connection))
    this.#connections.set(webSocket, connection)
    this.#unauthenticated.add(connection)
    webSocket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) connection.receiveBinary()
      else connection.receive(data.toString('utf8'))
    })
    webSocket.on('close', (code) => {
      this.#connections.delete(webSocket)
      this.#unauthenticated.delete(connection)
      connection.socketClosed(code)
    })
    // A broken frame or link; 'close' follows and says all that matters.
    webSocket.on('error', (error) => {
      this.#config.log.debug({ error: error.message }, 'WebSocket error')
    })
    if (!isOriginAllowed(request.headers, this.#config.allowedOrigins)) {
      connection.refuse(CLOSE_CODES.ORIGIN_REFUSED, 'this origin is not on the allow-list of the gateway')
    } else if (webSocket.protocol !== SUBPROTOCOL) {
      connection.refuse(CLOSE_CODES.BAD_MESSAGE, `offer the WebSocket subprotocol ${SUBPROTOCOL}`)
    }
    return connection
  }
}

/** A WebSocket with a way past its framing for what is framed already. */
class PageWebSocket implements PageSocket {
  readonly #webSocket: WebSocket
  readonly #socket: Duplex
  readonly #frames: SharedFrames

  constructor(webSocket: WebSocket, socket: Duplex, frames: SharedFrames) {
    this.#webSocket = webSocket
    this.#socket = socket
    this.#frames = frames
  }

  get bufferedAmount(): number {
    return this.#webSocket.bufferedAmount
  }

  send(text: string): void {
    this.#webSocket.send(text)
  }

  /** Without compression a WebSocket writes each frame as it is sent, so that this one goes behind all of them. */
  sendShared(text: Buffer): void {
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#socket.write(this.#frames.of(text))
  }

  close(code: number, reason: string): void {
    this.#webSocket.close(code, reason)
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
function linkOptions({ tls, readOnly, nameOf }: GatewayConfig): ConnectionContext['ensemble']['linkOptions'] {
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

function authenticator(config: GatewayConfig): ConnectionContext['authenticate'] {
  try {
    return createAuthenticator(config.jwt)
  } catch (error) {
    throw new ConfigError(`${config.nameOf('jwt')}: ${(error as Error).message}`)
  }
}

function notFound(response: ServerResponse): void {
  response
    .writeHead(404, { 'content-type': 'text/plain' })
    .end('Not found. The WebSocket path is set by ZOOGATE_PATH.\n')
}
