import { type Hello, SUBPROTOCOL } from '../protocol.js'
import { createBackoff } from './backoff.js'
import { type Connection, type ConnectionListener, openConnection } from './connection.js'
import { ZoogateError } from './errors.js'
import { demand, type Settings, type TokenReason } from './options.js'
import { TOKEN_EXPIRED } from './verdict.js'

/** Knows which gateway to dial next, when, and with which token; one for all sessions of a `connect()`. */
export type Dialer = ReturnType<typeof createDialer>

export function createDialer(settings: Settings, random: () => number = Math.random) {
  const Socket = settings.WebSocket ?? globalThis.WebSocket
  demand(Socket, 'WebSocket', 'a constructor')
  /** In the order in which they are dialled; the first one goes to the end. */
  const urls: string[] = []
  for (const url of settings.urls) urls.splice(random() * (urls.length + 1), 0, url)
  let reason: TokenReason = 'connect'
  let token: string | null = null
  /** The token that the gateway would not take; null while none was refused since it last took one. */
  let refused: string | null = null
  return {
    settings,
    backoff: createBackoff(random),
    /** Asks the page for a token. Rejects with AUTH_FAILED when it has none that is worth a try. */
    async askToken(signal: AbortSignal): Promise<string> {
      token = await settings.getToken({ reason, signal })
      if (token && token !== refused) return token
      throw new ZoogateError('AUTH_FAILED', 'getToken: give a new token')
    },
    /** The gateway refused the token with this code. False: the second one in a row, so another will not help. */
    refuse(code: number): boolean {
      if (refused) return false
      refused = token
      reason = code === TOKEN_EXPIRED ? 'expired' : 'invalid'
      return true
    },
    /** The gateway took the token. */
    accept(): void {
      refused = null
      reason = 'reconnect'
    },
    /** Dials the next gateway. */
    dial(hello: Hello, listener: ConnectionListener): Connection {
      const url = urls.shift()!
      urls.push(url)
      return openConnection(new Socket(url, [SUBPROTOCOL]), hello, listener)
    },
  }
}
