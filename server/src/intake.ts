import { Allowance, type Rate } from './allowance.js'
import type { LimitName, Limits } from './limits.js'

/** The WebSocket as the intake needs it. */
export interface IntakeSocket {
  /** Reads nothing more, so that the network holds the other side back. */
  pause(): void
  resume(): void
}

export interface IntakeOptions {
  limits: Pick<Limits, 'maxMessagesPerSecond' | 'maxBytesPerSecond'>
  /** One message whose turn it is; must not throw. */
  receive(message: unknown): void
  /** The page has to wait because of this limit. */
  limited(limit: LimitName): void
  now?: () => number
}

/** Messages of one page that are handled before all other pages get their turn: about a millisecond of work. */
const MESSAGES_A_TURN = 64
/** So many seconds' worth may come at once: what a page asks for when it opens. */
const BURST_S = 2

/** A wait is never shorter, so that a flood costs few timers. */
const SHORTEST_WAIT_MS = 20

// idle ⇄ turn ⇄ waiting        turn:    until the event loop comes round; what is too much for one waits for the next
//   └──────┴───────┴──► ended  waiting: until the rate allows more
type State =
  | { at: 'idle' }
  | { at: 'turn'; handled: number }
  | { at: 'waiting'; timer: NodeJS.Timeout }
  | { at: 'ended' }

/**
 * Takes what a page sends in no faster than its rate, and never so much at once that other pages notice. What is too
 * much is neither lost nor refused: it waits here, in order, and the socket is not read meanwhile. So what waits is
 * bounded by one frame and what was read with it, and the rest stays with the page.
 */
export class Intake {
  readonly #socket: IntakeSocket
  readonly #options: IntakeOptions
  readonly #now: () => number
  readonly #messages: Allowance
  readonly #bytes: Allowance
  #queue: unknown[] = []
  #state: State = { at: 'idle' }

  constructor(socket: IntakeSocket, options: IntakeOptions) {
    const { maxMessagesPerSecond, maxBytesPerSecond } = options.limits
    this.#socket = socket
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#messages = new Allowance(withBurst(maxMessagesPerSecond), this.#now())
    this.#bytes = new Allowance(withBurst(maxBytesPerSecond), this.#now())
  }

  /** The messages of one frame. Those whose turn it is are handled before this returns. */
  take(messages: readonly unknown[], bytes: number): void {
    if (this.#state.at === 'ended') return
    for (const message of messages) this.#queue.push(message)
    const inDebt = this.#bytes.spend(bytes, this.#now()) > 0
    if (this.#state.at === 'idle') this.#beginTurn()
    else if (this.#state.at === 'turn') this.#handle(this.#state)
    if (inDebt || this.#queue.length > 0) this.#socket.pause()
  }

  /** Drops what waits. The socket is read again, so that the other side's close frame is seen. */
  end(): void {
    if (this.#state.at === 'ended') return
    if (this.#state.at === 'waiting') clearTimeout(this.#state.timer)
    this.#state = { at: 'ended' }
    this.#queue = []
    this.#socket.resume()
  }

  #beginTurn(): void {
    const turn: State = { at: 'turn', handled: 0 }
    this.#state = turn
    setImmediate(() => this.#endTurn())
    this.#handle(turn)
  }

  #handle(turn: State & { at: 'turn' }): void {
    while (turn.handled < MESSAGES_A_TURN && this.#queue.length > 0) {
      if (this.#messages.take(this.#now()) > 0) return
      turn.handled += 1
      // A message may end everything; then nothing is in the queue any more.
      this.#options.receive(this.#queue.shift())
    }
  }

  #endTurn(): void {
    if (this.#state.at !== 'turn') return
    const now = this.#now()
    const bytesMs = this.#bytes.spend(0, now)
    const waiting = this.#queue.length > 0
    // What waits although the turn had room for it, waits for the rate.
    const slowed = waiting && this.#state.handled < MESSAGES_A_TURN
    if (bytesMs > 0) this.#wait('maxBytesPerSecond', bytesMs)
    else if (slowed) this.#wait('maxMessagesPerSecond', this.#messages.msUntilOne(now))
    else if (waiting) this.#beginTurn()
    else this.#rest()
  }

  #wait(limit: LimitName, ms: number): void {
    this.#options.limited(limit)
    const timer = setTimeout(() => this.#beginTurn(), Math.max(ms, SHORTEST_WAIT_MS))
    this.#state = { at: 'waiting', timer }
  }

  #rest(): void {
    this.#state = { at: 'idle' }
    this.#socket.resume()
  }
}

function withBurst(perSecond: number): Rate {
  return { perSecond, burst: perSecond * BURST_S }
}
