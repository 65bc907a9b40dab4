import type { Duplex } from 'node:stream'
import type { PageSocket } from '../connection/connection.js'
import type { SharedFrames } from './shared-frame.js'
import type { UnreadBytes } from './unread-bytes.js'

/** What of a WebSocket a page's connection is run over. */
export interface WebSocketLike extends Omit<PageSocket, 'sendShared'> {
  readonly readyState: number
  readonly OPEN: number
}

/** A WebSocket with a way past its framing, for what is framed already. */
export class PageWebSocket implements PageSocket {
  readonly #webSocket: WebSocketLike
  readonly #socket: Duplex
  readonly #shared: { frames: SharedFrames; unread: Pick<UnreadBytes, 'written'> }

  /**
   * @param socket what the WebSocket runs over
   * @param shared by all pages of a gateway
   */
  constructor(
    webSocket: WebSocketLike,
    socket: Duplex,
    shared: { frames: SharedFrames; unread: Pick<UnreadBytes, 'written'> },
  ) {
    this.#webSocket = webSocket
    this.#socket = socket
    this.#shared = shared
  }

  get bufferedAmount(): number {
    return this.#webSocket.bufferedAmount
  }

  send(text: string): void {
    this.#webSocket.send(text)
    this.#shared.unread.written(text.length)
  }

  /** Without compression a WebSocket writes each frame as it is sent, so that this one goes behind all of them. */
  sendShared(text: Buffer): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return
    this.#socket.write(this.#shared.frames.of(text))
    this.#shared.unread.written(text.length)
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
