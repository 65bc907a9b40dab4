import type { HexLong } from 'zoogate-client/protocol'

/** A server's bytes break the protocol. The connection that they came over cannot be used any more. */
export class BadFrame extends Error {
  override readonly name = 'BadFrame'
}

const EMPTY = Buffer.alloc(0)

const TWO_TO_32 = 2 ** 32

/** Reads one frame's body, field after field; every read is checked against the frame's end. */
export class FrameReader {
  #buffer: Buffer = EMPTY
  #at = 0
  #end = 0

  /** Points the reader at `buffer[start, end)`. */
  over(buffer: Buffer, start: number, end: number): this {
    this.#buffer = buffer
    this.#at = start
    this.#end = end
    return this
  }

  get remaining(): number {
    return this.#end - this.#at
  }

  /** Does without `#take`: it runs twenty times for one stat. */
  int(): number {
    const start = this.#at
    if (start + 4 > this.#end) this.#take(4)
    this.#at = start + 4
    return this.#buffer.readInt32BE(start)
  }

  bool(): boolean {
    return this.#buffer[this.#take(1)] !== 0
  }

  hexLong(): HexLong {
    return hexOf(this.int() >>> 0, this.int() >>> 0)
  }

  /** A long that fits a double without loss: milliseconds since the epoch, say. */
  number(): number {
    return this.int() * TWO_TO_32 + (this.int() >>> 0)
  }

  text(): string {
    const length = this.#length('string')
    const start = this.#take(length)
    return this.#buffer.toString('utf8', start, start + length)
  }

  /** A view into the received chunk: copy it to keep it for long. A null buffer reads as an empty one. */
  bytes(): Buffer {
    const length = this.int()
    if (length === -1) return EMPTY
    if (length < 0) throw new BadFrame(`a buffer of ${length} bytes`)
    return this.fixed(length)
  }

  /** Everything that is left, as a view. */
  rest(): Buffer {
    const start = this.#at
    this.#at = this.#end
    return this.#buffer.subarray(start, this.#end)
  }

  fixed(length: number): Buffer {
    const start = this.#take(length)
    return this.#buffer.subarray(start, start + length)
  }

  texts(): string[] {
    return this.list(() => this.text())
  }

  /** `readEntry` must read at least a byte each time: then a false length ends at the frame's end. */
  list<T>(readEntry: () => T): T[] {
    const count = this.#length('list')
    const list: T[] = []
    for (let i = 0; i < count; i++) list.push(readEntry())
    return list
  }

  #length(what: string): number {
    const length = this.int()
    if (length < 0) throw new BadFrame(`a ${what} of length ${length}`)
    return length
  }

  #take(length: number): number {
    const start = this.#at
    if (length > this.#end - start)
      throw new BadFrame(`a field of ${length} bytes, but ${this.remaining} are left`)
    this.#at = start + length
    return start
  }
}

/** The name of a 64-bit number that is given as two unsigned halves. BigInt would take several times longer. */
export function hexOf(high: number, low: number): HexLong {
  if (high === 0) return `0x${low.toString(16)}`
  return `0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`
}

const LENGTH_BYTES = 4

/**
 * Cuts one TCP connection's bytes into frames: `feed` a chunk, then take frames with `next` until it gives null. A frame
 * that lies whole in its chunk is not copied, one that comes in pieces is copied once; both take time linear in the
 * bytes. Each connection has a parser of its own, so that no leftover can reach the next connection.
 */
export class FrameParser {
  readonly #maxBytes: number
  readonly #reader = new FrameReader()
  #chunk: Buffer = EMPTY
  #at = 0
  #length = 0
  #lengthBytesRead = 0
  /** The frame under way that did not fit its first chunk. */
  #body: Buffer | null = null
  #filled = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Takes the next chunk. Every frame of the chunk before must have been taken. */
  feed(chunk: Buffer): void {
    this.#chunk = chunk
    this.#at = 0
  }

  /**
   * The next complete frame, or null until more is fed. The reader is the same object each time.
   * @throws BadFrame when a length field is negative or above the limit.
   */
  next(): FrameReader | null {
    const start = this.#at + LENGTH_BYTES
    if (start > this.#chunk.length || this.#lengthBytesRead > 0 || this.#body !== null) {
      return this.#nextInPieces()
    }
    this.#length = this.#chunk.readInt32BE(this.#at)
    this.#at = start
    const end = start + this.#length
    if (end < start || this.#length > this.#maxBytes || end > this.#chunk.length) return this.#takeBody()
    this.#at = end
    return this.#reader.over(this.#chunk, start, end)
  }

  /** As `next`, for a frame that is spread over chunks, and for the end of a chunk. */
  #nextInPieces(): FrameReader | null {
    if (this.#body !== null) return this.#fill(this.#body)
    while (this.#lengthBytesRead < LENGTH_BYTES) {
      const byte = this.#chunk[this.#at]
      if (byte === undefined) {
        // Thousands of idle links must not keep the last chunk that they have read.
        this.#chunk = EMPTY
        this.#at = 0
        return null
      }
      this.#length = (this.#length << 8) | byte
      this.#at++
      this.#lengthBytesRead++
    }
    return this.#takeBody()
  }

  /** The length has been read. */
  #takeBody(): FrameReader | null {
    this.#lengthBytesRead = 0
    if (this.#length < 0 || this.#length > this.#maxBytes) {
      throw new BadFrame(`a frame of ${this.#length} bytes; 0 to ${this.#maxBytes} are allowed`)
    }
    this.#body = Buffer.allocUnsafe(this.#length)
    this.#filled = 0
    return this.#fill(this.#body)
  }

  #fill(body: Buffer): FrameReader | null {
    const copied = this.#chunk.copy(body, this.#filled, this.#at)
    this.#at += copied
    this.#filled += copied
    if (this.#filled < body.length) {
      this.#chunk = EMPTY
      this.#at = 0
      return null
    }
    this.#body = null
    return this.#reader.over(body, 0, body.length)
  }
}
