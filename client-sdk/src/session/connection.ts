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

/** How long a socket may take to open: several lost SYN packets, and less than the patience of most people. */
const OPEN_DEADLINE_MS = 10_000
/** Added to the silence that is allowed, for one slow round trip. */
const SILENCE_MARGIN_MS = 500
/** A gateway that was heard within this time is not asked on waking. */
const FRESH_MS = 3_000
/** How long a gateway may take to answer a page that wakes up. */
const WAKE_ANSWER_MS = 2_000
/** The code for a connection without a close frame; it never travels. */
const NO_CLOSE_FRAME = 1006
/** A page may send 1000 and 3000–4999 only. To a gateway any code but 1001 and 4000 means: detach, the page comes back. */
const DETACH = 3001

/** How a connection ended: the close code, and the gateway's message if it sent one. */
export interface ConnectionEnd {
  code: number
  message: string
  retryAfterMs?: number
}

export interface ConnectionListener {
  message(message: GatewayMessage): void
  /** At most once; no message follows it. */
  ended(end: ConnectionEnd): void
}

/** One WebSocket: opening → open → ended. It sends the hello and answers the gateway's pings by itself. */
export interface Connection {
  /** Whether the hello was sent, so that the gateway may hold a session for this connection. */
  isOpen(): boolean
  /** When the gateway was last heard, in ms since the epoch. */
  heardAt(): number
  /** Sends at the end of the tick, in one frame with the other messages of the tick. False: larger than allowed. */
  send(message: PageMessage): boolean
  /** Ends the connection if the gateway has been silent for too long. */
  check(): void
  /** The page woke up, or the network came back: asks a gateway that was not heard lately. */
  wake(): void
  /** Sends what waits and closes the socket; `ended` is not called. `code` tells the gateway what to do with the session. */
  drop(code?: number): void
}

/** Sends `hello` as soon as the socket is open. */
export function openConnection(
  socket: WebSocketLike,
  hello: Hello,
  listener: ConnectionListener,
): Connection {
  let state: 'opening' | 'open' | 'ended' = 'opening'
  let maxMessageBytes = Infinity
  const write = (message: PageMessage) => socket.send(JSON.stringify(message))
  const frames = createFrames((text) => state === 'open' && socket.send(text))
  const silence = createSilence(hello.timeoutMs, () =>
    end({ code: NO_CLOSE_FRAME, message: 'gateway silent' }),
  )

  function leave(code = DETACH): void {
    state = 'ended'
    silence.stop()
    closeSocket(socket, code)
  }
  function end(how: ConnectionEnd): void {
    if (state === 'ended') return
    leave()
    listener.ended(how)
  }
  function receive(message: GatewayMessage): void {
    if (message.type === 'session') {
      maxMessageBytes = message.maxMessageBytes
      silence.heard(message.timeoutMs)
    }
    // Straight from the handler: background pages get messages on time, but not timers.
    if (message.type === 'ping') write({ type: 'pong', id: message.id })
    else if (message.type === 'closed') end(message)
    else listener.message(message)
  }

  silence.expect(OPEN_DEADLINE_MS)
  socket.onopen = () => {
    state = 'open'
    silence.heard()
    write(hello)
  }
  socket.onmessage = ({ data }: { data: string }) => {
    silence.heard()
    try {
      for (const message of [JSON.parse(data)].flat()) if (state !== 'ended') receive(message)
    } catch (error) {
      end({ code: NO_CLOSE_FRAME, message: `${error}` })
    }
  }
  socket.onclose = (event: CloseEvent) => end(endOf(event))
  // An event `close` follows, which says all that a page may know.
  socket.onerror = () => undefined
  return {
    isOpen: () => state === 'open',
    heardAt: silence.heardAt,
    send: (message) => frames.enqueue(message, maxMessageBytes),
    check: silence.check,
    wake() {
      silence.check()
      if (state !== 'open' || Date.now() - silence.heardAt() < FRESH_MS) return
      write({ type: 'ping', id: 0 })
      silence.expect(WAKE_ANSWER_MS)
    },
    drop(code) {
      frames.flush()
      if (state !== 'ended') leave(code)
    },
  }
}

const endOf = ({ code, reason }: CloseEvent): ConnectionEnd => ({
  code,
  message: reason || `connection lost: ${code}`,
})

/**
 * Late events of a closed socket go nowhere, but `onerror` stays: a socket of the ws package that is closed while it opens
 * emits an error, and without a handler that ends the process.
 */
function closeSocket(socket: WebSocketLike, code: number): void {
  socket.onopen = socket.onmessage = socket.onclose = null
  socket.close(code)
}

/**
 * Ends a silence that is too long. It goes by the clock, because browsers delay or stop timers: each sign of life sets a
 * deadline, and the next event of any kind compares.
 */
function createSilence(timeoutMs: number, pass: () => void) {
  let heardAt = Date.now()
  /** In ms since the epoch; 0 once it was stopped. */
  let deadline = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  function check(): void {
    clearTimeout(timer)
    const leftMs = deadline - Date.now()
    if (leftMs > 0) timer = setTimeout(check, leftMs)
    else if (deadline) pass()
  }
  function expect(withinMs: number): void {
    deadline = Date.now() + withinMs
    check()
  }
  return {
    heardAt: () => heardAt,
    check,
    /** The gateway has to be heard within this time. */
    expect,
    /** It asks after a third of the session timeout; two thirds of silence are more than a slow link. */
    heard(newTimeoutMs = timeoutMs): void {
      timeoutMs = newTimeoutMs
      heardAt = Date.now()
      expect((timeoutMs * 2) / 3 + SILENCE_MARGIN_MS)
    },
    stop(): void {
      deadline = 0
      clearTimeout(timer)
    },
  }
}
