import type { WebSocketLike } from './connection.js'

/** Why a token is asked for. After `expired` and `invalid` it has to differ from the last one. */
export type TokenReason = 'connect' | 'reconnect' | 'expired' | 'invalid'

export interface TokenRequest {
  reason: TokenReason
  /** Aborted when the token is not needed any more. */
  signal: AbortSignal
}

export interface ClientOptions {
  /**
   * The gateway's address, `ws:` or `wss:`, or relative to the page (without a page: to localhost). Several:
   * tried in random order, then in turn, like a ZooKeeper host list.
   */
  url: string | readonly string[]
  /**
   * Gives the signed token for the gateway. Called before each attempt to connect. When it fails the attempt is
   * repeated later; a ZoogateError with code AUTH_FAILED ends the session instead.
   */
  getToken: (request: TokenRequest) => string | Promise<string>
  /**
   * The session timeout to ask for, in milliseconds, above 0 and below 2e9; the ensemble decides (`session.timeoutMs`).
   * @default 10_000
   */
  sessionTimeoutMs?: number
  /**
   * After the session has expired: true opens a new one, false stays CLOSED.
   * @default true
   */
  renew?: boolean
  /**
   * `tab` keeps the resume token in sessionStorage, so that a reload keeps the session. It needs Web Locks to tell a
   * duplicated tab from a reload; without them (pages that are not served over https) it works as `memory`.
   * @default 'memory'
   */
  storage?: 'memory' | 'tab'
  /**
   * How long a call, and `getToken`, may take, in milliseconds, above 0 and below 2e9. Each call can set its own `timeoutMs`.
   * @default 30_000
   */
  requestTimeoutMs?: number
  /**
   * How many calls may wait while no session is attached, at least 1; further calls fail with RATE_LIMITED.
   * @default 1_000
   */
  maxQueuedCalls?: number
  /**
   * The WebSocket constructor, for runtimes without one of their own.
   * @default globalThis.WebSocket
   */
  WebSocket?: new (
    url: string,
    protocols: string[],
  ) => WebSocketLike
}

export type Settings = Readonly<
  Required<Omit<ClientOptions, 'url' | 'WebSocket'>> &
    Pick<ClientOptions, 'WebSocket'> & { urls: readonly string[] }
>

/** Checks the options and fills in the defaults; throws a TypeError that says what to pass. */
export function settle({ url, ...given }: ClientOptions): Settings {
  const limits = { sessionTimeoutMs: 10_000, requestTimeoutMs: 30_000, maxQueuedCalls: 1_000 }
  const urls = [url].flat().map(resolve)
  const settings = { ...limits, renew: true, storage: 'memory' as const, ...given, urls }
  demand(urls[0] && urls.every((url) => /^wss?:/.test(url)), 'url', 'a ws: or wss: address')
  demand(typeof settings.getToken === 'function', 'getToken', 'a function')
  for (const name of Object.keys(limits) as (keyof typeof limits)[]) {
    // From about 2.1e9 on, setTimeout does not wait at all.
    demand(settings[name] > 0 && settings[name] < 2e9, name, 'a number above 0')
  }
  return settings
}

/** Absolute, as today's WebSocket constructor makes it; older browsers accept absolute addresses only. */
const resolve = (url: string) =>
  url && new URL(url, globalThis.location?.href ?? 'ws://localhost').href.replace(/^http/, 'ws')

export function demand(isGiven: unknown, name: keyof ClientOptions, wanted: string): void {
  if (!isGiven) throw new TypeError(`${name}: pass ${wanted}`)
}
