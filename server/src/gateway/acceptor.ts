import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { CLOSE_CODES, type CloseCode, SUBPROTOCOL } from 'zoogate-client/protocol'
import { cookieValue, isCookieOrigin, isOriginAllowed } from '../access/request.js'
import type { GatewayConfig } from '../config/options.js'
import { Connection, type ConnectionContext } from '../connection/connection.js'
import type { Admission } from './admission.js'
import {
  deliver,
  PageWebSocket,
  type Reader,
  SharedFrames,
  type SharedSending,
  UnreadBytes,
} from './web-socket.js'

/** Milliseconds that a closing WebSocket may take to answer before it is cut. */
const CLOSE_TIMEOUT_MS = 2_000
/** The close code of a socket that ends without a close frame. */
const NO_CLOSE_FRAME = 1006
/** When an evicted page may come back: in a flood seats come free all the time. */
const EVICTED_RETRY_MS = 1_000

/** Makes a connection of each WebSocket, and holds the set of the connections that are open. */
export class Acceptor {
  readonly #config: GatewayConfig
  readonly #context: ConnectionContext
  readonly #admission: Admission
  readonly #webSockets: WebSocketServer
  readonly #connections = new Map<WebSocket, Connection>()
  readonly #shared: SharedSending

  constructor(config: GatewayConfig, context: ConnectionContext, admission: Admission) {
    this.#config = config
    this.#context = context
    this.#admission = admission
    this.#webSockets = createWebSocketServer(config.limits.maxMessageBytes)
    this.#shared = {
      frames: new SharedFrames(),
      unread: new UnreadBytes(config.limits.maxBufferedBytesTotal, () => this.#readers()),
    }
  }

  /** WebSockets that are open. */
  get size(): number {
    return this.#connections.size
  }

  get connections(): Iterable<Connection> {
    return this.#connections.values()
  }

  /** Completes an upgrade that has been admitted. @param address the client's, for counting */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): void {
    // Until the upgrade is complete nothing else listens, and an error without a listener ends the process.
    const ignoreError = () => socket.destroy()
    socket.on('error', ignoreError)
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('error', ignoreError)
      // A missing cookie is an empty token, which the hello refuses.
      const { cookie: name } = this.#config
      const cookie = name === undefined ? null : (cookieValue(request.headers.cookie, name) ?? '')
      const connection = this.#accept(webSocket, cookie, socket, address)
      this.#connections.set(webSocket, connection)
      const problem = this.#problemOf(webSocket, request.headers, cookie)
      if (problem !== null) connection.refuse(...problem)
    })
  }

  /** Breaks every WebSocket without a close frame. */
  terminate(): void {
    for (const [webSocket, connection] of this.#connections) {
      webSocket.terminate()
      connection.socketClosed(NO_CLOSE_FRAME)
    }
  }

  #accept(webSocket: WebSocket, cookie: string | null, socket: Duplex, address: string): Connection {
    const leaveSeat = this.#admission.opened(address, socket, () => {
      const message = 'other pages wait for this seat; send the hello at once'
      connection.refuse(CLOSE_CODES.OVERLOADED, message, EVICTED_RETRY_MS)
      // No close frame is waited for: a flood would fill the gateway with closing sockets.
      webSocket.terminate()
    })
    const page = new PageWebSocket(webSocket, socket, this.#shared)
    const connection = new Connection(this.#context, page, leaveSeat, cookie)
    socket.on('drain', () => connection.drained()).once('end', () => destroySoon(socket))
    deliver(webSocket, connection)
    webSocket.on('error', (error) => this.#webSocketOnError(error))
    webSocket.on('close', (code) => {
      this.#connections.delete(webSocket)
      leaveSeat()
      connection.socketClosed(code)
    })
    return connection
  }

  /** A broken frame or link. The 'close' that follows ends the connection. */
  #webSocketOnError({ message, code }: Error & { code?: string }): void {
    const { metrics, log } = this.#context.services
    if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') metrics.limited('maxMessageBytes')
    log.debug({ error: message }, 'WebSocket error')
  }

  /** The reason goes over the WebSocket, because a page cannot read why an upgrade fails. */
  #problemOf(
    { protocol }: WebSocket,
    headers: IncomingHttpHeaders,
    cookie: string | null,
  ): [CloseCode, string] | null {
    const isAllowed = cookie ? isCookieOrigin : isOriginAllowed
    if (!isAllowed(headers, this.#config.allowedOrigins)) {
      return [CLOSE_CODES.ORIGIN_REFUSED, 'this origin is not on the allow-list of the gateway']
    }
    if (protocol === SUBPROTOCOL) return null
    return [CLOSE_CODES.BAD_MESSAGE, `offer the WebSocket subprotocol ${SUBPROTOCOL}`]
  }

  *#readers(): Generator<Reader> {
    for (const [webSocket, connection] of this.#connections) {
      yield {
        bufferedAmount: webSocket.bufferedAmount,
        shed: () => {
          this.#context.services.metrics.limited('maxBufferedBytesTotal')
          const message = 'too much was waiting to be read by all pages; redial and resume'
          connection.refuse(CLOSE_CODES.SLOW_READER, message)
          // Only this frees the bytes that wait. A page that reads nothing would not read the reason either.
          webSocket.terminate()
        },
      }
    }
  }
}

function createWebSocketServer(maxPayload: number): WebSocketServer {
  const options: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    // Compression costs memory per socket, and a bomb needs it.
    perMessageDeflate: false,
    maxPayload,
    closeTimeout: CLOSE_TIMEOUT_MS,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  }
  return new WebSocketServer(options)
}

/** A page that has ended its side and reads nothing would keep the socket: a WebSocket only bounds its own closing. */
function destroySoon(socket: Duplex): void {
  const deadline = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS)
  socket.once('close', () => clearTimeout(deadline))
}
