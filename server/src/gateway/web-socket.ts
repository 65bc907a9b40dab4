import type { Duplex } from 'node:stream'
import type { PageSocket } from '../connection/connection.js'
import type { UnreadBytes } from './overload.js'

/** The part of a WebSocket that a page's connection uses. */
export interface WebSocketLike extends Omit<PageSocket, 'sendShared'> {
  readonly readyState: number
  readonly OPEN: number
}

/** What all pages of a gateway share for sending. */
export interface SharedSending {
  frames: SharedFrames
  unread: Pick<UnreadBytes, 'written'>
}

/** A WebSocket that can also send a frame as it is. */
export class PageWebSocket implements PageSocket {
  readonly #webSocket: WebSocketLike
  readonly #socket: Duplex
  readonly #shared: SharedSending

  /** @param socket that the WebSocket runs over */
  constructor(webSocket: WebSocketLike, socket: Duplex, shared: SharedSending) {
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

  /** Without compression a WebSocket writes each frame at once, so that this one follows all frames sent before. */
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

// RFC 6455, section 5.2: FIN and the opcode of text, then the length; a server does not mask.
const FINAL_TEXT = 0x81
const LENGTH_IN_2_BYTES = 126
const LENGTH_IN_8_BYTES = 127

/**
 * Frames for texts that go to many pages. Framing a text anew for each page takes a fifth of the time in which 2,000 pages get
 * a change. The texts are sent one after the other, so that keeping the last frame is enough.
 */
export class SharedFrames {
  #text: Buffer | null = null
  #frame: Buffer = Buffer.alloc(0)

  /** The WebSocket frame of this text: the same frame for the same object. */
  of(text: Buffer): Buffer {
    if (text !== this.#text) {
      this.#frame = Buffer.concat([header(text.length), text])
      this.#text = text
    }
    return this.#frame
  }
}

function header(length: number): Buffer {
  if (length < LENGTH_IN_2_BYTES) return Buffer.from([FINAL_TEXT, length])
  if (length < 2 ** 16) return Buffer.from([FINAL_TEXT, LENGTH_IN_2_BYTES, length >> 8, length & 0xff])
  const header = Buffer.alloc(10)
  header[0] = FINAL_TEXT
  header[1] = LENGTH_IN_8_BYTES
  header.writeBigUInt64BE(BigInt(length), 2)
  return header
}
