import type { HexLong } from 'zoogate-client/protocol'

/** What a server sent cannot be what it claims to be. The connection that it came over is of no more use. */
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

  int(): number {
    return this.#buffer.readInt32BE(this.#take(4))
  }

  unsignedInt(): number {
    return this.#buffer.readUInt32BE(this.#take(4))
  }

  bool(): boolean {
    return this.#buffer[this.#take(1)] !== 0
  }

  hexLong(): HexLong {
    return hexOf(this.unsignedInt(), this.unsignedInt())
  }

  /** A long that fits a double without loss: milliseconds since the epoch, say. */
  number(): number {
    return this.int() * TWO_TO_32 + this.unsignedInt()
  }

  text(): string {
    const length = this.#length('string')
    const start = this.#take(length)
    return this.#buffer.toString('utf8', start, start + length)
  }

  /** A view into what was received: copy it to keep it for long. A null buffer reads as an empty one. */
  bytes(): Buffer {
    const length = this.int()
    if (length === -1) return EMPTY
    if (length < 0) throw new BadFrame(`a buffer of ${length} bytes`)
    return this.fixed(length)
  }

  fixed(length: number): Buffer {
    const start = this.#take(length)
    return this.#buffer.subarray(start, start + length)
  }

  texts(): string[] {
    return this.list(() => this.text())
  }

  /** `readEntry` reads at least a byte each time, so that a lying length ends at the frame's end. */
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
      throw new BadFrame(`a field of ${length} bytes where ${this.remaining} are left`)
    this.#at = start + length
    return start
  }
}

/** A 64-bit number given as two unsigned halves, without a detour over BigInt. */
export function hexOf(high: number, low: number): HexLong {
  if (high === 0) return `0x${low.toString(16)}`
  return `0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`
}
