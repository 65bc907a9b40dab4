import type { HexLong } from 'zoogate-client/protocol'
import { BadFrame } from './codec/frames.js'
import { encodeAuth, encodeSetWatches } from './codec/records.js'
import type { LinkOptions } from './link-options.js'
import type { OutstandingWatches } from './watches.js'

/** Far below `jute.maxbuffer` (1 MiB): a server drops the connection over a longer frame, each time again. */
const MAX_SET_WATCHES_BYTES = 128 * 1024

interface Writer {
  write(frame: Buffer): void
}

/**
 * A server must accept these over a new connection before the session counts as attached: the credentials, the claimed
 * zxid, the watches.
 *
 * The session's user claims to have seen the claimed zxid. A server hangs up, without a word, on a link that brings
 * a newer zxid than its own, so a made-up one would be tried on server after server for ever. Therefore no server gets
 * it: the link brings none, has the server catch up with its leader instead, and compares.
 */
export class Restore {
  /** Also counts requests made while attached, see `restoreOneShots`. */
  setWatchesDue = 0
  readonly #options: LinkOptions
  readonly #watches: OutstandingWatches
  /** The newest zxid that was seen; the exchange changes the bytes in place. */
  readonly #zxid: Buffer
  /** 0: nothing is claimed, or a server has shown that the claim is true. */
  #claim: bigint
  /** Every watch has been checked up to here. Lags behind the newest zxid while watches are being set again. */
  #checkedTo: Buffer
  #authsDue = 0

  constructor(options: LinkOptions, watches: OutstandingWatches, zxid: Buffer) {
    this.#options = options
    this.#watches = watches
    this.#zxid = zxid
    this.#claim = BigInt(options.claimedZxid ?? 0)
    this.#checkedTo = Buffer.from(zxid)
    if (this.#claim > 0n) this.#checkedTo.writeBigUInt64BE(this.#claim)
  }

  /** Whether the server has accepted everything, and is not behind the claimed zxid. */
  get isDone(): boolean {
    return this.#authsDue === 0 && this.setWatchesDue === 0 && this.#claim === 0n
  }

  /** Sends everything. `catchUp` sends a sync; its answer goes to `holdsAt`. */
  begin(writer: Writer, catchUp: () => void): void {
    for (const { scheme, auth } of this.#options.auth ?? []) {
      writer.write(encodeAuth(scheme, auth))
      this.#authsDue++
    }
    // Before the watches: a server that is behind would report events that the session has already seen.
    if (this.#claim > 0n) catchUp()
    // The same zxid for all portions: the answer to the first one says nothing about the paths of the second.
    for (const portion of this.#watches.portions(MAX_SET_WATCHES_BYTES)) {
      this.#setWatches(writer, this.#checkedTo, portion)
    }
  }

  /** Has the server keep the one-shot watches of this path, if no lasting watch covers them any more. */
  restoreOneShots(writer: Writer, path: string): void {
    const oneShots = this.#watches.uncovered(path)
    if (oneShots === null) return
    this.#noteChecked()
    this.#setWatches(writer, this.#zxid, oneShots)
  }

  /** @throws BadFrame if none was sent */
  authAnswered(): void {
    if (this.#authsDue === 0) throw new BadFrame('an answer to an authentication that was not sent')
    this.#authsDue--
  }

  /** @throws BadFrame if none was sent */
  setWatchesAnswered(): void {
    if (this.setWatchesDue === 0) throw new BadFrame('an answer to setWatches that was not sent')
    this.setWatchesDue--
  }

  /** Whether a server at `zxid` has everything that is claimed to have been seen. Then the claim is settled for good. */
  holdsAt(zxid: HexLong): boolean {
    if (BigInt(zxid) < this.#claim) return false
    this.#claim = 0n
    return true
  }

  /** The connection is gone, and no answer will come over it. */
  end(): void {
    this.#noteChecked()
    this.#authsDue = 0
    this.setWatchesDue = 0
  }

  #noteChecked(): void {
    if (this.isDone) this.#zxid.copy(this.#checkedTo)
  }

  #setWatches(writer: Writer, zxid: Buffer, watches: Parameters<typeof encodeSetWatches>[1]): void {
    writer.write(encodeSetWatches(zxid, watches))
    this.setWatchesDue++
  }
}
