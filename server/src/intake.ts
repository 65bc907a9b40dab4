import { Allowance, type Rate } from './allowance.js'
import type { LimitName, Limits } from './limits.js'

/** The WebSocket as the intake needs it. */
export interface IntakeSocket {
  /** Reads nothing more, so that the network holds the other side back. */
  pause(): void
  resume(): void
}

export interface IntakeOptions {
  limits: Pick<Limits, 'maxMessagesPerSecond' | 'maxBytesPerSecond' | 'maxMessageBytes'>
  /** Reads a frame whose turn it is; must not throw. @returns its messages */
  open(frame: string): unknown[]
  /** One message whose turn it is; must not throw. */
  receive(message: unknown): void
  /** The page has to wait because of this limit. */
  limited(limit: LimitName): void
  /** The page sends so many messages that the network has to hold them: what is read next may have been sent long ago. */
  heldBack(): void
  /** Whether so much waits to be read by the page that it gets no more answers before it has read; `unclog` tells the end. */
  isClogged(): boolean
}

/** Frames and messages of one page that are handled before all other pages get their turn: about a millisecond of work. */
const MESSAGES_A_TURN = 64
/** So many seconds' worth may come at once: what a page asks for when it opens. */
const BURST_S = 2

/** A wait is never shorter, so that a flood costs few timers. */
const SHORTEST_WAIT_MS = 20

// idle ⇄ turn ⇄ waiting        turn:    until the event loop comes round; what is too much for one waits for the next
//   │      │ ⇅     │            waiting: until the rate allows more
//   │      │ clogged            clogged: until the page has read its answers
//   └──────┴───────┴──► ended
type State =
  | { at: 'idle' }
  | { at: 'turn'; handled: number }
  | { at: 'waiting'; timer: NodeJS.Timeout }
  | { at: 'clogged' }
  | { at: 'ended' }

/** What a frame that waits costs besides its bytes. */
const FRAME_BYTES = 128

interface Frame {
  text: string
  bytes: number
  /** A list, because an array of tens of thousands would be moved for each that is taken from its beginning. */
  next: Frame | null
}

/**
 * Takes what a page sends in no faster than its rate, and never so much at once that other pages notice. What is too
 * much is neither lost nor refused: it waits here, in order and unread, as much as one largest frame; then the socket is not
 * read meanwhile, and the rest stays with the page. The socket is read ahead of the rate for as long as that, so that a page
 * that leaves is noticed at once, whatever it has sent before.
 */
export class Intake {
  readonly #socket: IntakeSocket
  readonly #options: IntakeOptions
  readonly #messageRate: Allowance
  readonly #byteRate: Allowance
  #first: Frame | null = null
  #last: Frame | null = null
  #waitingBytes = 0
  /** What has not had its turn yet of the frame that was read last. */
  #messages: unknown[] = []
  #state: State = { at: 'idle' }

  constructor(socket: IntakeSocket, options: IntakeOptions) {
    const { maxMessagesPerSecond, maxBytesPerSecond } = options.limits
    this.#socket = socket
    this.#options = options
    this.#messageRate = new Allowance(withBurst(maxMessagesPerSecond), performance.now())
    this.#byteRate = new Allowance(withBurst(maxBytesPerSecond), performance.now())
  }

  /** One frame. Those of its messages whose turn it is are handled before this returns. */
  take(text: string, bytes: number): void {
    if (this.#state.at === 'ended') return
    this.#append({ text, bytes, next: null })
    if (this.#state.at === 'idle') this.#beginTurn()
    else if (this.#state.at === 'turn') this.#handle(this.#state)
    if (this.#isFull) this.#hold()
  }

  /** What a message cost beyond one and its own bytes: more work than others, or a long answer. */
  charge({ messages = 0, bytes = 0 }: { messages?: number; bytes?: number }): void {
    const now = performance.now()
    this.#messageRate.spend(messages, now)
    this.#byteRate.spend(bytes, now)
  }

  /** The page has read everything that it was sent. */
  unclog(): void {
    if (this.#state.at === 'clogged') this.#beginTurn()
  }

  /** Drops what waits. The socket is read again, so that the other side's close frame is seen. */
  end(): void {
    if (this.#state.at === 'ended') return
    if (this.#state.at === 'waiting') clearTimeout(this.#state.timer)
    this.#state = { at: 'ended' }
    this.#first = null
    this.#last = null
    this.#waitingBytes = 0
    this.#messages = []
    this.#socket.resume()
  }

  get #isFull(): boolean {
    return this.#waitingBytes > this.#options.limits.maxMessageBytes
  }

  get #isWaiting(): boolean {
    return this.#messages.length > 0 || this.#first !== null
  }

  #hold(): void {
    this.#socket.pause()
    // What is held back by its bytes is a few seconds old at most, because no kernel keeps more of them.
    if (this.#messageRate.msUntilOne(performance.now()) > 0) this.#options.heldBack()
  }

  #beginTurn(): void {
    const turn: State = { at: 'turn', handled: 0 }
    this.#state = turn
    setImmediate(() => this.#endTurn())
    this.#handle(turn)
  }

  #handle(turn: State & { at: 'turn' }): void {
    while (turn.handled < MESSAGES_A_TURN && this.#isWaiting) {
      const now = performance.now()
      if (this.#options.isClogged() || this.#byteRate.spend(0, now) > 0) return
      if (this.#messages.length === 0) {
        if (this.#messageRate.msUntilOne(now) > 0) return
        this.#openFrame(this.#first as Frame, now)
      } else {
        if (this.#messageRate.take(now) > 0) return
        // A message may end everything; then nothing waits any more.
        this.#options.receive(this.#messages.shift())
      }
      turn.handled += 1
    }
  }

  #append(frame: Frame): void {
    if (this.#last === null) this.#first = frame
    else this.#last.next = frame
    this.#last = frame
    this.#waitingBytes += frame.bytes + FRAME_BYTES
  }

  #openFrame({ text, bytes, next }: Frame, now: number): void {
    this.#first = next
    if (next === null) this.#last = null
    this.#waitingBytes -= bytes + FRAME_BYTES
    this.#byteRate.spend(bytes, now)
    const messages = this.#options.open(text)
    // Also a frame that says nothing has been read.
    if (messages.length === 0) this.#messageRate.spend(1, now)
    if (this.#state.at !== 'ended') this.#messages = messages
  }

  #endTurn(): void {
    if (this.#state.at !== 'turn') return
    if (!this.#isFull) this.#socket.resume()
    if (!this.#isWaiting) this.#state = { at: 'idle' }
    else if (this.#state.handled === MESSAGES_A_TURN) this.#beginTurn()
    else if (this.#options.isClogged()) this.#state = { at: 'clogged' }
    else this.#waitForRate()
  }

  /** What waits although the turn had room for it, waits for a rate. */
  #waitForRate(): void {
    const now = performance.now()
    const messageMs = this.#messageRate.msUntilOne(now)
    const byteMs = this.#byteRate.spend(0, now)
    if (byteMs > messageMs) this.#wait('maxBytesPerSecond', byteMs)
    else this.#wait('maxMessagesPerSecond', messageMs)
  }

  #wait(limit: LimitName, ms: number): void {
    this.#options.limited(limit)
    const timer = setTimeout(() => this.#beginTurn(), Math.max(ms, SHORTEST_WAIT_MS))
    this.#state = { at: 'waiting', timer }
  }
}

function withBurst(perSecond: number): Rate {
  return { perSecond, burst: perSecond * BURST_S }
}
