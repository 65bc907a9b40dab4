import type { HexLong } from 'zoogate-client/protocol'

/**
 * A zxid that somebody says to have seen. A server hangs up, without a word, on a link that brings a newer zxid than its own,
 * so one that is made up would be tried on server after server for ever. No server is told of it: the link brings none, has
 * the server catch up with its leader instead, and compares.
 */
export class ClaimedZxid {
  /** 0: nothing is claimed, or it has been shown to be true. */
  #claim: bigint

  constructor(claim: HexLong = '0x0') {
    this.#claim = BigInt(claim)
  }

  get isOpen(): boolean {
    return this.#claim > 0n
  }

  /** As 8 bytes. */
  get bytes(): Buffer {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(this.#claim)
    return bytes
  }

  /** @returns whether a server at `zxid` has everything that is claimed to have been seen; then the claim is settled */
  holdsAt(zxid: HexLong): boolean {
    if (BigInt(zxid) < this.#claim) return false
    this.#claim = 0n
    return true
  }
}
