import type { GatewayMessage, Hello, PageMessage } from '../protocol.js'
import { createFrames } from './frames.js'
import { FRESH_MS, NEVER, OPEN_DEADLINE_MS, SILENCE_MARGIN_MS, WAKE_ANSWER_MS } from './timing.js'
import { DETACH, NO_CLOSE_FRAME } from './verdict.js'

/** The part of the WebSocket interface that the SDK uses; the browser's and the `ws` package's both fit. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string): void
  close(code?: number, reason?: string): void
}

/** How a connection ended: the close code, and the gateway's message if it sent one. */
export interface ConnectionEnd {
  code: number
  message: string
  retryAfterMs?: number
}

export interface Listener {
  hear(message: GatewayMessage): void
  /** At most once; no message follows it. */
  ended(end: ConnectionEnd): void
}

/** One WebSocket: opening → open → ended. It sends the hello and answers the gateway's pings by itself. */
export interface Connection {
  /** When the gateway was last heard, in ms since the epoch. */
  heardAt(): number
  /** Sends at the end of the tick, in one frame with the other messages of the tick. False: not open, or too large. */
  send(message: PageMessage): boolean
  /** Ends the connection if the gateway has been silent for too long. */
  check(): void
  /** The page woke up, or the network came back: asks a gateway that was not heard lately. */
  wake(): void
  /** Sends the waiting messages and closes the socket; `ended` is not called. `code` tells the gateway what to do with the session. */
  drop(code?: number): void
}

/** Sends `hello` as soon as the socket is open. */
export function openConnection(socket: WebSocketLike, hello: Hello, listener: Listener): Connection {
  let state: 'opening' | 'open' | 'ended' = 'opening'
  let { timeoutMs } = hello
  let maxMessageBytes = Infinity
  let heardAt = Date.now()
  const write = (message: PageMessage) => socket.send(JSON.stringify(message))
  const frames = createFrames((text) => state === 'open' && socket.send(text))
  const deadline = createDeadline(() => end({ code: NO_CLOSE_FRAME, message: 'gateway silent' }))
  /** The gateway asks after a third of the timeout; two thirds of silence are more than a slow link. */
  function heard(): void {
    heardAt = Date.now()
    deadline(heardAt + (timeoutMs * 2) / 3 + SILENCE_MARGIN_MS)
  }
  function leave(code = DETACH): void {
    state = 'ended'
    deadline(NEVER)
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
    else listener.hear(message)
  }
  deadline(heardAt + OPEN_DEADLINE_MS)
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
      end({ code: NO_CLOSE_FRAME, message: `${error}` })
    }
  }
  socket.onclose = ({ code, reason }: CloseEvent) =>
    end({ code, message: reason || `connection lost: ${code}` })
  // `close` follows. It stays set: a socket of the ws package that is closed while it opens emits an error, and ends the
  // process without a handler.
  socket.onerror = () => undefined
  return {
    heardAt: () => heardAt,
    send: (message) => state === 'open' && frames.enqueue(message, maxMessageBytes),
    check: deadline,
    wake() {
      deadline()
      if (state !== 'open' || Date.now() - heardAt < FRESH_MS) return
      write({ type: 'ping', id: 0 })
      deadline(Date.now() + WAKE_ANSWER_MS)
    },
    drop(code) {
      frames.flush()
      if (state !== 'ended') leave(code)
    },
  }
}

/**
 * A deadline in ms since the epoch, which is set by calling the function. It goes by the clock, because browsers delay or
 * stop timers: each call, also one without a new deadline, compares.
 */
function createDeadline(pass: () => void): (at?: number) => void {
  let deadline = NEVER
  let timer: ReturnType<typeof setTimeout> | undefined
  return function check(at = deadline) {
    deadline = at
    clearTimeout(timer)
    const leftMs = at - Date.now()
    if (leftMs > 0) timer = setTimeout(check, leftMs)
    else if (at) pass()
  }
}
