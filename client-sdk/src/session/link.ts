import type { GatewayMessage, Hello } from '../protocol.js'
import { createAttempts } from './attempts.js'
import type { Connection, ConnectionEnd } from './connection.js'
import type { Dialer } from './dialer.js'
import { listenToPage } from './page.js'
import type { Resume } from './resume.js'
import { CLOSE_ANSWER_MS } from './timing.js'
import { AUTH_FAILED, CLOSED, type End, RENEWABLE, verdictOf } from './verdict.js'
import type { Watches } from './watcher.js'

/** `closing`: the gateway was asked to close the session; `finish` ends the waiting for its answer. */
type State = 'open' | 'ended' | { readonly finish: () => void }

/**
 * The connections of one session, one after another:
 *
 *     open ──→ closing{finish}
 *       └────→ ended
 */
export interface Link {
  open(): void
  /** The gateway has attached the session. */
  accept(): void
  /** The connection of this moment; null while there is none. */
  connection(): Connection | null
  /**
   * Asks the gateway to close the session. Resolves when it has answered, after a deadline, and at once when it
   * cannot be asked.
   */
  close(): Promise<void>
}

/** What a link does to its session. */
export interface LinkListener {
  /** A message of the gateway, also while the session is being closed. */
  receive(message: GatewayMessage): void
  /** The connection is gone; another one follows, unless `close` is called. */
  detach(message: string): void
  /** No other connection follows. */
  end(end: End, message: string): void
}

export function createLink(dialer: Dialer, resume: Resume, watches: Watches, session: LinkListener): Link {
  const attempts = createAttempts(dialer, resume, greet, fail)
  let connection: Connection | null = null
  let state: State = 'open'
  /** Whether this page was attached to the session, rather than found it in the tab's storage. */
  let isOwn = false
  let stopListening: (() => void) | undefined
  function greet(token: string): void {
    const point = resume.point()
    const hello: Hello = { type: 'hello', token, timeoutMs: dialer.settings.sessionTimeoutMs }
    if (point) hello.resume = { token: point.resumeToken, zxid: point.zxid, watches: watches.lists() }
    connection = dialer.dial(hello, { hear: session.receive, ended })
  }
  /** The one way out of `open`. */
  function enter(next: Exclude<State, 'open'>): void {
    state = next
    attempts.stop()
    stopListening?.()
    resume.forget()
  }
  function fail(end: End, message: string): void {
    enter('ended')
    session.end(end, message)
  }
  function ended({ code, message, retryAfterMs }: ConnectionEnd): void {
    const verdict = state === 'open' && judge(code, dialer, isOwn ? null : resume)
    if (verdict) fail(verdict, message)
    else leave(message)
    // A listener may have closed the session.
    if (state === 'open') attempts.again(retryAfterMs)
    else if (state !== 'ended') state.finish()
  }
  function leave(message: string): void {
    session.detach(message)
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
    accept() {
      dialer.accept()
      isOwn = true
    },
    connection: () => connection,
    close: () =>
      new Promise((resolve) => {
        const finish = () => {
          clearTimeout(timer)
          connection?.drop(CLOSED)
          resolve()
        }
        const timer = setTimeout(finish, CLOSE_ANSWER_MS)
        enter({ finish })
        if (!connection?.send({ type: 'close' })) finish()
      }),
  }
}

/** How the session ends with this close code; null: another connection follows. */
function judge(code: number, dialer: Dialer, copied: Resume | null): End | null {
  const verdict = verdictOf(code)
  if (verdict === 'token') return dialer.refuse(code) ? null : AUTH_FAILED
  if (!copied || verdict?.[1] !== RENEWABLE) return verdict
  // The session of an earlier page of this tab is gone. This page never had it, and so has lost nothing.
  copied.forget()
  return null
}
