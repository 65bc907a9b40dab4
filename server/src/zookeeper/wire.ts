import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { BadFrame, FrameParser, type FrameReader } from './codec/frames.js'
import { endLoss, errorLoss, type Loss, type WireState } from './loss.js'

/** The life of a connection, in the order in which it happens. A closed wire calls nothing. */
export interface WireListener {
  wireConnected(wire: Wire): void
  /** The first frame. */
  wireGreeted(frame: FrameReader): void
  wireLost(loss: Loss): void
}

/** The frames of a connection, under the same rule. */
export interface WireTraffic {
  /** Every frame but the first. */
  frame(frame: FrameReader): void
  /** A chunk has been read to its end. */
  chunkRead(): void
  /** A tick after `pingUnlessWritten()` ends in which nothing was written. */
  nothingWritten(): void
}

/** A server may take so long to close its side after ours; then the socket is destroyed, which frees its descriptor. */
const LINGER_MS = 1_000

/** One TCP connection to one server: bytes in to frames, frames out to one write per tick. */
export class Wire {
  readonly #socket: Socket
  readonly #parser: FrameParser
  readonly #listener: WireListener
  readonly #traffic: WireTraffic
  #state: WireState = 'dialing'
  /** This tick's writes: none; none, but its end is awaited; or some, held back until its end. */
  #tick: 'unused' | 'awaited' | 'corked' = 'unused'

  constructor(socket: Socket, maxFrameBytes: number, listener: WireListener, traffic: WireTraffic) {
    this.#socket = socket
    this.#parser = new FrameParser(maxFrameBytes)
    this.#listener = listener
    this.#traffic = traffic
    socket.setNoDelay(true)
    const isTls = socket instanceof TLSSocket
    socket.on('connect', () => this.#reach(isTls ? 'securing' : 'handshaking'))
    if (isTls) socket.on('secureConnect', () => this.#reach('handshaking'))
    socket.on('data', this.#socketOnData)
    socket.on('end', () => this.#lose(endLoss(this.#state, 'the server closed the connection')))
    socket.on('close', () => this.#lose(endLoss(this.#state, 'the connection closed')))
    // Stays for ever: a destroyed socket can still emit a late error, and without a listener that ends the process.
    socket.on('error', (error: NodeJS.ErrnoException) => this.#lose(errorLoss(this.#state, error)))
  }

  /** Bytes that the kernel has not taken yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  /** Frames written in one tick go out in one write. */
  write(frame: Buffer): void {
    if (this.#tick === 'unused') process.nextTick(Wire.#endTick, this)
    if (this.#tick !== 'corked') {
      this.#socket.cork()
      this.#tick = 'corked'
    }
    this.#socket.write(frame)
  }

  /** Has `nothingWritten` called at the end of this tick, unless something is written in it. */
  pingUnlessWritten(): void {
    if (this.#tick !== 'unused') return
    this.#tick = 'awaited'
    process.nextTick(Wire.#endTick, this)
  }

  /** Closes at once; unsent frames are lost. Leaves a connection alone that is already ending. */
  destroy(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#socket.destroy()
  }

  /** Sends the frames that were written, then closes. */
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

  /** One function for all wires, so that a write makes no closure. */
  static #endTick(this: void, wire: Wire): void {
    if (wire.#tick === 'awaited' && wire.#state === 'open') wire.#traffic.nothingWritten()
    wire.#tick = 'unused'
    wire.#socket.uncork()
  }

  #reach(state: 'securing' | 'handshaking'): void {
    if (this.#state === 'closed') return
    this.#state = state
    if (state === 'handshaking') this.#listener.wireConnected(this)
  }

  readonly #socketOnData = (chunk: Buffer): void => {
    if (this.#state === 'closed') return
    try {
      this.#parser.feed(chunk)
      for (let frame = this.#parser.next(); frame !== null; frame = this.#parser.next()) {
        if (this.#state === 'open') this.#traffic.frame(frame)
        else {
          this.#state = 'open'
          this.#listener.wireGreeted(frame)
        }
        // The listener may have closed the wire, which the compiler does not expect of a call.
        if ((this.#state as WireState) === 'closed') return
      }
    } catch (error) {
      // Whatever it is, one server's bytes are the cause, and it must not reach the other sessions of this process.
      const reason = error instanceof BadFrame ? error.message : String(error)
      this.#lose({ cause: 'bad_frame', message: `the server sent ${reason}` })
      return
    }
    this.#traffic.chunkRead()
  }

  #lose(loss: Loss): void {
    if (this.#state === 'closed') return
    this.destroy()
    this.#listener.wireLost(loss)
  }
}
