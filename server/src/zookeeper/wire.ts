import { connect, Socket } from 'node:net'
import { FrameParser } from './frame-parser.js'
import { BadFrame, type FrameReader } from './frame-reader.js'
import type { Server } from './server-list.js'

/** Why a link was lost. */
export type LossCause =
  | 'refused'
  | 'dial_failed'
  | 'handshake_timeout'
  | 'silent'
  | 'closed_by_server'
  | 'bad_frame'
  | 'wrong_session'
  | 'restore_refused'

/** dialing: no TCP connection yet. handshaking: the ConnectResponse is due. closed: final, and deaf. */
export type WireState = 'dialing' | 'handshaking' | 'open' | 'closed'

/** Called in the order in which things happen; nothing is called once the wire is closed. */
export interface WireListener {
  connected(): void
  /** The first frame. */
  greeting(frame: FrameReader): void
  /** Every later frame. */
  frame(frame: FrameReader): void
  /** A chunk has been read to its end. */
  heard(): void
  /** A tick after `nudge()` ends in which nothing was written. */
  quietTick(): void
  lost(cause: LossCause, message: string): void
}

export type Dial = (server: Server) => Socket

/** Without TLS. The name is resolved anew each time. */
export const dialTcp: Dial = ({ host, port }) => connect({ host, port })

/** How long a server may take to close its side after ours, before the descriptor is taken back. */
const LINGER_MS = 1_000

/** One TCP connection to one server: bytes in to frames, frames out to one write per tick. */
export class Wire {
  readonly #socket: Socket
  readonly #parser: FrameParser
  readonly #listener: WireListener
  #state: WireState = 'dialing'
  /** This tick's writes: none, none but its end is awaited, or held back until its end. */
  #tick: 'unused' | 'awaited' | 'corked' = 'unused'

  constructor(dial: Dial, server: Server, maxFrameBytes: number, listener: WireListener) {
    const socket = open(dial, server)
    this.#socket = socket
    this.#parser = new FrameParser(maxFrameBytes)
    this.#listener = listener
    socket.setNoDelay(true)
    socket.on('connect', () => this.#socketOnConnect())
    socket.on('data', (chunk: Buffer) => this.#socketOnData(chunk))
    socket.on('end', () => this.#lose('closed_by_server', 'the server closed the connection'))
    socket.on('close', () => this.#lose('closed_by_server', 'the connection closed'))
    // Stays for ever: a destroyed socket can still emit a late error, and without a listener that ends the process.
    socket.on('error', (error: NodeJS.ErrnoException) => this.#socketOnError(error))
  }

  get state(): WireState {
    return this.#state
  }

  /** Bytes that the kernel has not taken yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  /** Frames written in one tick go out in one write. */
  write(frame: Buffer): void {
    if (this.#tick === 'unused') process.nextTick(endTick, this)
    if (this.#tick !== 'corked') {
      this.#socket.cork()
      this.#tick = 'corked'
    }
    this.#socket.write(frame)
  }

  /** Has `quietTick` called at the end of this tick, unless something is written in it. */
  nudge(): void {
    if (this.#tick !== 'unused') return
    this.#tick = 'awaited'
    process.nextTick(endTick, this)
  }

  /** Closes at once; what was not sent yet is lost. Leaves a connection alone that is ending already. */
  destroy(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#socket.destroy()
  }

  /** Sends what was written, then closes. */
  end(): void {
    if (this.#state === 'closed') return
    if (this.#state === 'dialing') {
      this.destroy()
      return
    }
    this.#state = 'closed'
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS)
    this.#socket.once('close', () => clearTimeout(timer))
    this.#socket.end()
  }

  /** For `endTick` only. */
  tickEnded(): void {
    if (this.#tick === 'awaited' && this.#state === 'open') this.#listener.quietTick()
    this.#tick = 'unused'
    this.#socket.uncork()
  }

  #socketOnConnect(): void {
    if (this.#state !== 'dialing') return
    this.#state = 'handshaking'
    this.#listener.connected()
  }

  #socketOnData(chunk: Buffer): void {
    if (this.#state === 'closed') return
    try {
      this.#parser.feed(chunk)
      for (let frame = this.#parser.next(); frame !== null; frame = this.#parser.next()) {
        if (this.#state === 'open') this.#listener.frame(frame)
        else this.#greeted(frame)
        if (this.#isClosed()) return
      }
    } catch (error) {
      // Whatever it is, it came of one server's bytes and must not reach the other sessions of this process.
      const reason = error instanceof BadFrame ? error.message : String(error)
      this.#lose('bad_frame', `the server sent ${reason}`)
      return
    }
    this.#listener.heard()
  }

  #greeted(frame: FrameReader): void {
    this.#state = 'open'
    this.#listener.greeting(frame)
  }

  /** Asked after calling out: the listener may have closed the wire. */
  #isClosed(): boolean {
    return this.#state === 'closed'
  }

  #socketOnError(error: NodeJS.ErrnoException): void {
    const reason = error.code ?? error.message
    if (error.code === 'ECONNREFUSED') {
      this.#lose(
        'refused',
        `connection refused (${reason}): is the server running, and is this its clientPort?`,
      )
    } else if (this.#state === 'dialing') {
      this.#lose('dial_failed', `cannot connect (${reason}): check the name, the address and the network`)
    } else {
      this.#lose('closed_by_server', `the connection broke (${reason})`)
    }
  }

  #lose(cause: LossCause, message: string): void {
    if (this.#state === 'closed') return
    const handshaking = this.#state === 'handshaking' && cause === 'closed_by_server'
    this.destroy()
    this.#listener.lost(cause, handshaking ? `${message} ${HANDSHAKE_HINT}` : message)
  }
}

/** What a server that closes before it says a word may mean by it; it gives no reason. */
const HANDSHAKE_HINT =
  'before the handshake was over: it may be starting, behind the zxid that was seen, or at its maxClientCnxns'

function open(dial: Dial, server: Server): Socket {
  try {
    return dial(server)
  } catch (error) {
    // As a connection that fails: one way for every failure, and none of them before the caller is done.
    return new Socket().destroy(error instanceof Error ? error : new Error(String(error)))
  }
}

/** One function for all wires, so that a write schedules no closure. */
function endTick(wire: Wire): void {
  wire.tickEnded()
}
