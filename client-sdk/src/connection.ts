import { reportLater } from './errors.js'
import type { GatewayMessage, Hello, PageMessage } from './protocol.js'
import { SILENT } from './verdict.js'

/** The part of the WebSocket interface that the SDK uses; the browser's and the `ws` package's both fit. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string): void
  close(code?: number, reason?: string): void
}

/** How long a socket may take to open: several lost SYN packets, and less than most people's patience. */
const OPEN_DEADLINE_MS = 10_000
/** Added to the silence that is allowed, for one slow round trip. */
const SILENCE_MARGIN_MS = 500
/** A link that was heard within this time is not asked on waking. */
const FRESH_MS = 3_000
/** How long a gateway may take to answer a page that wakes up. */
const WAKE_ANSWER_MS = 2_000
/** The code for "no close frame came"; it never travels. */
const LOST = 1006
/** A page may send 1000 and 3000–4999 only. To a gateway any code but 1001 and 4000 means: detach, I come back. */
const DETACH = 3001

/** How a connection ended: a close code, and the gateway's words where it found any. */
export interface ConnectionEnd {
  code: number
  message: string
  retryAfterMs?: number
}

export interface ConnectionListener {
  message(message: GatewayMessage): void
  /** At most once, and nothing after it. */
  ended(end: ConnectionEnd): void
}

/**
 * One WebSocket's life: opening → open → ended. It answers the gateway's pings and tells a dead gateway by the
 * clock: browsers delay or stop timers, so each sign of life sets a deadline, and whatever happens next compares.
 */
export class Connection {
  readonly #socket: WebSocketLike
  readonly #listener: ConnectionListener
  #state: 'opening' | 'open' | 'ended' = 'opening'
  #silenceMs: number
  #maxMessageBytes = Infinity
  #deadAt = Date.now() + OPEN_DEADLINE_MS
  #timer: ReturnType<typeof setTimeout> | undefined
  /** The frame that is sent at the end of this tick. */
  #frame: string[] = []
  #frameBytes = 0
  /** When the gateway was last heard, in ms since the epoch. */
  heardAt = Date.now()

  constructor(socket: WebSocketLike, hello: Hello, listener: ConnectionListener) {
    this.#socket = socket
    this.#listener = listener
    this.#silenceMs = silenceMsFor(hello.timeoutMs)
    socket.onopen = () => {
      this.#state = 'open'
      this.#heard()
      this.#write(hello)
      this.check()
    }
    socket.onmessage = ({ data }: { data: string }) => this.#socketOnMessage(data)
    socket.onclose = ({ code, reason }: { code: number; reason: string }) =>
      this.#end({ code, message: reason || `connection lost (${code})` })
    // `close` follows and says all that a page may know. It stays set for good: a socket of the ws package
    // that is closed while it opens emits an error, and ends the process if nobody listens.
    socket.onerror = () => undefined
    this.check()
  }

  /** Whether the gateway has been greeted, and so may hold a session for this connection. */
  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Sends at the end of the tick, in one frame with whatever else is sent in it. False: larger than allowed. */
  send(message: PageMessage): boolean {
    const text = JSON.stringify(message)
    // The 2 are the frame's brackets; each message after the first has a comma more.
    const bytes = new TextEncoder().encode(text).length + 2
    if (bytes > this.#maxMessageBytes) return false
    if (this.#frameBytes + bytes > this.#maxMessageBytes) this.#flush()
    if (this.#frame.push(text) === 1) queueMicrotask(() => this.#flush())
    this.#frameBytes += bytes - 1
    return true
  }

  /** Ends the connection if its deadline has passed by the clock. */
  check(): void {
    if (this.#state === 'ended') return
    clearTimeout(this.#timer)
    const leftMs = this.#deadAt - Date.now()
    if (leftMs > 0) this.#timer = setTimeout(() => this.check(), leftMs)
    else this.#end({ code: this.isOpen ? SILENT : LOST, message: 'the gateway is silent' })
  }

  /** The page woke up, or the network came back: an old link has to prove itself. */
  wake(): void {
    if (this.#state === 'open' && Date.now() - this.heardAt > FRESH_MS) {
      this.#deadAt = Math.min(this.#deadAt, Date.now() + WAKE_ANSWER_MS)
      this.#write({ type: 'ping', id: 0 })
    }
    this.check()
  }

  /** Sends what is due and leaves, without a word to the listener. `code` tells the gateway what becomes of the session. */
  drop(reason: string, code: number = DETACH): void {
    this.#flush()
    this.#leave(code, reason)
  }

  #end(end: ConnectionEnd): void {
    if (this.#state === 'ended') return
    this.#leave(DETACH)
    this.#listener.ended(end)
  }

  #leave(code: number, reason = ''): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    clearTimeout(this.#timer)
    // A socket that was left can still deliver late events.
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null
    this.#socket.close(code, reason)
  }

  #socketOnMessage(data: string): void {
    this.#heard()
    try {
      for (const message of [JSON.parse(data)].flat() as GatewayMessage[]) {
        if (this.#state === 'ended') return
        this.#receive(message)
      }
    } catch (error) {
      reportLater(error)
      this.#end({ code: LOST, message: 'unreadable message' })
    }
  }

  #receive(message: GatewayMessage): void {
    // Straight from the handler: background pages get messages on time, but not timers.
    if (message.type === 'ping') this.#write({ type: 'pong', id: message.id })
    else if (message.type === 'closed') this.#end(message)
    else {
      if (message.type === 'session') {
        this.#silenceMs = silenceMsFor(message.timeoutMs)
        this.#maxMessageBytes = message.maxMessageBytes
        this.#heard()
        this.check()
      }
      this.#listener.message(message)
    }
  }

  #heard(): void {
    this.heardAt = Date.now()
    this.#deadAt = this.heardAt + this.#silenceMs
  }

  #write(message: PageMessage): void {
    this.#socket.send(JSON.stringify(message))
  }

  #flush(): void {
    if (this.#state === 'open' && this.#frame.length > 0) this.#socket.send(`[${this.#frame}]`)
    this.#frame = []
    this.#frameBytes = 0
  }
}

/** A gateway asks after a third of the timeout; two thirds without a word are more than a slow link. */
function silenceMsFor(timeoutMs: number): number {
  return (timeoutMs * 2) / 3 + SILENCE_MARGIN_MS
}
