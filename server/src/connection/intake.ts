import type { LimitName, Limits } from '../limits/limits.js'
import { MessageRate, type RateLimits, type RateWait } from '../limits/rates.js'

/** The WebSocket as the intake needs it. */
export interface IntakeSocket {
  /** Reads nothing more, so that the network holds the page back. */
  pause(): void
  resume(): void
}

/** The connection as the intake needs it. None of these throws. */
export interface IntakePeer {
  /** A frame has its turn. @returns its messages */
  openFrame(text: string): unknown[]
  /** One message has its turn. */
  handle(message: unknown): void
  /** The page has to wait because of this limit. */
  limited(limit: LimitName): void
  /** The network holds messages of the page back: the next message may have been sent long ago. */
  readingPaused(): void
  /** The backlog of replies is so long that the page gets no more of them before it has read; `outboxDrained` ends it. */
  isOutboxFull(): boolean
}

/** Frames and messages of one page in one turn of the event loop: about a millisecond of work. */
const MESSAGES_A_TURN = 64
/** A wait is never shorter, so that a flood costs few timers. */
const SHORTEST_WAIT_MS = 20
/** A waiting frame costs this much besides its bytes. */
const FRAME_BYTES = 128

// idle ⇄ turn ⇄ waiting        turn:    until the event loop comes round; later messages wait for the next turn
//   │      │ ⇅     │            waiting: until the rate allows more
//   │      │ blocked            blocked: until the page has read its replies
//   └──────┴───────┴──► ended
type State =
  | { at: 'idle' }
  /** `stop`: the reason for messages that are left, unless the turn was too long. */
  | { at: 'turn'; handled: number; stop: RateWait | 'blocked' | null }
  | { at: 'waiting'; timer: NodeJS.Timeout }
  | { at: 'blocked' }
  | { at: 'ended' }

interface Frame {
  text: string
  bytes: number
  /** A linked list: an array of tens of thousands of frames would be moved for each frame taken from its beginning. */
  next: Frame | null
}

/**
 * Back-pressure on one page: its messages are handled no faster than its rate, and few enough at once that other pages notice
 * nothing. The rest is neither lost nor refused: it waits here unread, in order, up to the size of one largest frame; then
 * the socket is paused, and the rest stays with the page. The socket is read ahead of the rate up to that size, so that the
 * gateway notices at once when the page leaves.
 */
export class Intake {
  readonly #socket: IntakeSocket
  readonly #peer: IntakePeer
  readonly #maxBytes: number
  /** The page's own, and its subject's once that is known. */
  readonly #rates: MessageRate[]
  #first: Frame | null = null
  #last: Frame | null = null
  #waitingBytes = 0
  /** Messages of the newest opened frame that have not had their turn. */
  #messages: unknown[] = []
  #state: State = { at: 'idle' }
  /** In every state but `ended` the socket may be paused: the backlog was too long when it was looked at last. */
  #isPaused = false

  constructor(socket: IntakeSocket, peer: IntakePeer, limits: RateLimits & Pick<Limits, 'maxMessageBytes'>) {
    this.#socket = socket
    this.#peer = peer
    this.#maxBytes = limits.maxMessageBytes
    this.#rates = [new MessageRate('page', limits, performance.now())]
  }

  /** The page keeps to this rate, too. */
  share(rate: MessageRate): void {
    this.#rates.push(rate)
  }

  /** One frame. Its messages are handled before this returns, as far as they have their turn. */
  take(text: string, bytes: number): void {
    if (this.#state.at === 'ended') return
    const frame: Frame = { text, bytes, next: null }
    if (this.#last === null) this.#first = frame
    else this.#last.next = frame
    this.#last = frame
    this.#waitingBytes += bytes + FRAME_BYTES
    if (this.#state.at === 'idle') this.#beginTurn()
    else if (this.#state.at === 'turn') this.#handle(this.#state)
    if (this.#waitingBytes > this.#maxBytes) this.#pause()
  }

  /** The cost of a message beyond one message and its own bytes: long work, or a long reply. */
  charge(messages: number, bytes: number): void {
    const now = performance.now()
    for (const rate of this.#rates) rate.spend(messages, bytes, now)
  }

  /** The page has read everything that it was sent. */
  outboxDrained(): void {
    if (this.#state.at === 'blocked') this.#beginTurn()
  }

  /** Drops the messages that wait. The socket is read again, so that the page's close frame is seen. */
  end(): void {
    if (this.#state.at === 'ended') return
    if (this.#state.at === 'waiting') clearTimeout(this.#state.timer)
    this.#state = { at: 'ended' }
    this.#first = null
    this.#last = null
    this.#waitingBytes = 0
    this.#messages = []
    this.#resume()
  }

  #resume(): void {
    this.#isPaused = false
    this.#socket.resume()
  }

  #pause(): void {
    this.#isPaused = true
    this.#socket.pause()
    // A backlog of bytes is a few seconds old at most, because no kernel keeps more of them.
    const now = performance.now()
    if (this.#rates.some((rate) => rate.hasTooManyMessages(now))) this.#peer.readingPaused()
  }

  #beginTurn(): void {
    const turn: State = { at: 'turn', handled: 0, stop: null }
    this.#state = turn
    setImmediate(Intake.#endTurn, this)
    this.#handle(turn)
  }

  #handle(turn: State & { at: 'turn' }): void {
    while (turn.handled < MESSAGES_A_TURN && (this.#messages.length > 0 || this.#first !== null)) {
      turn.stop = this.#peer.isOutboxFull() ? 'blocked' : this.#longestWait()
      if (turn.stop !== null) return
      if (this.#messages.length === 0) this.#openFrame(this.#first as Frame)
      else {
        this.charge(1, 0)
        // A message may end the connection; then nothing waits any more.
        this.#peer.handle(this.#messages.shift())
      }
      turn.handled += 1
    }
  }

  #openFrame({ text, bytes, next }: Frame): void {
    this.#first = next
    if (next === null) this.#last = null
    this.#waitingBytes -= bytes + FRAME_BYTES
    const messages = this.#peer.openFrame(text)
    // A frame without a message has been read, too.
    this.charge(messages.length === 0 ? 1 : 0, bytes)
    if (this.#state.at !== 'ended') this.#messages = messages
  }

  /** One function for all pages, so that a message schedules no closure. */
  static #endTurn(intake: Intake): void {
    const state = intake.#state
    if (state.at !== 'turn') return
    if (intake.#isPaused && intake.#waitingBytes <= intake.#maxBytes) intake.#resume()
    if (intake.#messages.length === 0 && intake.#first === null) intake.#state = { at: 'idle' }
    else if (state.stop === null) intake.#beginTurn()
    else if (state.stop !== 'blocked') intake.#waitFor(state.stop)
    else if (intake.#peer.isOutboxFull()) intake.#state = { at: 'blocked' }
    else intake.#beginTurn()
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
    this.#peer.limited(limit)
    const timer = setTimeout(() => this.#beginTurn(), Math.max(ms, SHORTEST_WAIT_MS))
    this.#state = { at: 'waiting', timer }
  }
}
