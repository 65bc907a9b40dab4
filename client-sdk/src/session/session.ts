import type { ClosedReason, GatewayMessage, SessionMessage } from '../protocol.js'
import { createCalls, type MakeCall } from './calls.js'
import type { Connection } from './connection.js'
import type { Dialer } from './dialer.js'
import { ZoogateError } from './errors.js'
import { createLink } from './link.js'
import { createResume } from './resume.js'
import type { ClientSnapshot } from './store.js'
import { SOUND_AFTER_MS } from './timing.js'
import type { End } from './verdict.js'
import type { Watches } from './watcher.js'

/** Is given each message of the gateway, also while the session is being closed, before the session acts on it. */
export type MessageListener = (message: GatewayMessage, connection: Pick<Connection, 'send'>) => void

/** Registers a listener for the messages of all sessions of a client. */
export type OnMessage = (listener: MessageListener) => void

type State = 'detached' | 'attached' | 'ended'

/**
 * One ZooKeeper session as the page sees it, over all its connections:
 *
 *     detached ⇄ attached        dialling, waiting, or the gateway has lost the ensemble ⇄ in use
 *        └── ended ──┘           only the answers to calls that were made before close()
 */
export interface Session {
  /** To be called once. */
  open(): void
  /** Makes a call now, or when the session is attached next; the gateway may have gone silently. */
  call: MakeCall
  /**
   * Closes the session; resolves when the gateway has confirmed it, or after a deadline. Without a connection the
   * gateway cannot be asked: then the session expires when its timeout has passed.
   */
  close(): Promise<void>
}

/** `change` is given each change of the session's snapshot; `onEnd` its end, at most once, and not after `close`. */
export function createSession(
  dialer: Dialer,
  watches: Watches,
  listeners: readonly MessageListener[],
  change: (change: Partial<ClientSnapshot>) => void,
  onEnd: (reason: ClosedReason, error: ZoogateError) => void,
): Session {
  const calls = createCalls(dialer.settings, watches)
  const resume = createResume(dialer.settings)
  const link = createLink(dialer, resume, watches, { receive, detach, end })
  let state: State = 'detached'
  /** In ms since the epoch. */
  let attachedAt = 0
  /** Runs when the session is gone by the page's clock. */
  let goneTimer: ReturnType<typeof setTimeout> | undefined

  /** The one way to another state. False, and nothing happens, on a repeat and after the end. */
  function enter(next: State): boolean {
    if (state === next || state === 'ended') return false
    if (state === 'attached' && Date.now() - attachedAt > SOUND_AFTER_MS) dialer.backoff.reset()
    state = next
    clearTimeout(goneTimer)
    return true
  }
  function end([reason, code]: End, message: string): void {
    enter('ended')
    calls.failAll(code, message)
    onEnd(reason, new ZoogateError(code, message))
  }
  function receive(message: GatewayMessage): void {
    for (const hear of listeners) hear(message, link.connection()!)
    if (message.type === 'session' && state !== 'ended') attach(message)
    if (message.type === 'suspended') detach(message.message)
    if (message.type === 'event') watches.fire(message.event, message.path)
    if (message.type === 'reply' || message.type === 'error') {
      resume.see(message.zxid)
      calls.answer(message)
    }
  }
  function attach(message: SessionMessage): void {
    link.accept()
    resume.keep(message)
    if (!enter('attached')) return
    attachedAt = Date.now()
    calls.flow(link.connection()!.send)
    const { id, timeoutMs, resumed, readOnly = false } = message
    change({ state: 'CONNECTED', session: Object.freeze({ id, timeoutMs, resumed, readOnly }) })
  }
  function detach(message: string): void {
    if (state !== 'attached') return
    enter('detached')
    const goneAt = link.connection()!.heardAt() + resume.point()!.timeoutMs
    goneTimer = setTimeout(change, goneAt - Date.now(), { presumedExpired: true })
    calls.interrupt(message)
    change({ state: 'CONNECTING' })
  }
  return {
    ...link,
    call(...call) {
      link.connection()?.check()
      return calls.make(...call)
    },
    async close() {
      enter('ended')
      await link.close()
      calls.failAll('SESSION_CLOSED', 'close() was called')
    },
  }
}
