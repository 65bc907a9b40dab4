import type { GatewayMessage, Hello, PageMessage } from '../protocol.js'
import { createFrames } from './frames.js'

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

/** One WebSocket's life: opening → open → ended. It greets the gateway and answers its pings by itself. */
export interface Connection {
  /** Whether the gateway has been greeted, and so may hold a session for this connection. */
  isOpen(): boolean
  /** When the gateway was last heard, in ms since the epoch. */
  heardAt(): number
  /** Sends at the end of the tick, in one frame with whatever else is sent in it. False: larger than allowed. */
  send(message: PageMessage): boolean
  /** Ends the connection if the gateway has been silent for too long. */
  check(): void
  /** The page woke up, or the network came back: an old link has to prove itself. */
  wake(): void
  /** Sends what is due and leaves, without a word to the listener. `code` tells the gateway what becomes of the session. */
  drop(code?: number): void
}

export function openConnection(
  socket: WebSocketLike,
  hello: Hello,
  listener: ConnectionListener,
): Connection {
  let state: 'opening' | 'open' | 'ended' = 'opening'
  let { timeoutMs } = hello
  let maxMessageBytes = Infinity
  const write = (message: PageMessage) => socket.send(JSON.stringify(message))
  const frames = createFrames((text) => state === 'open' && socket.send(text))
  let heardAt = Date.now()
  let deadAt = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  // Browsers delay or stop timers. So a dead gateway is told by the clock: each sign of life sets a deadline, and
  // whatever happens next compares.
  function check(): void {
    if (state === 'ended') return
    clearTimeout(timer)
    const leftMs = deadAt - Date.now()
    if (leftMs > 0) timer = setTimeout(check, leftMs)
    else end({ code: LOST, message: 'gateway silent' })
  }
  function expect(withinMs: number): void {
    deadAt = Date.now() + withinMs
    check()
  }
  /** The gateway asks after a third of the timeout; two thirds without a word are more than a slow link. */
  function heard(): void {
    heardAt = Date.now()
    expect((timeoutMs * 2) / 3 + SILENCE_MARGIN_MS)
  }

  function leave(code = DETACH): void {
    state = 'ended'
    clearTimeout(timer)
    // A socket that was left can still deliver late events.
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close(code)
  }
  function end(how: ConnectionEnd): void {
    if (state === 'ended') return
    leave()
    listener.ended(how)
  }
  function receive(message: GatewayMessage): void {
    if (message.type === 'session') {
      ;({ timeoutMs, maxMessageBytes } = message)
      heard()
    }
    // Straight from the handler: background pages get messages on time, but not timers.
    if (message.type === 'ping') write({ type: 'pong', id: message.id })
    else if (message.type === 'closed') end(message)
    else listener.message(message)
  }

  socket.onopen = () => {
    state = 'open'
    heard()
    write(hello)
  }
  socket.onmessage = ({ data }: { data: string }) => {
    heard()
    try {
      for (const message of [JSON.parse(data)].flat()) if (state !== 'ended') receive(message)
    } catch (error) {
      end({ code: LOST, message: `${error}` })
    }
  }
  socket.onclose = ({ code, reason }: { code: number; reason: string }) =>
    end({ code, message: reason || `connection lost: ${code}` })
  // `close` follows and says all that a page may know. It stays set for good: a socket of the ws package
  // that is closed while it opens emits an error, and ends the process if nobody listens.
  socket.onerror = () => undefined

  expect(OPEN_DEADLINE_MS)
  return {
    isOpen: () => state === 'open',
    heardAt: () => heardAt,
    send: (message) => frames.enqueue(message, maxMessageBytes),
    check,
    wake() {
      check()
      if (state !== 'open' || Date.now() - heardAt < FRESH_MS) return
      write({ type: 'ping', id: 0 })
      expect(WAKE_ANSWER_MS)
    },
    drop(code) {
      frames.flush()
      if (state !== 'ended') leave(code)
    },
  }
}
