import { BadFrame, FrameReader } from './frame-reader.js'

const LENGTH_BYTES = 4
const EMPTY = Buffer.alloc(0)

/**
 * Cuts one TCP connection's bytes into frames: `feed` a chunk, then take frames with `next` until it gives null. A frame
 * that lies whole in its chunk is not copied, one that comes in pieces is copied once; both take time linear in the
 * bytes. A parser belongs to one connection, so that no leftover can reach the next one.
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

  /** Takes the next chunk. Whoever feeds has taken every frame of the chunk before. */
  feed(chunk: Buffer): void {
    this.#chunk = chunk
    this.#at = 0
  }

  /**
   * The next complete frame, or null until more is fed. The reader is the same object each time.
   * @throws BadFrame when a length field is negative or above the limit.
   */
  next(): FrameReader | null {
    if (this.#body === null) {
      if (!this.#readLength()) return null
      const end = this.#at + this.#length
      if (end <= this.#chunk.length) {
        const frame = this.#reader.over(this.#chunk, this.#at, end)
        this.#at = end
        this.#lengthBytesRead = 0
        return frame
      }
      this.#body = Buffer.allocUnsafe(this.#length)
      this.#filled = 0
    }
    return this.#fill(this.#body)
  }

  #readLength(): boolean {
    while (this.#lengthBytesRead < LENGTH_BYTES) {
      const byte = this.#chunk[this.#at]
      if (byte === undefined) return this.#needsMore()
      this.#length = (this.#length << 8) | byte
      this.#at++
      this.#lengthBytesRead++
    }
    if (this.#length < 0 || this.#length > this.#maxBytes) {
      throw new BadFrame(`a frame of ${this.#length} bytes where 0 to ${this.#maxBytes} are allowed`)
    }
    return true
  }

  #fill(body: Buffer): FrameReader | null {
    const copied = this.#chunk.copy(body, this.#filled, this.#at)
    this.#at += copied
    this.#filled += copied
    if (this.#filled < body.length) {
      this.#needsMore()
      return null
    }
    this.#body = null
    this.#lengthBytesRead = 0
    return this.#reader.over(body, 0, body.length)
  }

  /** Lets go of the chunk: thousands of idle links must not hold the last thing that they read. */
  #needsMore(): false {
    this.#chunk = EMPTY
    this.#at = 0
    return false
  }
}
