import type { WatchEventType } from 'zoogate-client/protocol'
import { type Call, settle, throwLater } from './calls.js'
import { ERR } from './codec/error-codes.js'
import type { FrameReader } from './codec/frames.js'
import { encodeConnectRequest, readConnectResponse } from './codec/handshake.js'
import { encodeCloseSession } from './codec/records.js'
import { Deadline, Exchange, type ExchangeListener, type HeldSession, silenceMs } from './exchange.js'
import {
  DEFAULT_MAX_REPLY_BYTES,
  type LinkListener,
  type LinkOptions,
  type LinkState,
} from './link-options.js'
import { FOREIGN_SESSION, type Loss, NO_QUORUM } from './loss.js'
import { dial, type Server, serverName } from './servers.js'
import { OutstandingWatches } from './watches.js'
import { Wire, type WireListener } from './wire.js'

/** A close is a quorum write: an fsync on most servers. The session's own timeout is the fallback. */
const CLOSE_TIMEOUT_MS = 2_000

/** Above the one-second stall of a dropped SYN, which a burst on a short listen backlog costs. */
const LONGEST_HANDSHAKE_MS = 2_000

/** A few round trips between continents, so that a short session timeout does not make every attempt fail. */
const SHORTEST_HANDSHAKE_MS = 250

/** These create a session. */
const NO_ID = Buffer.alloc(8)
const NO_PASSWORD = Buffer.alloc(16)

/**
 * The states of a link: many TCP connections, one after another, for one session. It knows when a connection is good,
 * lost or final; when to try again is the owner's business.
 */
export class Attachment implements WireListener, ExchangeListener {
  /** For reading only, except by `#enter`. A plain field, because it is read for every request. */
  state: LinkState = 'idle'
  readonly exchange: Exchange
  readonly #options: LinkOptions
  readonly #session: HeldSession
  readonly #deadline = new Deadline(() => this.#deadlineOnPassed())
  /** Null once the owner is to hear nothing more. */
  #listener: LinkListener | null
  /** Null while idle. */
  #wire: Wire | null = null
  /** The newest server that was dialled. */
  #server: Server | null = null
  /** Of the newest server that has accepted the session. */
  #readOnly = false
  /** Set while closing. */
  #closed: ((closed: boolean) => void) | null = null

  constructor(options: LinkOptions) {
    this.#options = options
    this.#listener = options.listener
    this.#session = heldSession(options)
    const watches = new OutstandingWatches(options.watches)
    this.exchange = new Exchange(options, this.#session, watches, this.#deadline, this)
  }

  // ---- the owner's requests ----

  attach(): void {
    if (this.state !== 'idle') throw new Error(`Only an idle link can attach; this one is ${this.state}`)
    this.#enter('dialing')
    this.#dial()
  }

  leaveServer(): void {
    if (this.state === 'restoring' || this.state === 'attached')
      this.wireLost({ cause: 'left', message: 'another server is wanted' })
  }

  detach(): void {
    if (this.state === 'ended') return
    const closed = this.#closed
    this.#listener = null
    this.#closed = null
    this.#enter('ended')
    this.#wire?.end()
    this.#dropWire(ERR.CONNECTION_LOSS)
    closed?.(false)
  }

  closeSession(done: (closed: boolean) => void): void {
    const state = this.state
    if (state === 'ended') {
      queueMicrotask(() => done(false))
      return
    }
    const earlier = this.#closed
    this.#closed = (closed) => {
      earlier?.(closed)
      done(closed)
    }
    if (state === 'closing') return
    this.#listener = null
    this.#enter('closing')
    if (state === 'restoring' || state === 'attached') this.#sendCloseSession()
    // While handshaking, a session is on its way whether its id is known or not: wait for it, then close it.
    else if (state !== 'handshaking' && !this.#hasSession()) queueMicrotask(() => this.#finishClosing(true))
    else if (state === 'idle') this.#dial()
  }

  // ---- the way up ----

  #dial(): void {
    const { servers, maxReplyBytes = DEFAULT_MAX_REPLY_BYTES } = this.#options
    const withinMs = this.#handshakeTimeoutMs()
    this.#server = servers.next()
    this.#deadline.set(withinMs)
    const socket = dial(this.#options, this.#server, withinMs)
    this.#wire = new Wire(socket, maxReplyBytes, this, this.exchange)
  }

  wireConnected(wire: Wire): void {
    const { sessionTimeoutMs, readOnly = false } = this.#options
    wire.write(encodeConnectRequest(this.#session, sessionTimeoutMs, readOnly))
    if (this.state === 'closing') return
    this.#enter('handshaking')
    this.exchange.restoreOver(wire)
  }

  wireGreeted(frame: FrameReader): void {
    const response = readConnectResponse(frame)
    if (response === 'no_session') {
      this.exchangeFinal(ERR.SESSION_EXPIRED, null)
    } else if (response === 'no_quorum') {
      this.wireLost(NO_QUORUM)
    } else if (this.#hasSession() && !response.sessionId.equals(this.#session.id)) {
      this.#refuseForeignSession()
    } else {
      this.#session.id = response.sessionId
      this.#session.password = response.password
      this.#session.timeoutMs = response.timeoutMs
      this.#readOnly = response.readOnly
      if (this.state === 'closing') this.#sendCloseSession()
      else this.#enter('restoring')
      this.exchange.openIfRestored()
    }
  }

  /** Some servers answer the id of a session that they do not know with a new session, which must not stay behind. */
  #refuseForeignSession(): void {
    this.#wire?.write(encodeCloseSession())
    this.#wire?.end()
    this.wireLost(FOREIGN_SESSION)
  }

  exchangeOpen(): void {
    this.#deadline.clear()
    this.#enter('attached')
    const { id, password, timeoutMs, zxid } = this.#session
    const session = { id, password, timeoutMs, zxid, readOnly: this.#readOnly }
    this.#tell((listener) => listener.linkAttached(session))
  }

  exchangeEvent(event: { type: WatchEventType; path: string }): void {
    this.#tell((listener) => listener.linkEvent(event))
  }

  // ---- the way down ----

  wireLost(loss: Loss): void {
    if (this.state === 'closing') {
      this.#finishClosing(false)
      return
    }
    this.#enter('idle')
    this.#dropWire(ERR.CONNECTION_LOSS)
    const server = this.#server === null ? '' : serverName(this.#server)
    this.#tell((listener) => listener.linkLost({ ...loss, server }))
  }

  exchangeUnfit(loss: Loss): void {
    this.wireLost(loss)
  }

  /** The callback of the answered call runs before the callbacks of the calls that will get no answer. */
  exchangeFinal(err: number, answered: Call | null): void {
    if (this.state === 'closing') {
      if (answered !== null) settle(answered, err)
      this.#finishClosing(err === ERR.SESSION_EXPIRED)
      return
    }
    this.#enter('ended')
    if (answered !== null) settle(answered, err)
    this.#dropWire(err)
    this.#tell((listener) => {
      if (err === ERR.SESSION_EXPIRED) listener.linkExpired()
      else if (err === ERR.SESSION_MOVED) listener.linkMoved()
      else listener.linkAuthFailed()
    })
    this.#listener = null
  }

  #deadlineOnPassed(): void {
    if (this.state === 'attached') {
      const message = `nothing came for ${silenceMs(this.#session.timeoutMs)} ms although an answer is due`
      this.wireLost({ cause: 'silent', message })
    } else {
      const reached = this.state === 'dialing' ? 'no connection' : 'no end of the handshake'
      const message = `${reached} within ${this.#handshakeTimeoutMs()} ms`
      this.wireLost({ cause: 'handshake_timeout', message })
    }
  }

  #sendCloseSession(): void {
    if (this.#wire === null) return
    this.#deadline.set(CLOSE_TIMEOUT_MS)
    this.exchange.closeSession(this.#wire, (err) =>
      this.#finishClosing(err === ERR.OK || err === ERR.SESSION_EXPIRED),
    )
  }

  /** The first end decides the argument of `done`; later ends find nothing left to do. */
  #finishClosing(closed: boolean): void {
    const done = this.#closed
    this.#closed = null
    this.#enter('ended')
    this.#dropWire(ERR.CONNECTION_LOSS)
    try {
      done?.(closed)
    } catch (error) {
      throwLater(error)
    }
  }

  #dropWire(err: number): void {
    this.#deadline.stop()
    this.#wire?.destroy()
    this.#wire = null
    this.exchange.end(err)
  }

  // ---- small things ----

  /** Deaf to repeats, and to everything after the end. */
  #enter(state: LinkState): void {
    if (this.state !== 'ended') this.state = state
  }

  /** Runs code of the link's owner in the middle of a chunk of replies; see `throwLater`. */
  #tell(call: (listener: LinkListener) => void): void {
    if (this.#listener === null) return
    try {
      call(this.#listener)
    } catch (error) {
      throwLater(error)
    }
  }

  #hasSession(): boolean {
    return !this.#session.id.equals(NO_ID)
  }

  #handshakeTimeoutMs(): number {
    const { handshakeTimeoutMs, servers } = this.#options
    if (handshakeTimeoutMs !== undefined) return handshakeTimeoutMs
    const share = Math.floor(this.#session.timeoutMs / (2 * servers.size))
    return Math.max(SHORTEST_HANDSHAKE_MS, Math.min(LONGEST_HANDSHAKE_MS, share))
  }
}

function heldSession({ session, sessionTimeoutMs, lastZxid = '0x0' }: LinkOptions): HeldSession {
  const zxid = BigInt(lastZxid)
  const zxidBytes = Buffer.alloc(8)
  zxidBytes.writeBigUInt64BE(zxid)
  return {
    // Copies, because the caller keeps its own.
    id: Buffer.from(session?.id ?? NO_ID),
    password: Buffer.from(session?.password ?? NO_PASSWORD),
    timeoutMs: sessionTimeoutMs,
    zxid: `0x${zxid.toString(16)}`,
    zxidBytes,
  }
}
