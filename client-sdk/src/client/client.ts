/// <reference lib="esnext.disposable" preserve="true" />

import type { MakeCall } from '../session/calls.js'
import { createDialer, type Dialer } from '../session/dialer.js'
import { ZoogateError } from '../session/errors.js'
import type { Settings } from '../session/options.js'
import { createPending, type Limits } from '../session/pending.js'
import { createSession, type MessageListener, type OnMessage, type Session } from '../session/session.js'
import { createStore, type SessionInfo, type SessionState, type Store } from '../session/store.js'
import { RENEWABLE } from '../session/verdict.js'
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
  /** True while CONNECTING when the session has timed out by this page's clock. */
  readonly presumedExpired: boolean
  /**
   * Connects, and resolves with the session once CONNECTED; a second call meanwhile changes nothing. An unreachable
   * gateway is dialled until it answers. Rejects when the gateway refuses, when the session is closed meanwhile, and at
   * the given limits, which end the waiting but not the connecting: `close()` ends that.
   *
   * @throws TypeError when the runtime has no WebSocket constructor and the options give none.
   */
  connect(limits?: Limits): Promise<SessionInfo>
  /**
   * Closes the session, whose ephemeral nodes are deleted at once. CLOSED from now on; resolves when the gateway has
   * confirmed, or after two seconds. Calls sent before still get their answers. Without a connection the gateway
   * cannot be asked, and the session expires after its timeout. Never rejects.
   */
  close(): Promise<void>
  /** `close`, where the runtime knows the symbol. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * `createOperations` is given a function that makes a call on the newest session, the handle's events, and a function
 * that registers listeners for the gateway's messages. `createWatches` is called once for each session.
 */
export function createHandle<Operations extends object>(
  settings: Settings,
  createOperations: (call: MakeCall, on: Store['on'], onMessage: OnMessage) => Operations,
  createWatches: () => Watches,
): Handle & Operations {
  const { change, ...store } = createStore()
  const { getSnapshot, on } = store
  const listeners: MessageListener[] = []
  /** The session that is open or being opened; null while this handle does nothing. */
  let current: Session | null = null
  let closing: Promise<void> | undefined

  function open(session: Session): void {
    current = session
    // Before a listener is called, which may close it.
    session.open()
    change({ state: 'CONNECTING' })
  }
  const newSession = (dialer: Dialer): Session =>
    createSession(dialer, createWatches(), listeners, change, (reason, error) => {
      const next = error.code === RENEWABLE && settings.renew ? newSession(dialer) : null
      current = next
      change({ state: 'CLOSED', reason }, error)
      // A listener may have called close().
      if (next && current === next) open(next)
    })

  function connect(limits: Limits = {}): Promise<SessionInfo> {
    const { state, session: attached } = getSnapshot()
    if (state === 'CONNECTED') return Promise.resolve(attached!)
    const session = current ?? newSession(createDialer(settings))
    const connecting = untilConnected(store, limits, () => current)
    if (session !== current && !limits.signal?.aborted) open(session)
    return connecting
  }

  async function close(): Promise<void> {
    const session = current
    if (session) {
      current = null
      closing = session.close()
      change({ state: 'CLOSED', reason: 'closed' }, new ZoogateError('SESSION_CLOSED', 'close() was called'))
    }
    await closing
  }

  return {
    ...store,
    ...createOperations(
      (...call) =>
        current
          ? current.call(...call)
          : Promise.reject(new ZoogateError('SESSION_CLOSED', 'call connect()', { path: call[1] })),
      on,
      (listener) => listeners.push(listener),
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

/** Waits for CONNECTED, or for a CLOSED that no `next` session follows. */
function untilConnected(
  { on, getSnapshot }: Store,
  limits: Limits,
  next: () => unknown,
): Promise<SessionInfo> {
  const { promise, settle, start } = createPending<SessionInfo>(limits, (code, message) => {
    stop()
    settle(new ZoogateError(code, `${message}; close() ends it`))
  })
  const stop = on('state', ({ state, reason, error }) => {
    if (state !== 'CONNECTED' && next()) return
    // The caller of close() knows: a connect() that is not awaited is no uncaught error then.
    if (reason === 'closed') promise.catch(() => undefined)
    stop()
    settle(error, getSnapshot().session)
  })
  start()
  return promise
}
