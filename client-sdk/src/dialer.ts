import { Backoff } from './backoff.js'
import { Connection, type ConnectionListener } from './connection.js'
import { ZoogateError } from './errors.js'
import { demand, type Settings, type TokenReason } from './options.js'
import { type Hello, SUBPROTOCOL } from './protocol.js'

/** Knows which gateway to dial next, when, and with which token; one for all sessions of a `connect()`. */
export class Dialer {
  readonly settings: Settings
  readonly backoff: Backoff
  readonly #Socket: NonNullable<Settings['WebSocket']>
  /** In the order in which they are dialled; the first one goes to the end. */
  readonly #urls: string[] = []
  #reason: TokenReason = 'connect'
  #token = ''
  /** The token that the gateway would not take; null while none was refused since it last took one. */
  #refused: string | null = null

  constructor(settings: Settings, random: () => number = Math.random) {
    this.settings = settings
    this.#Socket = settings.WebSocket ?? globalThis.WebSocket
    demand(this.#Socket, 'WebSocket', 'a constructor, there is none here')
    this.backoff = new Backoff(random)
    for (const url of settings.urls) {
      this.#urls.splice(Math.floor(random() * (this.#urls.length + 1)), 0, url)
    }
  }

  /** Asks the page for a token. Rejects with AUTH_FAILED when it has none that is worth a try. */
  async token(signal: AbortSignal): Promise<string> {
    const token = await this.settings.getToken({ reason: this.#reason, signal })
    if (!token || token === this.#refused) {
      throw new ZoogateError('AUTH_FAILED', 'getToken gave no new token: let it fetch one each time')
    }
    this.#token = token
    return token
  }

  /** The gateway refused the token. False: it was the second one in a row, so another will not help. */
  refuse(reason: 'expired' | 'invalid'): boolean {
    if (this.#refused) return false
    this.#refused = this.#token
    this.#reason = reason
    return true
  }

  /** The gateway took the token. */
  accept(): void {
    this.#refused = null
    this.#reason = 'reconnect'
  }

  /** Dials the next gateway. */
  dial(hello: Hello, listener: ConnectionListener): Connection {
    const url = this.#urls.shift()!
    this.#urls.push(url)
    return new Connection(new this.#Socket(url, [SUBPROTOCOL]), hello, listener)
  }
}
