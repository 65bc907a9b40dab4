import type { WatchEventType } from 'zoogate-client/protocol'
import {
  type AttachedSession,
  EnsembleLink,
  type LinkListener,
  type LinkLoss,
  type LinkOptions,
  type ServerCursor,
} from '../zookeeper/index.js'
import { type AttachPass, retryDelayMs, slowDownMs } from './attach-gate.js'
import type { SessionServices } from './services.js'

/** The session holds nothing but watches: its timeout decides only how soon a dead server is noticed. */
const SESSION_TIMEOUT_MS = 10_000
/** A link that held for so long was healthy: its loss does not count as one more failure in a row. */
const HEALTHY_AFTER_MS = 5_000

// idle ──open()──► attaching ──► attached
//                   │    ▲          │
//                   ▼    │          │
//                  waiting ◄────────┘          any ──close()──► closed
//
type State =
  | { at: 'idle' }
  /** In the queue of the attach gate, or on the way to a server. */
  | { at: 'attaching'; pass: AttachPass }
  | { at: 'attached'; since: number; heart: NodeJS.Timeout }
  /** Until the next attempt. */
  | { at: 'waiting'; timer: NodeJS.Timeout }
  /** Final. */
  | { at: 'closed' }

/** The owner of a session. Its methods are called synchronously, in the order of the events, and never after `close`. */
export interface OwnSessionListener {
  /** @param isNew the session is another one than before, so that the ensemble knows none of the owner's watches */
  sessionAttached(session: AttachedSession, isNew: boolean): void
  /** After `sessionAttached` only. Calls in flight have failed; the next `sessionAttached` follows by itself. */
  sessionLost(): void
  sessionEvent(event: { type: WatchEventType; path: string }): void
  /** The ensemble has refused the identity. A new session is tried all the same: an operator may allow it. */
  sessionRefused(): void
}

export interface OwnSessionOptions {
  ensemble: Pick<SessionServices, 'servers' | 'linkOptions' | 'gate' | 'log'> & {
    metrics: Pick<SessionServices['metrics'], 'linkLost'>
  }
  listener: OwnSessionListener
  /** Names the session in the log. */
  name: string
  /** Called for each new session. */
  sessionOptions(): Pick<LinkOptions, 'auth' | 'lastZxid' | 'maxReplyBytes'>
}

/**
 * A ZooKeeper session that the gateway holds for itself. It is attached again after each loss, and replaced by a new one
 * after each end, until it is closed.
 */
export class OwnSession implements LinkListener {
  readonly #options: OwnSessionOptions
  readonly #servers: ServerCursor
  #link: EnsembleLink
  /** The link of the last `sessionAttached`. */
  #knownLink: EnsembleLink | null = null
  #state: State = { at: 'idle' }
  /** Failures in a row. */
  #failures = 0

  constructor(options: OwnSessionOptions) {
    this.#options = options
    this.#servers = options.ensemble.servers.cursor()
    this.#link = this.#newLink()
  }

  /** For calls, which fail at once with -4 unless the session is attached. A new session has a new link. */
  get link(): EnsembleLink {
    return this.#link
  }

  get isAttached(): boolean {
    return this.#link.linkState === 'attached'
  }

  /** Begins to attach. Does nothing when repeated, or after `close`. */
  open(): void {
    if (this.#state.at === 'idle') this.#attach()
  }

  /** Final. Resolves when the ensemble has closed the session, or has not confirmed it in time. */
  close(): Promise<void> {
    this.#enter({ at: 'closed' })
    return new Promise((resolve) => this.#link.closeSession(() => resolve()))
  }

  // ---- events of the link ----

  linkAttached(session: AttachedSession): void {
    const link = this.#link
    const isNew = link !== this.#knownLink
    this.#knownLink = link
    const heart = setInterval(() => link.heartbeat(), session.timeoutMs / 3)
    this.#enter({ at: 'attached', since: performance.now(), heart })
    this.#notify((listener) => listener.sessionAttached(session, isNew))
  }

  linkLost(loss: LinkLoss): void {
    const { ensemble, name } = this.#options
    ensemble.metrics.linkLost(loss.cause)
    ensemble.log.debug({ ...loss }, `ensemble link of the ${name} lost`)
    if (this.#state.at === 'attaching') this.#state.pass.release(slowDownMs(loss.cause))
    this.#retry()
  }

  linkExpired(): void {
    this.#begin()
  }

  linkMoved(): void {
    this.#begin()
  }

  linkAuthFailed(): void {
    this.#begin()
    this.#notify((listener) => listener.sessionRefused())
  }

  linkEvent(event: { type: WatchEventType; path: string }): void {
    this.#notify((listener) => listener.sessionEvent(event))
  }

  // ---- the way to the ensemble ----

  /** Replaces a session that is over. */
  #begin(): void {
    this.#link = this.#newLink()
    this.#retry()
  }

  #newLink(): EnsembleLink {
    const { ensemble, sessionOptions } = this.#options
    return new EnsembleLink({
      ...ensemble.linkOptions,
      // Without a quorum a server does not know what has changed.
      readOnly: false,
      servers: this.#servers,
      listener: this,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      ...sessionOptions(),
    })
  }

  /** A new session counts as a renewal, too: pages wait for it. */
  #attach(): void {
    this.#enter({
      at: 'attaching',
      pass: this.#options.ensemble.gate.enter('renew', () => this.#link.attach(), null),
    })
  }

  #retry(): void {
    const before = this.#state
    const wasHealthy = before.at === 'attached' && performance.now() - before.since > HEALTHY_AFTER_MS
    this.#failures = wasHealthy ? 0 : this.#failures + 1
    const delayMs = retryDelayMs(this.#failures, this.#servers.size)
    this.#enter({ at: 'waiting', timer: setTimeout(() => this.#attach(), delayMs) })
    if (before.at === 'attached') this.#notify((listener) => listener.sessionLost())
  }

  #notify(call: (listener: OwnSessionListener) => void): void {
    if (this.#state.at !== 'closed') call(this.#options.listener)
  }

  /** Deaf to repeats, and to everything after the end. */
  #enter(state: State): void {
    const isDeaf = this.#state.at === 'closed' || this.#state.at === state.at
    giveBack(isDeaf ? state : this.#state)
    if (!isDeaf) this.#state = state
  }
}

function giveBack(state: State): void {
  if (state.at === 'attaching') state.pass.release()
  else if (state.at === 'attached') clearInterval(state.heart)
  else if (state.at === 'waiting') clearTimeout(state.timer)
}
