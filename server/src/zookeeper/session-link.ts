import { type AnyCall, Call, type Callback, callOut } from './calls.js'
import { ClaimedZxid } from './claimed-zxid.js'
import { ERR } from './codec/error-codes.js'
import type { FrameReader } from './codec/frame-reader.js'
import { encodeCloseSession, encodeConnectRequest, readConnectResponse } from './codec/handshake.js'
import { LAST_XID } from './codec/numbers.js'
import { readNothing } from './codec/replies.js'
import { Conversation, type ConversationListener } from './conversation.js'
import { Deadline } from './deadline.js'
import { dialOf } from './dial.js'
import { LastZxid } from './last-zxid.js'
import {
  DEFAULT_MAX_CALLS_IN_FLIGHT,
  DEFAULT_MAX_REPLY_BYTES,
  DEFAULT_MAX_UNSENT_BYTES,
  defaultHandshakeTimeoutMs,
  type LinkListener,
  type LinkOptions,
} from './link-options.js'
import { type LinkState, STATE_NUMBERS, stateNamed } from './link-state.js'
import { BEHIND, FOREIGN_SESSION, type Loss, NO_QUORUM } from './loss.js'
import { ConnectionManager } from './package-connection.js'
import { serverName } from './server-list.js'
import { Silence, silenceMs } from './silence.js'
import { OutstandingWatches } from './watches.js'
import { Wire } from './wire.js'

/** A close is a quorum write: an fsync on most servers. The session's own timeout is the fallback. */
const CLOSE_TIMEOUT_MS = 2_000

/**
 * The package's connection manager parses a connect string for every instance and keeps the result. The link takes its
 * servers from a cursor on a list that all links share, so it is given the shortest string that it accepts.
 */
const UNUSED_CONNECT_STRING = '-'

const CLOSE_SESSION = { decode: readNothing }

/**
 * One ZooKeeper session's way to the ensemble: many TCP connections, one after another. It keeps what belongs to the
 * session (id, password, zxid, watches) and knows when a connection is good, lost or final; when to try again is its
 * owner's business.
 */
export abstract class SessionLink extends ConnectionManager {
  readonly #options: LinkOptions
  readonly #conversation: Conversation
  readonly #deadline = new Deadline(() => this.#deadlineOnPassed())
  readonly #silence = new Silence(this.#deadline)
  /** Null once nobody wants to hear more. */
  #listener: LinkListener | null
  /** Null while idle. */
  #wire: Wire | null = null
  #server = ''
  /** Of the newest server that has let us in. */
  #readOnly = false
  /** Set while closing. */
  #closed: ((closed: boolean) => void) | null = null

  constructor(options: LinkOptions) {
    super(
      UNUSED_CONNECT_STRING,
      {
        sessionTimeout: options.sessionTimeoutMs,
        spinDelay: 0,
        ...(options.session && { sessionId: options.session.id, sessionPassword: options.session.password }),
      },
      ignoreState,
    )
    // The package's own request queue and watch registry are not used: let them go, times thousands of links.
    this.packetQueue = null
    this.watcherManager = null
    this.#options = options
    this.#listener = options.listener
    this.zxid.writeBigUInt64BE(BigInt(options.lastZxid ?? 0))
    const told: ConversationListener = {
      restoreAnswered: () => this.#attachWhenRestored(),
      restoreRefused: (message) => this.#lose({ cause: 'restore_refused', message }),
      // A session that is being closed may be closed from any server.
      behind: () => this.linkState === 'restoring' && this.#lose(BEHIND),
      final: (err, call) => this.#end(err, call),
      event: (event) => this.#tell((listener) => listener.linkEvent(event)),
      pingAgain: () => this.heartbeat(),
    }
    const watches = new OutstandingWatches(options.watches)
    const seen = { zxid: new LastZxid(this.zxid), claim: new ClaimedZxid(options.claimedZxid) }
    this.#conversation = new Conversation(seen, watches, told, (frame) => this.#write(frame))
  }

  get linkState(): LinkState {
    return stateNamed(this.state)
  }

  /** One-shot watches that are set and have not fired, and lasting ones. */
  get watchCount(): number {
    return this.watches.count
  }

  /** What their paths take on the wire. */
  get watchBytes(): number {
    return this.watches.bytes
  }

  protected get watches(): OutstandingWatches {
    return this.#conversation.watches
  }

  /**
   * Makes one attempt on the next server, which ends in exactly one call of the listener: attached, lost or final.
   * @throws Error unless the link is idle.
   */
  attach(): void {
    if (this.linkState !== 'idle')
      throw new Error(`Only an idle link can attach; this one is ${this.linkState}`)
    this.#enter('dialing')
    this.#dial()
  }

  /**
   * The page was heard, which entitles its session to live on. Sends a ping at the end of the tick unless a request
   * goes out in it or a ping is under way.
   */
  heartbeat(): void {
    if (this.state === STATE_NUMBERS.attached) this.#wire?.nudge()
  }

  /**
   * Leaves the server for the next one, from a read-only server for one with a quorum, say. Ends like any other loss, with
   * `linkLost`. Does nothing where no server is.
   */
  leaveServer(): void {
    const state = this.linkState
    if (state === 'restoring' || state === 'attached')
      this.#lose({ cause: 'left', message: 'another server is wanted' })
  }

  /**
   * Final: lets go of the session without closing it. What was written is still sent; calls in flight fail with
   * CONNECTION_LOSS; the listener hears no more.
   */
  detach(): void {
    if (this.linkState === 'ended') return
    const closed = this.#closed
    this.#listener = null
    this.#closed = null
    this.#enter('ended')
    this.#wire?.end()
    this.#dropWire(ERR.CONNECTION_LOSS)
    closed?.(false)
  }

  /**
   * Final: closes the session on the ensemble, after the answers to what was sent before. A link that is not attached
   * makes at most one attempt for it. `done(true)`: the ensemble has confirmed it, or there was no session;
   * `done(false)`: not confirmed in time, the session ends by its timeout at the latest. Never called before this
   * method returns. The listener hears no more.
   */
  closeSession(done: (closed: boolean) => void): void {
    const state = this.linkState
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
    // While handshaking, a session is on its way whether it is known by now or not: wait for it, then close it.
    else if (state !== 'handshaking' && !this.#hasSession()) queueMicrotask(() => this.#finishClosing(true))
    else if (state === 'idle') this.#dial()
  }

  /** The xid for one more request, or 0 when it cannot be sent now: then the callback has been told. */
  protected admit(callback: Callback<never>): number {
    const { maxCallsInFlight = DEFAULT_MAX_CALLS_IN_FLIGHT, maxUnsentBytes = DEFAULT_MAX_UNSENT_BYTES } =
      this.#options
    if (this.state !== STATE_NUMBERS.attached || this.#wire === null) {
      callback({ err: ERR.CONNECTION_LOSS, zxid: null, outcome: 'not_executed' })
    } else if (
      this.#conversation.callsInFlight >= maxCallsInFlight ||
      this.#wire.unsentBytes > maxUnsentBytes
    ) {
      callback({ err: ERR.THROTTLED, zxid: null, outcome: 'not_executed' })
    } else {
      return this.#nextXid()
    }
    return 0
  }

  /** Sends an admitted request. */
  protected send(frame: Buffer, call: AnyCall): void {
    this.#watchSilence()
    this.#conversation.expect(call)
    this.#wire?.write(frame)
  }

  /** Has the server keep the one-shot watches of this path again, if no lasting watch stands for them any more. */
  protected attend(path: string): void {
    if (this.state !== STATE_NUMBERS.attached) return
    this.#watchSilence()
    this.#conversation.attend(path)
  }

  // ---- the way up ----

  #dial(): void {
    const { servers, maxReplyBytes = DEFAULT_MAX_REPLY_BYTES } = this.#options
    const server = servers.next()
    const withinMs = this.#handshakeTimeoutMs()
    this.#server = serverName(server)
    this.#deadline.set(withinMs)
    this.#wire = new Wire(() => dialOf(this.#options)(server, withinMs), maxReplyBytes, {
      connected: () => this.#wireOnConnected(),
      greeting: (frame) => this.#wireOnGreeting(frame),
      frame: (frame) => this.#conversation.answer(frame, this.sessionId),
      heard: () => this.#wireOnHeard(),
      quietTick: () => this.#wireOnQuietTick(),
      lost: (loss) => this.#lose(loss),
    })
  }

  /** All in one write: a server answers in order, so that nothing else is answered before auth and watches. */
  #wireOnConnected(): void {
    const connectRequest = encodeConnectRequest({
      lastZxid: this.zxid,
      timeoutMs: this.#options.sessionTimeoutMs,
      sessionId: this.sessionId,
      password: this.sessionPassword,
      readOnly: this.#options.readOnly ?? false,
    })
    this.#write(connectRequest)
    if (this.linkState === 'closing') return
    this.#enter('handshaking')
    this.#conversation.restore(this.#options.auth ?? [], () => this.#nextXid())
  }

  #wireOnGreeting(frame: FrameReader): void {
    const response = readConnectResponse(frame)
    if (response === 'no_session') {
      this.#end(ERR.SESSION_EXPIRED, null)
    } else if (response === 'no_quorum') {
      this.#lose(NO_QUORUM)
    } else if (this.#hasSession() && !response.sessionId.equals(this.sessionId)) {
      this.#refuseForeignSession()
    } else {
      this.sessionId = response.sessionId
      this.sessionPassword = response.password
      this.updateTimeout(response.timeoutMs)
      this.#readOnly = response.readOnly
      if (this.linkState === 'closing') this.#sendCloseSession()
      else this.#enter('restoring')
      this.#attachWhenRestored()
    }
  }

  /** Some servers answer the id of a session that they do not know with a new session. Nobody wants that one. */
  #refuseForeignSession(): void {
    this.#write(encodeCloseSession(this.#nextXid()))
    this.#wire?.end()
    this.#lose(FOREIGN_SESSION)
  }

  #attachWhenRestored(): void {
    if (this.linkState !== 'restoring' || !this.#conversation.restored) return
    this.#deadline.clear()
    this.#enter('attached')
    const session = {
      id: this.sessionId,
      password: this.sessionPassword,
      timeoutMs: this.sessionTimeout,
      zxid: this.#conversation.zxid.hex,
      readOnly: this.#readOnly,
    }
    this.#tell((listener) => listener.linkAttached(session))
  }

  // ---- silence ----

  #watchSilence(): void {
    if (!this.#conversation.answerDue) this.#silence.onAsked(this.sessionTimeout)
  }

  #wireOnHeard(): void {
    this.#silence.onHeard()
    if (this.state !== STATE_NUMBERS.attached) return
    this.#silence.onAnswered(this.#conversation.answerDue, this.sessionTimeout)
  }

  #wireOnQuietTick(): void {
    if (this.state !== STATE_NUMBERS.attached || !this.#conversation.wantPing()) return
    this.#watchSilence()
    this.#conversation.ping()
  }

  #deadlineOnPassed(): void {
    const state = this.linkState
    if (state === 'attached') {
      const message = `nothing came for ${silenceMs(this.sessionTimeout)} ms although an answer is due`
      this.#lose({ cause: 'silent', message })
    } else {
      const reached = state === 'dialing' ? 'no connection' : 'no end of the handshake'
      const message = `${reached} within ${this.#handshakeTimeoutMs()} ms`
      this.#lose({ cause: 'handshake_timeout', message })
    }
  }

  // ---- the way down ----

  #lose(loss: Loss): void {
    if (this.linkState === 'closing') {
      this.#finishClosing(false)
      return
    }
    this.#enter('idle')
    this.#dropWire(ERR.CONNECTION_LOSS)
    this.#tell((listener) => listener.linkLost({ ...loss, server: this.#server }))
  }

  /** `answered`: its answer says so; its caller hears it before those whose answers will not come. */
  #end(err: number, answered: AnyCall | null): void {
    if (this.linkState === 'closing') {
      answered?.settle(err)
      this.#finishClosing(err === ERR.SESSION_EXPIRED)
      return
    }
    this.#enter('ended')
    answered?.settle(err)
    this.#dropWire(err)
    this.#tell((listener) => {
      if (err === ERR.SESSION_EXPIRED) listener.linkExpired()
      else if (err === ERR.SESSION_MOVED) listener.linkMoved()
      else listener.linkAuthFailed()
    })
    this.#listener = null
  }

  #sendCloseSession(): void {
    const xid = this.#nextXid()
    this.#deadline.set(CLOSE_TIMEOUT_MS)
    this.#conversation.expect(
      new Call(xid, CLOSE_SESSION, null, ({ err }) =>
        this.#finishClosing(err === 0 || err === ERR.SESSION_EXPIRED),
      ),
    )
    this.#write(encodeCloseSession(xid))
  }

  /** What comes of it is told once, by whichever end comes first. */
  #finishClosing(closed: boolean): void {
    const done = this.#closed
    this.#closed = null
    this.#enter('ended')
    this.#dropWire(ERR.CONNECTION_LOSS)
    if (done) callOut(done, closed)
  }

  #dropWire(err: number): void {
    this.#deadline.stop()
    this.#wire?.destroy()
    this.#wire = null
    this.#conversation.broken(err)
  }

  // ---- small things ----

  /** Deaf to repeats, and to everything after the end. */
  #enter(state: LinkState): void {
    if (this.state !== STATE_NUMBERS.ended) this.setState(STATE_NUMBERS[state])
  }

  #write(frame: Buffer): void {
    this.#wire?.write(frame)
  }

  #tell(call: (listener: LinkListener) => void): void {
    if (this.#listener !== null) callOut(call, this.#listener)
  }

  #hasSession(): boolean {
    return this.sessionId.some((byte) => byte !== 0)
  }

  #nextXid(): number {
    this.xid = this.xid >= LAST_XID ? 1 : this.xid + 1
    return this.xid
  }

  #handshakeTimeoutMs(): number {
    const { handshakeTimeoutMs, servers } = this.#options
    return handshakeTimeoutMs ?? defaultHandshakeTimeoutMs(this.sessionTimeout, servers.size)
  }
}

/** The package insists on a listener for its state numbers; the link's owner has a LinkListener. */
function ignoreState(): void {}
