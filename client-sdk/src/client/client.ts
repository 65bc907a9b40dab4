/// <reference lib="esnext.disposable" preserve="true" />

import type { MakeCall } from '../session/calls.js'
import { createDialer, type Dialer } from '../session/dialer.js'
import { ZoogateError } from '../session/errors.js'
import type { Settings } from '../session/options.js'
import { createPending, type Limits } from '../session/pending.js'
import { createSession, type Session } from '../session/session.js'
import { createStore, type SessionInfo, type SessionState, type Store } from '../session/store.js'
import { LOST } from '../session/verdict.js'
import type { Watches } from '../session/watcher.js'

/**
 * One handle on ZooKeeper. NOT_CONNECTED → CONNECTING ⇄ CONNECTED, and from both to CLOSED, which ends the
 * session. From there `connect()`, or renewal after an expiry, goes on to CONNECTING with a new session.
 * Its functions need no `this`.
 */
export interface Handle extends Store {
  readonly state: SessionState
  /** The newest session, or null before the first. */
  readonly session: SessionInfo | null
  /** True while CONNECTING when, by this page's clock, the session cannot be alive any more. */
  readonly presumedExpired: boolean
  /**
   * Connects, and resolves with the session once CONNECTED; asking again while it is under way changes nothing.
   * An unreachable gateway is tried until it answers. Rejects when the gateway refuses, when the session is
   * closed meanwhile, and at the given limits, which end the waiting but not the connecting: `close()` does that.
   *
   * @throws TypeError where there is no WebSocket constructor.
   */
  connect(limits?: Limits): Promise<SessionInfo>
  /**
   * Closes the session, whose ephemeral nodes go at once. CLOSED from now on; resolves when the gateway has
   * confirmed, or after two seconds. Calls sent before still get their answers. Without a connection the gateway
   * cannot be told, and the session expires after its timeout. Never rejects.
   */
  close(): Promise<void>
  /** `close`, where the runtime knows the symbol. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * `createOperations` is given what makes a call on the newest session, and the handle's events; `createWatches` is
 * called once for each session.
 */
export function createHandle<Operations extends object>(
  settings: Settings,
  createOperations: (call: MakeCall, on: Store['on']) => Operations,
  createWatches: () => Watches,
): Handle & Operations {
  const { change, ...store } = createStore()
  const { getSnapshot, on } = store
  /** The session that is open or being opened; null while this handle does nothing. */
  let current: Session | null = null
  let closing: Promise<void> = Promise.resolve()

  function open(session: Session): void {
    current = session
    // Before anybody hears of it, and may close it.
    session.open()
    change({ state: 'CONNECTING' })
  }
  const newSession = (dialer: Dialer): Session =>
    createSession(dialer, createWatches(), change, (reason, error) => {
      const next = error.code === LOST && settings.renew ? newSession(dialer) : null
      current = next
      change({ state: 'CLOSED', reason }, error)
      // A listener may have called close().
      if (next && current === next) open(next)
    })

  function connect(limits: Limits = {}): Promise<SessionInfo> {
    const { state, session: attached } = getSnapshot()
    if (state === 'CONNECTED' && attached) return Promise.resolve(attached)
    const session = current ?? newSession(createDialer(settings))
    const { promise, settle, start } = createPending<SessionInfo>(limits, (code, message) => {
      stop()
      settle(new ZoogateError(code, `${message}; close() stops connecting`))
    })
    const stop = on('state', ({ state, reason, error }) => {
      // CONNECTING, or CLOSED with another session to come.
      if (state !== 'CONNECTED' && current) return
      // Whoever calls close() knows: a connect() that nobody waits for is no uncaught error then.
      if (reason === 'closed') promise.catch(() => undefined)
      stop()
      settle(error, getSnapshot().session)
    })
    start()
    if (session !== current && !limits.signal?.aborted) open(session)
    return promise
  }

  function close(): Promise<void> {
    const session = current
    if (session) {
      current = null
      closing = session.close()
      const error = new ZoogateError('SESSION_CLOSED', 'close() was called')
      change({ state: 'CLOSED', reason: 'closed' }, error)
    }
    return closing
  }

  return {
    ...store,
    ...createOperations(
      (op, path, options, read) =>
        current
          ? current.call(op, path, options, read)
          : Promise.reject(new ZoogateError('SESSION_CLOSED', 'call connect() first', { path })),
      on,
    ),
    ...(Symbol.asyncDispose && { [Symbol.asyncDispose]: close }),
    connect,
    close,
    get state() {
      return getSnapshot().state
    },
    get session() {
      return getSnapshot().session
    },
    get presumedExpired() {
      return getSnapshot().presumedExpired
    },
  }
}
