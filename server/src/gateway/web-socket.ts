import type { Duplex } from 'node:stream'
import type { Connection, PageSocket } from '../connection/connection.js'

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

/** The events of a WebSocket, as far as a page's connection takes part in them. */
export interface FrameSource {
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): unknown
  on(event: 'ping' | 'pong', listener: (data: Buffer) => void): unknown
  terminate(): void
}

/** Hands every frame of the page to its connection. */
export function deliver(
  webSocket: FrameSource,
  connection: Pick<Connection, 'receive' | 'receiveBinary' | 'receiveControl'>,
): void {
  webSocket.on('message', (data, isBinary) => {
    if (isBinary) connection.receiveBinary()
    else connection.receive(data.toString('utf8'))
  })
  const webSocketOnControl = (data: Buffer) => {
    // A page that has not said hello, or that is refused, could send these until its verdict is read.
    if (!connection.receiveControl(data.length)) webSocket.terminate()
  }
  webSocket.on('ping', webSocketOnControl)
  webSocket.on('pong', webSocketOnControl)
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

/** A page, for the sum of the bytes that wait to be read. */
export interface Reader {
  /** Bytes that wait to be read by this page. */
  readonly bufferedAmount: number
  /** Ends the connection, and frees the bytes. */
  shed(): void
}

/** The share of the limit that is left after an eviction, so that the next byte does not exceed the limit again. */
const SHARE_AFTERWARDS = 3 / 4

/**
 * Bounds the bytes that wait for all pages together. Each page has a limit of its own; but thousands that read nothing would
 * fill the memory long before each has met it. Then the pages with the largest backlog are evicted.
 */
export class UnreadBytes {
  readonly #max: number
  readonly #readers: () => Iterable<Reader>
  /** The backlog at the last sum, and all bytes written since: an upper bound of the backlog. */
  #atMost = 0

  constructor(max: number, readers: () => Iterable<Reader>) {
    this.#max = max
    this.#readers = readers
  }

  /** This many bytes more were written. Cheap: the backlog is summed up only when the upper bound exceeds the limit. */
  written(bytes: number): void {
    this.#atMost += bytes
    if (this.#atMost > this.#max) this.#sum()
  }

  #sum(): void {
    const readers = [...this.#readers()]
    let left = readers.reduce((sum, { bufferedAmount }) => sum + bufferedAmount, 0)
    const evicted: Reader[] = []
    if (left > this.#max) {
      readers.sort((a, b) => b.bufferedAmount - a.bufferedAmount)
      for (const reader of readers) {
        if (left <= this.#max * SHARE_AFTERWARDS) break
        left -= reader.bufferedAmount
        evicted.push(reader)
      }
    }
    // Before they are ended, because the verdict that each is sent counts as written, too.
    this.#atMost = left
    for (const reader of evicted) reader.shed()
  }
}
