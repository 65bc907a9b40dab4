import type { Socket } from 'node:net'
import { BadFrame, FrameParser } from '../zookeeper/codec/frames.js'
import { allows, authenticate } from './acl.js'
import { isFourLetterWord } from './four-letter-words.js'
import { Outlet } from './outlet.js'
import { ERR, OP, PERMISSION, RECORD, XID } from './protocol.js'
import { type Acl, type Cursor, encodeFrame, type Id, MalformedRecord } from './records.js'
import { type Answer, isWrite, serve } from './requests.js'
import { type Session, sessionPassword } from './sessions.js'
import type { EnsembleState } from './state.js'
import type { Watcher } from './watches.js'

/** The part of a server that its connections use. */
export interface Host {
  readonly index: number
  readonly state: EnsembleState
  readonly extendedTypes: boolean
  readonly persistentWatches: boolean
  /** Longest frame that a client may send, in bytes. */
  readonly maxFrameBytes: number
  /** Whether there is a majority of servers. */
  isServing(): boolean
  /** A leader checks, for reads too, on which server the session is attached. */
  leads(): boolean
  /** Within the ensemble's bounds. */
  negotiate(timeoutMs: number): number
  answerWord(word: string): string
  /** Ends the connection that this server already has of this session. */
  endConnectionOf(sessionId: bigint): void
  /** Ends the session and its connections on every server, except for the connection that asks for it. */
  endSession(session: Session, except: Connection): void
}

/**
 * opening: the first four bytes are due. handshaking: the ConnectRequest is due. attached: to a session, until the session
 * or the connection ends. closed: deaf.
 */
type ConnectionState =
  | { name: 'opening' }
  | { name: 'handshaking' }
  | { name: 'attached'; session: Session }
  | { name: 'closed' }

/** Faults that a test can switch on. */
export interface Faults {
  /** Nothing is read and nothing is sent, but the TCP connection stays open. */
  stalled: boolean
  /** Each answer and event waits so long before it is sent. */
  answerDelayMs: number
}

const NOTIFICATION_ZXID = -1n
const CONNECTED = 3
const PASSWORD_BYTES = 16
const WORD_BYTES = 4

/** A client may leave so much unread, or a fault hold it back: dozens of the largest nodes. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024

/** One client's connection to one server. Each request is answered at once and in order. */
export class Connection implements Watcher {
  readonly #host: Host
  readonly #socket: Socket
  readonly #outlet: Outlet
  readonly #parser: FrameParser
  readonly #address: string
  #identities: readonly Id[]
  #state: ConnectionState = { name: 'opening' }
  #firstBytes = Buffer.alloc(0)

  constructor(socket: Socket, host: Host) {
    this.#host = host
    this.#socket = socket
    this.#outlet = new Outlet(socket)
    this.#parser = new FrameParser(host.maxFrameBytes)
    this.#address = socket.remoteAddress ?? '127.0.0.1'
    this.#identities = [{ scheme: 'ip', id: this.#address }]
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#socketOnData(chunk))
    socket.on('end', () => this.end())
    socket.on('close', () => this.destroy())
    socket.on('drain', () => this.#updateReading())
    // 'close' follows; without a listener the error would end the process.
    socket.on('error', () => this.destroy())
  }

  /** null before the handshake, and once the connection is closed. */
  get sessionId(): bigint | null {
    return this.#state.name === 'attached' ? this.#state.session.id : null
  }

  get address(): string {
    return `${this.#address}:${this.#socket.remotePort}`
  }

  suffer({ stalled, answerDelayMs }: Partial<Faults>): void {
    if (answerDelayMs !== undefined) this.#outlet.delayMs = answerDelayMs
    if (stalled !== undefined) this.#outlet.stalled = stalled
    this.#updateReading()
  }

  notify(type: number, path: string, acl: readonly Acl[]): void {
    if (!allows(acl, PERMISSION.READ, this.#identities)) return
    const header = RECORD.replyHeader.of({ xid: XID.NOTIFICATION, zxid: NOTIFICATION_ZXID, err: ERR.OK })
    this.#send(encodeFrame(header, RECORD.event.of({ type, state: CONNECTED, path })))
  }

  /** Sends the frames that wait, then closes. */
  end(): void {
    if (this.#enterClosed()) this.#outlet.end()
  }

  /** Closes at once. */
  destroy(): void {
    this.#enterClosed()
    this.#outlet.discard()
    this.#socket.destroy()
  }

  /** @returns whether the connection was open until now */
  #enterClosed(): boolean {
    if (this.#state.name === 'closed') return false
    this.#state = { name: 'closed' }
    this.#host.state.watches.removeAllOf(this)
    return true
  }

  #updateReading(): void {
    if (this.#outlet.stalled || this.#socket.writableNeedDrain) this.#socket.pause()
    else this.#socket.resume()
  }

  #send(frame: Buffer): void {
    this.#outlet.send(frame)
    if (this.#outlet.unsentBytes > MAX_UNSENT_BYTES) this.destroy()
    else this.#updateReading()
  }

  #socketOnData(chunk: Buffer): void {
    if (this.#state.name === 'closed') return
    try {
      this.#read(this.#state.name === 'opening' ? this.#open(chunk) : chunk)
    } catch (error) {
      // No ZooKeeper client sends such bytes. As ZooKeeper does, close without an answer.
      if (!(error instanceof BadFrame || error instanceof MalformedRecord)) throw error
      this.destroy()
    }
  }

  /** @returns the bytes to read as frames: none before the first four, which may be an administrator's word */
  #open(chunk: Buffer): Buffer {
    const bytes = Buffer.concat([this.#firstBytes, chunk])
    this.#firstBytes = bytes
    if (bytes.length < WORD_BYTES) return Buffer.alloc(0)
    const word = bytes.toString('latin1', 0, WORD_BYTES)
    if (isFourLetterWord(word)) {
      this.#send(Buffer.from(this.#host.answerWord(word)))
      this.end()
      return Buffer.alloc(0)
    }
    this.#state = { name: 'handshaking' }
    this.#firstBytes = Buffer.alloc(0)
    return bytes
  }

  #read(chunk: Buffer): void {
    this.#parser.feed(chunk)
    for (let reader = this.#parser.next(); reader !== null; reader = this.#parser.next()) {
      const request = { frame: reader.rest(), offset: 0 }
      if (this.#state.name === 'handshaking') this.#connect(request)
      else if (this.#state.name === 'attached') this.#serve(request, this.#state.session)
      if (this.#state.name === 'closed') return
    }
  }

  #connect(request: Cursor): void {
    const { lastZxidSeen, timeoutMs, sessionId, password } = RECORD.connectRequest.read(request)
    const knowsReadOnly = request.offset < request.frame.length
    const { state } = this.#host
    // A client that is ahead of this server has to find a server that is not behind it.
    if (!this.#host.isServing() || lastZxidSeen > state.zxid) {
      this.end()
      return
    }
    const session = this.#attach(sessionId, password, this.#host.negotiate(timeoutMs))
    const response = RECORD.connectResponse.of({
      protocolVersion: 0,
      timeoutMs: session?.timeoutMs ?? 0,
      sessionId: session?.id ?? 0n,
      password: session === null ? Buffer.alloc(PASSWORD_BYTES) : sessionPassword(session.id),
    })
    this.#send(encodeFrame(response, knowsReadOnly ? RECORD.readOnly.of({ readOnly: false }) : null))
    if (session === null) this.end()
    else this.#state = { name: 'attached', session }
  }

  #attach(sessionId: bigint, password: Buffer | null, timeoutMs: number): Session | null {
    const { state, index } = this.#host
    if (sessionId === 0n) return state.openSession(index, timeoutMs)
    // As in ZooKeeper, before anything is checked.
    this.#host.endConnectionOf(sessionId)
    const session = state.sessions.get(sessionId)
    if (session === undefined || password?.equals(sessionPassword(sessionId)) !== true) return null
    Object.assign(session, { timeoutMs, server: index })
    state.sessions.touch(session)
    return session
  }

  #serve(request: Cursor, session: Session): void {
    const { state, index, extendedTypes, persistentWatches } = this.#host
    const { xid, type } = RECORD.requestHeader.read(request)
    state.sessions.touch(session)
    const hasMoved = session.server !== index
    if (type === OP.AUTH) this.#authenticate(xid, request)
    else if (type === OP.CLOSE_SESSION) this.#closeSession(xid, session)
    else if (hasMoved && (isWrite(type) || this.#host.leads())) this.end()
    else if (type === OP.PING) this.#answer(XID.PING, { err: ERR.OK, body: null })
    else {
      const asker = { sessionId: session.id, identities: this.#identities }
      const answer = serve(type, request, { state, asker, watcher: this, extendedTypes, persistentWatches })
      this.#answer(xid, answer)
      // A client that sends an unknown request loses its connection, and may attach again.
      if (answer.err === ERR.UNIMPLEMENTED && !isWrite(type)) this.end()
    }
  }

  #closeSession(xid: number, session: Session): void {
    this.#host.endSession(session, this)
    this.#answer(xid, { err: ERR.OK, body: null })
    this.end()
  }

  #authenticate(xid: number, request: Cursor): void {
    const { scheme, auth } = RECORD.auth.read(request)
    const identity = authenticate(scheme, auth, this.#address)
    if (identity !== null) {
      const known = this.#identities.some(
        ({ scheme, id }) => scheme === identity.scheme && id === identity.id,
      )
      if (!known) this.#identities = [...this.#identities, identity]
    }
    const err = identity === null ? ERR.AUTH_FAILED : ERR.OK
    this.#send(encodeFrame(RECORD.replyHeader.of({ xid, zxid: 0n, err }), null))
    if (identity === null) this.end()
  }

  #answer(xid: number, { err, body }: Answer): void {
    const header = RECORD.replyHeader.of({ xid, zxid: this.#host.state.zxid, err })
    this.#send(encodeFrame(header, body))
  }
}
