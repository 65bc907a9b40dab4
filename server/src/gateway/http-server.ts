import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { refuse } from './http-refusal.js'
import { RequestGate } from './request-gate.js'

export interface PageServerOptions {
  /** Milliseconds for a request, from the connection on. */
  requestWithinMs: number
  /** A connection; one that is destroyed here is not heard. */
  connected(socket: Socket): void
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  request(request: IncomingMessage, response: ServerResponse): void
  /** A request did not come in time. */
  late(): void
}

/** The gateway's own HTTP server: one request for each connection, most of them for a WebSocket. */
export class PageServer {
  readonly #tcp
  /** Connections that are no WebSockets, or not yet. */
  readonly #requesting = new Set<Duplex>()

  constructor({ requestWithinMs, connected, upgrade, request, late }: PageServerOptions) {
    // It never listens; connections are handed to it when they have passed the gate.
    const http = createServer((incoming, response) => {
      // Nothing more is read: what may follow is not for anybody here.
      incoming.socket.pause()
      response.shouldKeepAlive = false
      request(incoming, response)
    })
    http.on('upgrade', (incoming, socket, head) => {
      this.#requesting.delete(socket)
      upgrade(incoming, socket, head)
    })
    http.on('clientError', (_, socket) => {
      if (socket.writable) refuse(socket, { status: '400 Bad Request' })
      else socket.destroy()
    })
    const gate = new RequestGate({
      withinMs: requestWithinMs,
      pass: (socket) => http.emit('connection', socket),
      late,
    })
    this.#tcp = createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      connected(socket)
      if (socket.destroyed) return
      this.#requesting.add(socket)
      socket.on('close', () => this.#requesting.delete(socket))
      gate.enter(socket)
    })
  }

  /** @returns where it listens; rejects where it cannot */
  async listen(port: number, host: string): Promise<AddressInfo> {
    await new Promise<void>((resolve, reject) => {
      this.#tcp.once('error', reject)
      this.#tcp.listen(port, host, resolve)
    })
    return this.#tcp.address() as AddressInfo
  }

  /** Takes no more connections. Harmless when repeated. */
  stop(): void {
    this.#tcp.close()
  }

  /** Ends what is no WebSocket; resolves when all connections are gone, WebSockets too. */
  async close(): Promise<void> {
    for (const socket of this.#requesting) socket.destroy()
    await new Promise<void>((resolve) => this.#tcp.close(() => resolve()))
  }
}
