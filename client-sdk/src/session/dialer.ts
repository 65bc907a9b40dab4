import { type Hello, SUBPROTOCOL } from '../protocol.js'
import { type Connection, type Listener, openConnection } from './connection.js'
import { ZoogateError } from './errors.js'
import { demand, type Settings, type TokenReason } from './options.js'
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS } from './timing.js'
import { TOKEN_EXPIRED } from './verdict.js'

export interface Backoff {
  /** Milliseconds to wait before the next attempt. Each call counts as one attempt. */
  waitMs(): number
  /** The last attempt led to a connection that lasted: the waits begin anew. */
  reset(): void
}

/** No wait before the first attempt; then exponential backoff with full jitter, so that pages do not come in step. */
export function createBackoff(random: () => number = Math.random): Backoff {
  let attempt = 0
  return {
    waitMs: () => random() * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * (2 ** attempt++ - 1)),
    reset: () => {
      attempt = 1
    },
  }
}

/** Knows which gateway to dial next, when, and with which token. One dialer serves all sessions of a `connect()`. */
export interface Dialer {
  readonly settings: Settings
  readonly backoff: Backoff
  /** Asks the page for a token. Rejects with AUTH_FAILED when the page gives none, or the refused one again. */
  askToken(signal: AbortSignal): Promise<string>
  /** A gateway refused the token with this close code. False: the second refusal in a row, so stop asking. */
  refuse(code: number): boolean
  /** A gateway accepted the token. */
  accept(): void
  /** Dials the next gateway. */
  dial(hello: Hello, listener: Listener): Connection
}

export function createDialer(settings: Settings, random: () => number = Math.random): Dialer {
  const Socket = settings.WebSocket ?? globalThis.WebSocket
  demand(Socket, 'WebSocket', 'a constructor')
  /** In the order of dialling: the next address stands first, and goes to the end. */
  const urls: string[] = []
  for (const url of settings.urls) urls.splice(random() * (urls.length + 1), 0, url)
  let reason: TokenReason = 'connect'
  let token: string | null = null
  /** The token that a gateway refused last; null since a gateway has accepted one. */
  let refused: string | null = null
  return {
    settings,
    backoff: createBackoff(random),
    async askToken(signal) {
      token = await settings.getToken({ reason, signal })
      if (token && token !== refused) return token
      throw new ZoogateError('AUTH_FAILED', 'getToken: give a new token')
    },
    refuse(code) {
      if (refused) return false
      refused = token
      reason = code === TOKEN_EXPIRED ? 'expired' : 'invalid'
      return true
    },
    accept() {
      refused = null
      reason = 'reconnect'
    },
    dial(hello, listener) {
      const url = urls.shift()!
      urls.push(url)
      return openConnection(new Socket(url, [SUBPROTOCOL]), hello, listener)
    },
  }
}
