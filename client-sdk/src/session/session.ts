import type { ClosedReason, GatewayMessage, Hello, Operation, Results, SessionMessage } from '../protocol.js'
import { createAttempts } from './attempts.js'
import { createCalls, type MakeCall } from './calls.js'
import type { Connection, ConnectionEnd } from './connection.js'
import type { Dialer } from './dialer.js'
import { ZoogateError } from './errors.js'
import { listenToPage } from './page.js'
import { createResume } from './resume.js'
import type { ClientSnapshot } from './store.js'
import { AUTH_FAILED, type End, LOST, verdictOf } from './verdict.js'
import type { Watches, WatchList } from './watcher.js'

/**
 * A link that held this long was sound, and its loss is no reason to hesitate: the backoff starts anew. Less than the
 * silence that ends a link, so that a page that slept does not wait either.
 */
const SOUND_AFTER_MS = 2_500
/** How long `close()` waits for the gateway's word. */
const CLOSE_ANSWER_MS = 2_000
/** What a page's close frame says to end the session rather than detach it. */
const CLOSE_SESSION = 4000

/** Where ZooKeeper keeps the watch that this answer has set. */
const listFor = (op: Operation, { stat }: Results['exists' | 'getData' | 'getChildren']): WatchList =>
  op === 'getChildren' ? 'child' : stat ? 'data' : 'exist'

type State = 'detached' | 'attached' | 'ended'

/**
 * One ZooKeeper session as the page sees it, over as many connections as it takes:
 *
 *     detached ⇄ attached        dialling, waiting, or the gateway has lost the ensemble ⇄ in use
 *        └── ended ──┘           nothing but the answers to calls that were made before close()
 */
export interface Session {
  /** To be called once. */
  open(): void
  /** Makes a call now, or when the session is attached next. */
  call: MakeCall
  /**
   * Closes the session; resolves when the gateway has confirmed it, or after a deadline. Without a connection
   * nobody can be told: then the session expires by itself when its timeout has passed.
   */
  close(): Promise<void>
}

/** `change` hears what becomes of the session; `onEnd` hears of the end, at most once, unless `close` was called. */
export function createSession(
  dialer: Dialer,
  watches: Watches,
  change: (change: Partial<ClientSnapshot>) => void,
  onEnd: (reason: ClosedReason, error: ZoogateError) => void,
): Session {
  const { settings, backoff } = dialer
  const calls = createCalls(settings.maxQueuedCalls)
  const resume = createResume(settings.storage === 'tab' ? `zoogate:${settings.urls}` : null)
  const attempts = createAttempts(dialer, resume, greet, end)
  let state: State = 'detached'
  let connection: Connection | null = null
  /** In ms since the epoch; 0 until the session was attached once. */
  let attachedAt = 0
  /** Tells when the session is gone by our clock. */
  let goneTimer: ReturnType<typeof setTimeout> | undefined
  let stopListening: (() => void) | undefined
  /** What to do when the connection ends. */
  let whenLost: (end: ConnectionEnd) => void = lost

  /** The one way to another state. False, and nothing happens, on a repeat and after the end. */
  function enter(next: State): boolean {
    if (state === next || state === 'ended') return false
    if (state === 'attached' && Date.now() - attachedAt > SOUND_AFTER_MS) backoff.reset()
    state = next
    clearTimeout(goneTimer)
    if (next === 'ended') {
      attempts.stop()
      stopListening?.()
      resume.forget()
    }
    return true
  }
  function end([reason, code]: End, message: string): void {
    enter('ended')
    calls.failAll(code, message)
    onEnd(reason, new ZoogateError(code, message))
  }

  function greet(token: string): void {
    const point = resume.point()
    const hello: Hello = { type: 'hello', token, timeoutMs: settings.sessionTimeoutMs }
    if (point) hello.resume = { token: point.resumeToken, zxid: point.zxid, watches: watches.lists() }
    connection = dialer.dial(hello, { message: receive, ended: (end) => whenLost(end) })
  }
  function receive(message: GatewayMessage): void {
    watches.hear?.(message, connection!)
    switch (message.type) {
      case 'session':
        if (state !== 'ended') attach(message)
        break
      case 'suspended':
        detach(message.message)
        break
      case 'reply':
      case 'error':
        resume.see(message.zxid)
        calls.answer(message)
        break
      case 'event':
        watches.fire(message.event, message.path)
    }
  }
  function attach(message: SessionMessage): void {
    dialer.accept()
    resume.keep(message)
    if (!enter('attached')) return
    attachedAt = Date.now()
    calls.flow(connection!.send)
    const { id, timeoutMs, resumed, readOnly = false } = message
    change({
      state: 'CONNECTED',
      session: Object.freeze({ id, timeoutMs, resumed, readOnly }),
    })
  }
  function detach(message: string): void {
    if (state !== 'attached') return
    enter('detached')
    const goneAt = connection!.heardAt() + resume.point()!.timeoutMs
    goneTimer = setTimeout(change, goneAt - Date.now(), { presumedExpired: true })
    calls.interrupt(message)
    change({ state: 'CONNECTING' })
  }
  function lost({ code, message, retryAfterMs }: ConnectionEnd): void {
    const verdict = verdictOf(code)
    if (verdict === 'token' && !dialer.refuse(code)) {
      end(AUTH_FAILED, message)
      return
    }
    if (typeof verdict === 'object') {
      if (attachedAt || verdict[1] !== LOST) {
        end(verdict, message)
        return
      }
      // What an earlier page of this tab left behind is gone. This page never had that session: it lost nothing.
      resume.forget()
    }
    detach(message)
    connection = null
    // Whoever heard of it may have called close().
    if (state === 'detached') attempts.again(retryAfterMs)
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
          detach('page left')
          connection = null
        },
      })
      attempts.again()
    },
    call(op, path, options = {}, read) {
      // The gateway may be gone without a word: then the call waits for the next one.
      connection?.check()
      const { signal, timeoutMs = settings.requestTimeoutMs, watch, ...fields } = options
      return calls.make({ ...fields, op, path, watch: watch && true }, { signal, timeoutMs }, (result) => {
        // Only reads of a node take a watch.
        if (watch) watches.hold(listFor(op, result as Results['exists']), path!, watch)
        return read(result)
      })
    },
    close: () =>
      new Promise((resolve) => {
        enter('ended')
        const finish = () => {
          clearTimeout(timer)
          connection?.drop(CLOSE_SESSION)
          calls.failAll('SESSION_CLOSED', 'close() was called')
          resolve()
        }
        const timer = setTimeout(finish, CLOSE_ANSWER_MS)
        whenLost = finish
        if (connection?.isOpen()) connection.send({ type: 'close' })
        else finish()
      }),
  }
}
