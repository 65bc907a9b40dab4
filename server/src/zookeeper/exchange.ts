import type { HexLong, WatchEventType } from 'zoogate-client/protocol'
import {
  type Call,
  type Callback,
  type CallResult,
  CallsInFlight,
  noteWatch,
  type Operation,
  settle,
} from './calls.js'
import { ERR } from './codec/error-codes.js'
import { BadFrame, type FrameReader, hexOf } from './codec/frames.js'
import { OP, XID } from './codec/numbers.js'
import { encodeCloseSession, encodeRequest, PING, readEvent, readNothing, text } from './codec/records.js'
import {
  DEFAULT_MAX_CALLS_IN_FLIGHT,
  DEFAULT_MAX_UNSENT_BYTES,
  type LinkOptions,
  type LinkState,
} from './link-options.js'
import { BEHIND, type Loss } from './loss.js'
import { Restore } from './restore.js'
import type { OutstandingWatches } from './watches.js'
import type { Wire, WireTraffic } from './wire.js'

/** After these answers the session is over, or this link has lost it. */
const FINAL_ERRORS: ReadonlySet<number> = new Set([ERR.SESSION_EXPIRED, ERR.AUTH_FAILED, ERR.SESSION_MOVED])

const WITHOUT_RESULT = { decode: readNothing }

/** From here on an unsigned upper half stands for a negative number. */
const SIGN_BIT = 0x80000000

/** How long a server that owes an answer may say nothing at all. */
export function silenceMs(sessionTimeoutMs: number): number {
  return Math.floor((sessionTimeoutMs * 2) / 3)
}

/** A link's knowledge of its session. */
export interface HeldSession {
  /** 8 bytes, all zero before the first attach of a new session. */
  id: Buffer
  /** 16 bytes. */
  password: Buffer
  /** As asked for, and after the first attach as the ensemble granted it. */
  timeoutMs: number
  /** The newest zxid that was seen; `0x0` before the first. */
  zxid: HexLong
  /** The same as 8 bytes, which are changed in place. */
  readonly zxidBytes: Buffer
}

/** The attachment: its state decides what may be sent, and it is told the meaning of the answers, in their order. */
export interface ExchangeListener {
  readonly state: LinkState
  /** The server has accepted the credentials, the claimed zxid and the watches: calls may be sent from now on. */
  exchangeOpen(): void
  /** This server cannot serve the session; another one may. */
  exchangeUnfit(loss: Loss): void
  /** `call`: the one that was answered with this error, if any. It has not been settled. */
  exchangeFinal(err: number, call: Call | null): void
  exchangeEvent(event: { type: WatchEventType; path: string }): void
}

/** A link's requests and their replies, over the connection that it has now: calls, pings, watches, and the silence between. */
export class Exchange implements WireTraffic {
  readonly watches: OutstandingWatches
  readonly #session: HeldSession
  readonly #listener: ExchangeListener
  readonly #deadline: Deadline
  readonly #restore: Restore
  readonly #maxCallsInFlight: number
  readonly #maxUnsentBytes: number
  readonly #calls = new CallsInFlight()
  #wire: Wire | null = null
  #ping: 'none' | 'in_flight' | 'in_flight_and_wanted' = 'none'
  /** When the server last sent anything, on a clock that only goes forward. */
  #heardAt = 0
  /** Set when the link is attached. */
  #silenceMs = 0

  constructor(
    options: LinkOptions,
    session: HeldSession,
    watches: OutstandingWatches,
    deadline: Deadline,
    listener: ExchangeListener,
  ) {
    this.watches = watches
    this.#session = session
    this.#listener = listener
    this.#deadline = deadline
    this.#restore = new Restore(options, watches, session.zxidBytes)
    this.#maxCallsInFlight = options.maxCallsInFlight ?? DEFAULT_MAX_CALLS_IN_FLIGHT
    this.#maxUnsentBytes = options.maxUnsentBytes ?? DEFAULT_MAX_UNSENT_BYTES
  }

  // ---- the connection ----

  /** Sends auth, sync and watches behind the ConnectRequest: a server answers in order, so nothing overtakes them. */
  restoreOver(wire: Wire): void {
    this.#wire = wire
    this.#restore.begin(wire, () => {
      this.follow(encodeRequest(OP.SYNC, text('/')), WITHOUT_RESULT, (result) => this.#onCaughtUp(result))
    })
  }

  /** To be called after the handshake, too: it may be that nothing had to be restored. */
  openIfRestored(): void {
    if (this.#listener.state !== 'restoring' || !this.#restore.isDone) return
    this.#silenceMs = silenceMs(this.#session.timeoutMs)
    this.#listener.exchangeOpen()
  }

  /** Closes the session behind everything that was sent. `done` gets the error of the answer, or of the loss. */
  closeSession(wire: Wire, done: (err: number) => void): void {
    this.#wire = wire
    this.follow(encodeCloseSession(), WITHOUT_RESULT, ({ err }) => done(err))
  }

  /** The connection is gone: each call in flight ends with this error. */
  end(err: number): void {
    this.#wire = null
    this.#restore.end()
    this.#ping = 'none'
    this.#calls.failAll(err)
  }

  // ---- requests ----

  /** Sends a request. False if it cannot be sent now: then the callback has run. */
  call<T>(
    frame: Buffer,
    operation: Operation<T>,
    callback: Callback<T>,
    watchPath: string | null = null,
  ): boolean {
    if (this.#listener.state !== 'attached' || this.#wire === null) {
      callback({ err: ERR.CONNECTION_LOSS, zxid: null, outcome: 'not_executed' })
      return false
    }
    if (this.#calls.count >= this.#maxCallsInFlight || this.#wire.unsentBytes > this.#maxUnsentBytes) {
      callback({ err: ERR.THROTTLED, zxid: null, outcome: 'not_executed' })
      return false
    }
    if (this.#calls.count === 0) this.#expectAnswer()
    this.#calls.add(frame, operation, watchPath, callback)
    this.#wire.write(frame)
    return true
  }

  /** Sends a request that belongs to an earlier one, however many calls are in flight. */
  follow<T>(frame: Buffer, operation: Operation<T>, callback: Callback<T>): void {
    this.#calls.add(frame, operation, null, callback)
    this.#wire?.write(frame)
  }

  /** Has the server keep the one-shot watches of this path, if no lasting watch covers them any more. */
  restoreOneShots(path: string): void {
    if (this.#listener.state !== 'attached' || this.#wire === null) return
    this.#expectAnswer()
    this.#restore.restoreOneShots(this.#wire, path)
  }

  /** The page was heard, which entitles its session to live on. A request in this tick, or a ping under way, will do. */
  heartbeat(): void {
    if (this.#listener.state === 'attached') this.#wire?.pingUnlessWritten()
  }

  nothingWritten(): void {
    if (this.#listener.state !== 'attached') return
    if (this.#ping !== 'none') {
      this.#ping = 'in_flight_and_wanted'
      return
    }
    this.#expectAnswer()
    this.#ping = 'in_flight'
    this.#wire?.write(PING)
  }

  // ---- replies ----

  /** @throws BadFrame when it is malformed or answers nothing that is due. */
  frame(frame: FrameReader): void {
    const xid = frame.int()
    const zxidHigh = frame.int() >>> 0
    const zxidLow = frame.int() >>> 0
    const err = frame.int()
    if (xid === XID.NOTIFICATION) this.#onEvent(frame)
    else if (xid === XID.PING) this.#onPong()
    else if (xid === XID.AUTH) this.#onAuth(err)
    else if (xid === XID.SET_WATCHES) this.#onSetWatches(zxidHigh, zxidLow, err)
    else {
      const call = this.#calls.answer(xid, frame, this.#see(zxidHigh, zxidLow), err, this.#session.id)
      const result = call.result?.err ?? err
      if (call.watchPath !== null) noteWatch(this.watches, call, result)
      if (FINAL_ERRORS.has(result)) this.#listener.exchangeFinal(result, call)
      else settle(call, result)
    }
  }

  /** Takes note of a reply's zxid and names it. One that is not positive says nothing, and is named as the last. */
  #see(high: number, low: number): HexLong {
    const session = this.#session
    if (high >= SIGN_BIT || (high === 0 && low === 0)) return session.zxid
    // Most replies of a quiet ensemble bring the same one again.
    if (low !== session.zxidBytes.readUInt32BE(4) || high !== session.zxidBytes.readUInt32BE(0)) {
      session.zxidBytes.writeUInt32BE(high, 0)
      session.zxidBytes.writeUInt32BE(low, 4)
      session.zxid = hexOf(high, low)
    }
    return session.zxid
  }

  #onEvent(frame: FrameReader): void {
    const event = readEvent(frame)
    if (event === null) return
    const implied = this.watches.implied(event.type, event.path)
    this.#fire(event)
    if (implied !== null) this.#fire({ type: 'NodeChildrenChanged', path: implied })
  }

  #fire(event: { type: WatchEventType; path: string }): void {
    this.watches.fire(event.type, event.path)
    this.#listener.exchangeEvent(event)
  }

  #onPong(): void {
    if (this.#ping === 'none') throw new BadFrame('an answer to a ping that was not sent')
    const wanted = this.#ping === 'in_flight_and_wanted'
    this.#ping = 'none'
    if (wanted) this.heartbeat()
  }

  #onAuth(err: number): void {
    this.#restore.authAnswered()
    this.#onRestoreAnswer(err, 'the credentials')
  }

  #onSetWatches(zxidHigh: number, zxidLow: number, err: number): void {
    this.#restore.setWatchesAnswered()
    this.#see(zxidHigh, zxidLow)
    this.#onRestoreAnswer(err, 'to set the watches again')
  }

  #onRestoreAnswer(err: number, refused: string): void {
    if (err === 0) this.openIfRestored()
    else if (FINAL_ERRORS.has(err)) this.#listener.exchangeFinal(err, null)
    else this.#refused(`the server refused ${refused} (error ${err})`)
  }

  /** Whatever the answer, its zxid is the server's own. */
  #onCaughtUp({ err, zxid }: CallResult<object>): void {
    if (zxid === null) return
    if (this.#restore.holdsAt(zxid)) this.openIfRestored()
    else if (err !== 0) this.#refused(`the server refused to catch up with its leader (error ${err})`)
    // A session that is being closed may be closed from any server.
    else if (this.#listener.state === 'restoring') this.#listener.exchangeUnfit(BEHIND)
  }

  #refused(message: string): void {
    this.#listener.exchangeUnfit({ cause: 'restore_refused', message })
  }

  // ---- silence ----

  chunkRead(): void {
    this.#heardAt = performance.now()
    if (this.#listener.state !== 'attached') return
    if (this.#answerDue) this.#deadline.set(this.#silenceMs)
    else this.#deadline.clear()
  }

  get #answerDue(): boolean {
    return this.#calls.count > 0 || this.#ping !== 'none' || this.#restore.setWatchesDue > 0
  }

  /**
   * To be called before something is sent that wants an answer. If it is the first, the deadline counts from the last sign of
   * life, as the ensemble's deadline does with the link's: a quiet page has the link ask only every third of the timeout,
   * and counted from there the session would be over when the silence is. The answer gets a third in any case.
   */
  #expectAnswer(): void {
    if (this.#answerDue) return
    const leftMs = this.#heardAt + this.#silenceMs - performance.now()
    this.#deadline.set(Math.max(leftMs, Math.floor(this.#session.timeoutMs / 3)))
  }
}

/**
 * A point in time that moves often and passes seldom. Moving it later costs an assignment: the timer behind it is armed
 * again only when it fires too early.
 */
export class Deadline {
  readonly #onPassed: () => void
  #at = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | null = null
  #firesAt = 0

  constructor(onPassed: () => void) {
    this.#onPassed = onPassed
  }

  /** Sets the deadline, or moves it, to `ms` milliseconds from now. */
  set(ms: number): void {
    const now = performance.now()
    this.#at = now + ms
    if (this.#timer === null || this.#firesAt > this.#at) this.#arm(now)
  }

  /** No deadline until the next `set`. A timer that is still armed fires into nothing. */
  clear(): void {
    this.#at = Number.POSITIVE_INFINITY
  }

  /** As `clear`, and disarms the timer, which would keep the process alive. */
  stop(): void {
    this.clear()
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #arm(now: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#firesAt = this.#at
    this.#timer = setTimeout(() => this.#fired(), Math.ceil(this.#at - now))
  }

  #fired(): void {
    this.#timer = null
    if (this.#at === Number.POSITIVE_INFINITY) return
    const now = performance.now()
    if (now < this.#at) this.#arm(now)
    // This process itself may have paused (a suspended machine, say). Timers run before sockets are read: let the sockets
    // be read first, then judge.
    else setImmediate(() => this.#judge())
  }

  #judge(): void {
    const now = performance.now()
    if (this.#at === Number.POSITIVE_INFINITY || this.#timer !== null) return
    if (now < this.#at) {
      this.#arm(now)
      return
    }
    this.clear()
    this.#onPassed()
  }
}
