import type { HexLong } from 'zoogate-client/protocol'
import { hexOf } from './codec/frame-reader.js'

/** From here on an unsigned upper half stands for a negative number. */
const SIGN_BIT = 0x80000000

/** The newest zxid that a session has seen, in the two forms in which it is wanted. */
export class LastZxid {
  /** 8 bytes, changed in place. */
  readonly bytes: Buffer
  #hex: HexLong

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.#hex = hexOf(bytes.readUInt32BE(0), bytes.readUInt32BE(4))
  }

  get hex(): HexLong {
    return this.#hex
  }

  /** Takes note of a reply's zxid and names it. One that is not positive says nothing, and is named as the last. */
  see(high: number, low: number): HexLong {
    if (high >= SIGN_BIT || (high === 0 && low === 0)) return this.#hex
    // Most replies of a quiet ensemble bring the same one again.
    if (low !== this.bytes.readUInt32BE(4) || high !== this.bytes.readUInt32BE(0)) {
      this.bytes.writeUInt32BE(high, 0)
      this.bytes.writeUInt32BE(low, 4)
      this.#hex = hexOf(high, low)
    }
    return this.#hex
  }
}
