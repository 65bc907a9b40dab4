import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** An answer in place of the upgrade. It costs less than a WebSocket with a verdict. */
export interface HttpRefusal {
  status: `${400 | 404 | 408 | 429 | 431 | 503} ${string}`
  retryAfterS?: number
}

/** Answers, and ends the socket. */
export function refuse(socket: Duplex, { status, retryAfterS }: HttpRefusal): void {
  const retry = retryAfterS === undefined ? '' : `Retry-After: ${retryAfterS}\r\n`
  // Nothing else listens any more, and an error without a listener ends the process.
  socket.on('error', ignoreError)
  // Nothing else ends a socket whose peer does not close.
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\n${retry}Connection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** After an error a socket closes by itself. */
function ignoreError(): void {}

export interface PageServerOptions {
  /** Milliseconds for the head of a request, from the connection on. */
  requestWithinMs: number
  /** Meets each connection first, and may destroy it. */
  admission: { connected(socket: Socket): void }
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  request(request: IncomingMessage, response: ServerResponse): void
  /** The head of a request did not come in time. */
  late(): void
  /** A connection could not be accepted. The server goes on. */
  failed(error: Error): void
}

/** The gateway's own HTTP server: one request for each connection, most of them for a WebSocket. */
export class PageServer {
  readonly #tcp
  readonly #failed: (error: Error) => void
  /** Connections whose request has not become a WebSocket. */
  readonly #requesting = new Set<Duplex>()

  constructor({ requestWithinMs, admission, upgrade, request, late, failed }: PageServerOptions) {
    this.#failed = failed
    // It never listens: connections are handed to it once they have passed the gate.
    const http = createServer((incoming, response) => {
      // Nothing more is read: a connection is for one request.
      incoming.socket.pause()
      response.shouldKeepAlive = false
      request(incoming, response)
    })
    http.on('upgrade', (incoming, socket, head) => {
      this.#requesting.delete(socket)
      upgrade(incoming, socket, head)
    })
    http.on('clientError', (_, socket) => refuse(socket, { status: '400 Bad Request' }))
    const gate = new RequestGate({
      withinMs: requestWithinMs,
      pass: (socket) => http.emit('connection', socket),
      late,
    })
    this.#tcp = createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      admission.connected(socket)
      this.#requesting.add(socket)
      socket.on('close', () => this.#requesting.delete(socket))
      gate.enter(socket)
    })
  }

  /** @returns the address that it listens on; rejects where it cannot */
  async listen(port: number, host: string): Promise<AddressInfo> {
    await new Promise<void>((resolve, reject) => {
      this.#tcp.once('error', reject)
      this.#tcp.listen(port, host, () => {
        // Later errors concern single connections. Without a listener they would end the process.
        this.#tcp.off('error', reject).on('error', this.#failed)
        resolve()
      })
    })
    return this.#tcp.address() as AddressInfo
  }

  /** Takes no more connections. Harmless when repeated. */
  stop(): void {
    this.#tcp.close()
  }

  /** Ends all connections that are no WebSocket. Resolves when the WebSockets are gone, too. */
  async close(): Promise<void> {
    for (const socket of this.#requesting) socket.destroy()
    await new Promise<void>((resolve) => this.#tcp.close(() => resolve()))
  }
}

/** The most that Node's own parser takes. A request for a WebSocket with a token in a cookie is far shorter. */
export const MAX_HEAD_BYTES = 16_384

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const A = 0x41
const Z = 0x5a

export interface RequestGateOptions {
  /** Milliseconds for the head of the request, from the connection on. */
  withinMs: number
  /** The head is complete, and is all that can be read from the socket. */
  pass(socket: Socket): void
  /** The head did not come in time. */
  late(): void
}

/**
 * Hands the head of one request of each connection to the HTTP parser once it is complete, and drops the bytes behind it.
 * The parser goes through all bytes of a read, whatever a handler does: a chunk of 64 KiB holds 2,600 requests, which keep
 * the event loop for 40 ms. 50 connections that send nothing else delayed the replies to a page from 2 ms to 2 s.
 */
export class RequestGate {
  readonly #options: RequestGateOptions

  constructor(options: RequestGateOptions) {
    this.#options = options
  }

  enter(socket: Socket): void {
    const { withinMs, pass, late } = this.#options
    let head: Buffer = Buffer.alloc(0)
    const leave = () => {
      clearTimeout(deadline)
      socket.off('data', read).off('end', giveUp).off('close', leave).off('error', ignoreError)
    }
    const giveUp = () => {
      leave()
      socket.destroy()
    }
    const turnAway = (refusal: HttpRefusal) => {
      leave()
      refuse(socket, refusal)
    }
    const read = (chunk: Buffer) => {
      // A head that comes in pieces is rare, and short.
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
      const end = endOf(head)
      if (end === null) return
      if (typeof end === 'object') return turnAway(end)
      leave()
      // Behind the head: a body, which no path here takes, another request, or frames of a client that cannot know yet that
      // its WebSocket is open.
      socket.unshift(head.subarray(0, end))
      pass(socket)
    }
    const deadline = setTimeout(() => {
      late()
      turnAway({ status: '408 Request Timeout' })
    }, withinMs)
    socket.on('data', read).on('end', giveUp).on('close', leave).on('error', ignoreError)
  }
}

/** @returns the index behind the head; null while the head is incomplete */
function endOf(head: Buffer): number | null | HttpRefusal {
  // The parser skips empty lines before a request, so that it would wait for more than this head.
  const first = head[0] as number
  if (first < A || first > Z) return { status: '400 Bad Request' }
  const end = head.indexOf(END_OF_HEAD)
  if (end !== -1) return end + END_OF_HEAD.length
  return head.length > MAX_HEAD_BYTES ? { status: '431 Request Header Fields Too Large' } : null
}
