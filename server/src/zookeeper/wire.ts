import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { FrameParser } from './codec/frame-parser.js'
import { BadFrame, type FrameReader } from './codec/frame-reader.js'
import { endLoss, errorLoss, type Loss, type WireState } from './loss.js'

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
  lost(loss: Loss): void
}

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

  constructor(connect: () => Socket, maxFrameBytes: number, listener: WireListener) {
    const socket = open(connect)
    this.#socket = socket
    this.#parser = new FrameParser(maxFrameBytes)
    this.#listener = listener
    socket.setNoDelay(true)
    if (socket instanceof TLSSocket) {
      socket.on('connect', () => this.#reach('securing'))
      socket.on('secureConnect', () => this.#reach('handshaking'))
    } else {
      socket.on('connect', () => this.#reach('handshaking'))
    }
    socket.on('data', (chunk: Buffer) => this.#socketOnData(chunk))
    socket.on('end', () => this.#lose(endLoss(this.#state, 'the server closed the connection')))
    socket.on('close', () => this.#lose(endLoss(this.#state, 'the connection closed')))
    // Stays for ever: a destroyed socket can still emit a late error, and without a listener that ends the process.
    socket.on('error', (error: NodeJS.ErrnoException) => this.#lose(errorLoss(this.#state, error)))
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
    if (this.#state === 'dialing' || this.#state === 'securing') {
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

  #reach(state: 'securing' | 'handshaking'): void {
    if (this.#state === 'closed') return
    this.#state = state
    if (state === 'handshaking') this.#listener.connected()
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
      this.#lose({ cause: 'bad_frame', message: `the server sent ${reason}` })
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

  #lose(loss: Loss): void {
    if (this.#state === 'closed') return
    this.destroy()
    this.#listener.lost(loss)
  }
}

function open(connect: () => Socket): Socket {
  try {
    return connect()
  } catch (error) {
    // As a connection that fails: one way for every failure, and none of them before the caller is done.
    return new Socket().destroy(error instanceof Error ? error : new Error(String(error)))
  }
}

/** One function for all wires, so that a write schedules no closure. */
function endTick(wire: Wire): void {
  wire.tickEnded()
}
