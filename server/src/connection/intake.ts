import type { LimitName, Limits } from '../limits/limits.js'
import { MessageRate, type RateLimits, type RateWait } from '../limits/rates.js'

/** The WebSocket as the intake needs it. */
export interface IntakeSocket {
  /** Reads nothing more, so that the network holds the other side back. */
  pause(): void
  resume(): void
}

export interface IntakeOptions {
  limits: RateLimits & Pick<Limits, 'maxMessageBytes'>
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
/** A wait is never shorter, so that a flood costs few timers. */
const SHORTEST_WAIT_MS = 20

// idle ⇄ turn ⇄ waiting        turn:    until the event loop comes round; what is too much for one waits for the next
//   │      │ ⇅     │            waiting: until the rate allows more
//   │      │ clogged            clogged: until the page has read its answers
//   └──────┴───────┴──► ended
type State =
  | { at: 'idle' }
  /** `stop`: why it has not handled everything, where that is not for its length. */
  | { at: 'turn'; handled: number; stop: RateWait | 'clogged' | null }
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
  /** The page's own, and its subject's once that is known. */
  readonly #rates: MessageRate[]
  #first: Frame | null = null
  #last: Frame | null = null
  #waitingBytes = 0
  /** What has not had its turn yet of the frame that was read last. */
  #messages: unknown[] = []
  #state: State = { at: 'idle' }

  constructor(socket: IntakeSocket, options: IntakeOptions) {
    this.#socket = socket
    this.#options = options
    this.#rates = [MessageRate.ofPage(options.limits, performance.now())]
  }

  /** The page keeps to this rate, too. */
  share(rate: MessageRate): void {
    this.#rates.push(rate)
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
    for (const rate of this.#rates) rate.spend(messages, bytes, now)
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
    const now = performance.now()
    if (this.#rates.some((rate) => rate.hasTooManyMessages(now))) this.#options.heldBack()
  }

  #beginTurn(): void {
    const turn: State = { at: 'turn', handled: 0, stop: null }
    this.#state = turn
    setImmediate(() => this.#endTurn())
    this.#handle(turn)
  }

  #handle(turn: State & { at: 'turn' }): void {
    while (turn.handled < MESSAGES_A_TURN && this.#isWaiting) {
      turn.stop = this.#options.isClogged() ? 'clogged' : this.#longestWait()
      if (turn.stop !== null) return
      if (this.#messages.length === 0) this.#openFrame(this.#first as Frame)
      else {
        this.charge({ messages: 1 })
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

  #openFrame({ text, bytes, next }: Frame): void {
    this.#first = next
    if (next === null) this.#last = null
    this.#waitingBytes -= bytes + FRAME_BYTES
    const messages = this.#options.open(text)
    // Also a frame that says nothing has been read.
    this.charge({ bytes, messages: messages.length === 0 ? 1 : 0 })
    if (this.#state.at !== 'ended') this.#messages = messages
  }

  #endTurn(): void {
    if (this.#state.at !== 'turn') return
    if (!this.#isFull) this.#socket.resume()
    const { stop } = this.#state
    if (!this.#isWaiting) this.#state = { at: 'idle' }
    else if (stop === null) this.#beginTurn()
    else if (stop !== 'clogged') this.#waitFor(stop)
    else if (this.#options.isClogged()) this.#state = { at: 'clogged' }
    else this.#beginTurn()
  }

  #longestWait(): RateWait | null {
    const now = performance.now()
    let longest: RateWait | null = null
    for (const rate of this.#rates) {
      const wait = rate.wait(now)
      if (wait !== null && wait.ms > (longest?.ms ?? 0)) longest = wait
    }
    return longest
  }

  #waitFor({ limit, ms }: RateWait): void {
    this.#options.limited(limit)
    const timer = setTimeout(() => this.#beginTurn(), Math.max(ms, SHORTEST_WAIT_MS))
    this.#state = { at: 'waiting', timer }
  }
}
