import type { Duplex } from 'node:stream'
import type { PageSocket } from './connection.js'
import type { SharedFrames } from './shared-frame.js'

/** What of a WebSocket a page's connection is run over. */
export interface WebSocketLike extends Omit<PageSocket, 'sendShared'> {
  readonly readyState: number
  readonly OPEN: number
}

/** A WebSocket with a way past its framing, for what is framed already. */
export class PageWebSocket implements PageSocket {
  readonly #webSocket: WebSocketLike
  readonly #socket: Duplex
  readonly #frames: SharedFrames

  /** @param socket what the WebSocket runs over */
  constructor(webSocket: WebSocketLike, socket: Duplex, frames: SharedFrames) {
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

  pause(): void {
    this.#webSocket.pause()
  }

  resume(): void {
    this.#webSocket.resume()
  }

  close(code: number, reason: string): void {
    this.#webSocket.close(code, reason)
  }
}
