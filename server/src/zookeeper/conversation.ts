import type { HexLong, WatchEventType } from 'zoogate-client/protocol'
import { type AnyCall, Call, type CallResult, CallsInFlight } from './calls.js'
import type { ClaimedZxid } from './claimed-zxid.js'
import { ERR } from './codec/error-codes.js'
import { BadFrame, type FrameReader } from './codec/frame-reader.js'
import { encodeAuth, encodeSetWatches } from './codec/handshake.js'
import { OP, XID } from './codec/numbers.js'
import { readEvent, readNothing } from './codec/replies.js'
import { encodeRequest, text } from './codec/request-fields.js'
import { PING } from './codec/requests.js'
import type { LastZxid } from './last-zxid.js'
import type { OutstandingWatches } from './watches.js'

/** Far below `jute.maxbuffer` (1 MiB): a server drops the connection over a longer frame, each time again. */
const MAX_SET_WATCHES_BYTES = 128 * 1024

/** After these answers the session, or this link's hold on it, is over. */
const FINAL_ERRORS: ReadonlySet<number> = new Set([ERR.SESSION_EXPIRED, ERR.AUTH_FAILED, ERR.SESSION_MOVED])

const SYNC = { decode: readNothing }

/** What the answers amount to, told in the order in which they came. */
export interface ConversationListener {
  /** Another answer to auth, sync or setWatches came; see `restored`. */
  restoreAnswered(): void
  restoreRefused(message: string): void
  /** The server has caught up with its leader, and has not seen what is claimed to have been seen. */
  behind(): void
  /** `call`: the one that was answered so, if any; its caller has not been told. */
  final(err: number, call: AnyCall | null): void
  event(event: { type: WatchEventType; path: string }): void
  /** A ping was asked for while another one was under way, which has been answered now. */
  pingAgain(): void
}

/** What was asked over one connection after the other, and which answers are still due. */
export class Conversation {
  readonly zxid: LastZxid
  readonly watches: OutstandingWatches
  readonly #listener: ConversationListener
  readonly #write: (frame: Buffer) => void
  readonly #claim: ClaimedZxid
  readonly #calls = new CallsInFlight()
  /** Every watch has been checked up to here. Lags behind the newest zxid while watches are being set again. */
  #checkedTo: Buffer
  #authsDue = 0
  #setWatchesDue = 0
  #ping: 'none' | 'in_flight' | 'in_flight_and_wanted' = 'none'

  constructor(
    seen: { zxid: LastZxid; claim: ClaimedZxid },
    watches: OutstandingWatches,
    listener: ConversationListener,
    write: (frame: Buffer) => void,
  ) {
    this.zxid = seen.zxid
    this.watches = watches
    this.#listener = listener
    this.#write = write
    this.#claim = seen.claim
    this.#checkedTo = seen.claim.isOpen ? seen.claim.bytes : Buffer.from(seen.zxid.bytes)
  }

  get callsInFlight(): number {
    return this.#calls.count
  }

  /** Whether auth and watches have been answered, by a server that has seen what the session has. */
  get restored(): boolean {
    return this.#authsDue === 0 && this.#setWatchesDue === 0 && !this.#claim.isOpen
  }

  /** Whether a server that says nothing now leaves something unanswered. */
  get answerDue(): boolean {
    return this.#calls.count > 0 || this.#ping !== 'none' || this.#setWatchesDue > 0
  }

  /** Says first on a new connection who we are and what we watch. */
  restore(auth: readonly { scheme: string; auth: Buffer }[], nextXid: () => number): void {
    for (const credential of auth) {
      this.#write(encodeAuth(credential.scheme, credential.auth))
      this.#authsDue++
    }
    // Before the watches: a server that is behind would report as news what has been seen already.
    if (this.#claim.isOpen) this.#catchUp(nextXid())
    // The same zxid for all portions: the answer to the first one says nothing about the paths of the second.
    for (const portion of this.watches.portions(MAX_SET_WATCHES_BYTES)) {
      this.#write(encodeSetWatches(this.#checkedTo, portion))
      this.#setWatchesDue++
    }
  }

  #catchUp(xid: number): void {
    this.expect(new Call(xid, SYNC, null, (result) => this.#onCaughtUp(result)))
    this.#write(encodeRequest(xid, OP.SYNC, text('/')))
  }

  /** Where no lasting watch stands for the one-shot watches of a path any more: has the server keep them again. */
  attend(path: string): void {
    const oneShot = this.watches.unattended(path)
    if (oneShot === null) return
    if (this.restored) this.#checkedTo = Buffer.from(this.zxid.bytes)
    this.#write(encodeSetWatches(this.zxid.bytes, oneShot))
    this.#setWatchesDue++
  }

  expect(call: AnyCall): void {
    this.#calls.push(call)
  }

  /** True where a ping can be sent now. Where one is under way the wish is noted, and `pingAgain` will come. */
  wantPing(): boolean {
    if (this.#ping === 'none') return true
    this.#ping = 'in_flight_and_wanted'
    return false
  }

  ping(): void {
    this.#ping = 'in_flight'
    this.#write(PING)
  }

  /**
   * Takes one frame from the server.
   * @throws BadFrame when it is malformed or answers nothing that is due.
   */
  answer(frame: FrameReader, sessionId: Buffer): void {
    const xid = frame.int()
    const zxidHigh = frame.unsignedInt()
    const zxidLow = frame.unsignedInt()
    const err = frame.int()
    if (xid === XID.NOTIFICATION) this.#onEvent(frame)
    else if (xid === XID.PING) this.#onPong()
    else if (xid === XID.AUTH) this.#onAuth(err)
    else if (xid === XID.SET_WATCHES) this.#onSetWatches(zxidHigh, zxidLow, err)
    else this.#onReply(frame, xid, this.zxid.see(zxidHigh, zxidLow), err, sessionId)
  }

  /** The connection is gone: nothing that is due will come. Each call that waits ends with this error. */
  broken(err: number): void {
    if (this.restored) this.#checkedTo = Buffer.from(this.zxid.bytes)
    this.#authsDue = 0
    this.#setWatchesDue = 0
    this.#ping = 'none'
    this.#calls.failAll(err)
  }

  #onReply(frame: FrameReader, xid: number, zxid: HexLong, headerError: number, sessionId: Buffer): void {
    const call = this.#calls.expect(xid)
    const err = call.read(frame, zxid, headerError, sessionId)
    this.#calls.dropFirst()
    call.noteWatch(this.watches, err)
    if (FINAL_ERRORS.has(err)) this.#listener.final(err, call)
    else call.settle(err)
  }

  /** Whatever the answer, its zxid is the server's own. */
  #onCaughtUp({ err, zxid }: CallResult<object>): void {
    if (zxid === null) return
    if (this.#claim.holdsAt(zxid)) this.#listener.restoreAnswered()
    else if (err === 0) this.#listener.behind()
    else this.#listener.restoreRefused(`the server refused to catch up with its leader (error ${err})`)
  }

  #onEvent(frame: FrameReader): void {
    const event = readEvent(frame)
    if (event === null) return
    const implied = this.watches.implied(event.type, event.path)
    this.#tell(event)
    if (implied !== null) this.#tell({ type: 'NodeChildrenChanged', path: implied })
  }

  #tell(event: { type: WatchEventType; path: string }): void {
    this.watches.fire(event.type, event.path)
    this.#listener.event(event)
  }

  #onPong(): void {
    if (this.#ping === 'none') throw new BadFrame('an answer to a ping that was not sent')
    const wanted = this.#ping === 'in_flight_and_wanted'
    this.#ping = 'none'
    if (wanted) this.#listener.pingAgain()
  }

  #onAuth(err: number): void {
    if (this.#authsDue === 0) throw new BadFrame('an answer to an authentication that was not sent')
    this.#authsDue--
    this.#onRestoreAnswer(err, 'the credentials')
  }

  #onSetWatches(zxidHigh: number, zxidLow: number, err: number): void {
    if (this.#setWatchesDue === 0) throw new BadFrame('an answer to setWatches that was not sent')
    this.zxid.see(zxidHigh, zxidLow)
    this.#setWatchesDue--
    this.#onRestoreAnswer(err, 'to set the watches again')
  }

  #onRestoreAnswer(err: number, what: string): void {
    if (err === 0) this.#listener.restoreAnswered()
    else if (FINAL_ERRORS.has(err)) this.#listener.final(err, null)
    else this.#listener.restoreRefused(`the server refused ${what} (error ${err})`)
  }
}
