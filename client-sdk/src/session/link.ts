import type { GatewayMessage, Hello } from '../protocol.js'
import { createAttempts } from './attempts.js'
import type { Connection, ConnectionEnd } from './connection.js'
import type { Dialer } from './dialer.js'
import { listenToPage } from './page.js'
import type { Resume } from './resume.js'
import { AUTH_FAILED, type End, RENEWABLE, verdictOf } from './verdict.js'
import type { Watches } from './watcher.js'

/** How long `close()` waits for the gateway's answer. */
const CLOSE_ANSWER_MS = 2_000
/** What a page's close frame says to end the session rather than detach it. */
const CLOSE_SESSION = 4000

export interface LinkListener {
  /** A message of the gateway, also while the session is being closed. */
  message(message: GatewayMessage, connection: Connection): void
  /** The connection is gone, and another one follows unless `close` is called. */
  lost(message: string): void
  /** The connection is gone, or could not be made, and no other one can follow. */
  failed(end: End, message: string): void
}

/** `closing`: the gateway was asked to close the session; `finish` ends the waiting for its answer. */
type State = 'open' | 'ended' | { readonly finish: () => void }

/**
 * The connections of one session, one after another:
 *
 *     open ──→ closing{finish} ──→ ended
 *       └───────────────────────────↗
 */
export interface Link {
  open(): void
  /** The connection of this moment; null while there is none. */
  connection(): Connection | null
  /**
   * Asks the gateway to close the session. Resolves when it has answered, after a deadline, and at once when it
   * cannot be asked.
   */
  close(): Promise<void>
}

export function createLink(dialer: Dialer, resume: Resume, watches: Watches, listener: LinkListener): Link {
  const attempts = createAttempts(dialer, resume, greet, fail)
  let connection: Connection | null = null
  let state: State = 'open'
  let stopListening: (() => void) | undefined

  function greet(token: string): void {
    const point = resume.point()
    const hello: Hello = { type: 'hello', token, timeoutMs: dialer.settings.sessionTimeoutMs }
    if (point) hello.resume = { token: point.resumeToken, zxid: point.zxid, watches: watches.lists() }
    connection = dialer.dial(hello, { message: (message) => listener.message(message, connection!), ended })
  }
  /** The one way to another state. `open` is left for good. */
  function enter(next: Exclude<State, 'open'>): void {
    if (state === 'open') {
      attempts.stop()
      stopListening?.()
      resume.forget()
    }
    state = next
  }
  function fail(end: End, message: string): void {
    enter('ended')
    listener.failed(end, message)
  }
  function ended({ code, message, retryAfterMs }: ConnectionEnd): void {
    const verdict = typeof state === 'object' ? state : judge(code, dialer, resume)
    if (verdict && 'finish' in verdict) verdict.finish()
    else if (verdict) fail(verdict, message)
    else {
      leave(message)
      // A listener may have closed the session.
      if (state === 'open') attempts.again(retryAfterMs)
    }
  }
  function leave(message: string): void {
    listener.lost(message)
    connection = null
  }

  return {
    open() {
      stopListening = listenToPage({
        woke: () => connection?.wake(),
        returned: () => (connection ? connection.wake() : attempts.atOnce()),
        hidden(cached) {
          resume.depart()
          if (!cached) return
          // A cached page answers nothing, yet its browser would keep the socket open.
          attempts.stop()
          connection?.drop()
          leave('page left')
        },
      })
      attempts.again()
    },
    connection: () => connection,
    close: () =>
      new Promise((resolve) => {
        const finish = () => {
          clearTimeout(timer)
          enter('ended')
          connection?.drop(CLOSE_SESSION)
          resolve()
        }
        const timer = setTimeout(finish, CLOSE_ANSWER_MS)
        enter({ finish })
        if (connection?.isOpen()) connection.send({ type: 'close' })
        else finish()
      }),
  }
}

/** How the session ends with this close code; null: it goes on with another connection. */
function judge(code: number, dialer: Dialer, resume: Resume): End | null {
  const verdict = verdictOf(code)
  if (verdict === 'token') return dialer.refuse(code) ? null : AUTH_FAILED
  if (verdict === 'redial') return null
  if (resume.isOwn() || verdict[1] !== RENEWABLE) return verdict
  // The session of an earlier page of this tab is gone. This page never had it, and so has lost nothing.
  resume.forget()
  return null
}
