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

/** The server that a connection goes to, as far as the connection needs it. */
export interface Host {
  readonly index: number
  readonly state: EnsembleState
  readonly extendedTypes: boolean
  readonly persistentWatches: boolean
  /** Longest frame that a client may send, in bytes. */
  readonly maxFrameBytes: number
  /** Whether there is a majority of servers. */
  isServing(): boolean
  /** A leader checks for reads too where the session is attached now. */
  leads(): boolean
  /** Within the ensemble's bounds. */
  negotiate(timeoutMs: number): number
  answerWord(word: string): string
  /** Ends the connection of this session that this server has already. */
  endConnectionOf(sessionId: bigint): void
  /** Ends the session and its connections on every server, but for the one that asks for it. */
  endSession(session: Session, except: Connection): void
}

/**
 * opening: the first four bytes are due. greeting: the ConnectRequest is due. attached: to a session, until either
 * ends. closed: deaf.
 */
type ConnectionState =
  | { name: 'opening' }
  | { name: 'greeting' }
  | { name: 'attached'; session: Session }
  | { name: 'closed' }

/** What a connection can be made to suffer. */
export interface Faults {
  /** Nothing is read and nothing gets through, but the TCP connection stays. */
  stalled: boolean
  /** How long each answer and event waits before it is sent. */
  answerDelayMs: number
}

const NOTIFICATION_ZXID = -1n
const CONNECTED = 3
const PASSWORD_BYTES = 16
const WORD_BYTES = 4

/** What a client may leave unread, or a fault may hold back: dozens of the largest nodes. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024

/** One client's connection to one server. Everything it is sent is answered at once and in order. */
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

  /** null before it has one, and once it is closed. */
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

  /** Sends what there is to send, then closes. */
  end(): void {
    if (this.#enterClosed()) this.#outlet.end()
  }

  /** Closes at once. */
  destroy(): void {
    this.#enterClosed()
    this.#outlet.discard()
    this.#socket.destroy()
  }

  /** @returns whether it was open until now. */
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
      // Bytes that are no ZooKeeper client's: as ZooKeeper does, close without an answer.
      if (!(error instanceof BadFrame || error instanceof MalformedRecord)) throw error
      this.destroy()
    }
  }

  /** The bytes to read as frames: none before the first four, which may be an administrator's word. */
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
    this.#state = { name: 'greeting' }
    this.#firstBytes = Buffer.alloc(0)
    return bytes
  }

  #read(chunk: Buffer): void {
    this.#parser.feed(chunk)
    for (let reader = this.#parser.next(); reader !== null; reader = this.#parser.next()) {
      const request = { frame: reader.rest(), offset: 0 }
      if (this.#state.name === 'greeting') this.#greet(request)
      else if (this.#state.name === 'attached') this.#serve(request, this.#state.session)
      if (this.#state.name === 'closed') return
    }
  }

  #greet(request: Cursor): void {
    const { lastZxidSeen, timeoutMs, sessionId, password } = RECORD.connectRequest.read(request)
    const knowsReadOnly = request.offset < request.frame.length
    const { state } = this.#host
    // A client that has seen more than this server has to find one that has seen as much.
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
      // Whoever asks for what does not exist is cut off, and may come back.
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
