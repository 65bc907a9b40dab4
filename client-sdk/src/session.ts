import { Calls } from './calls.js'
import type { Connection, ConnectionEnd } from './connection.js'
import type { Dialer } from './dialer.js'
import { ZoogateError } from './errors.js'
import { listenToPage, type PageListener } from './page.js'
import type { ClosedReason, ErrorCode, GatewayMessage, Hello, SessionMessage } from './protocol.js'
import { Resume } from './resume.js'
import { SILENT, verdictOf } from './verdict.js'
import { Watches } from './watches.js'

/** A link that held this long was sound, and its loss is no reason to hesitate: the backoff starts anew. */
const SOUND_AFTER_MS = 5_000
/** How long `close()` waits for the gateway's word. */
const CLOSE_ANSWER_MS = 2_000
/** What a page's close frame says to end the session rather than detach it. */
const CLOSE_SESSION = 4000

/** The error that stands for each way to be CLOSED. */
const ERRORS: Record<ClosedReason, ErrorCode> = {
  closed: 'SESSION_CLOSED',
  expired: 'SESSION_EXPIRED',
  auth_failed: 'AUTH_FAILED',
  taken_over: 'SESSION_MOVED',
  refused: 'FORBIDDEN',
}

type State = 'detached' | 'attached' | 'closing' | 'ended'

export interface SessionListener {
  attached(message: SessionMessage): void
  detached(): void
  /** Still detached after so long that, by this page's clock, the ensemble must have expired it. */
  presumedExpired(): void
  /** At most once, and nothing after it. */
  ended(reason: ClosedReason, error: ZoogateError): void
}

/**
 * One ZooKeeper session as the page sees it, over as many connections as it takes:
 *
 *     detached ⇄ attached        dialling, waiting, or the gateway has lost the ensemble ⇄ in use
 *        │ │        │ │
 *        │ └closing─┘ │          close() was called: no more calls, the last replies may still come
 *        └── ended ───┘
 */
export class Session implements PageListener {
  readonly watches = new Watches()
  readonly #dialer: Dialer
  readonly #listener: SessionListener
  readonly #calls: Calls
  readonly #resume: Resume
  #state: State = 'detached'
  #connection: Connection | null = null
  /** Aborted when whatever leads to the next connection has to stop. */
  #attempt = new AbortController()
  /** Runs what comes next while there is no connection, or ends the closing. */
  #timer: ReturnType<typeof setTimeout> | undefined
  /** In ms since the epoch; 0 until the session was attached once. */
  #attachedAt = 0
  #timeoutMs = 0
  /** When the session is gone by our clock, in ms since the epoch. */
  #goneAt = Infinity
  #goneTimer: ReturnType<typeof setTimeout> | undefined
  #stopListening: () => void = () => undefined
  #closeAnswered: () => void = () => undefined

  constructor(dialer: Dialer, listener: SessionListener) {
    const { storage, urls, maxQueuedCalls } = dialer.settings
    this.#dialer = dialer
    this.#listener = listener
    this.#calls = new Calls(maxQueuedCalls)
    this.#resume = new Resume(storage === 'tab' ? `zoogate:${urls}` : null)
  }

  /** To be called once. */
  open(): void {
    this.#stopListening = listenToPage(this)
    this.#redial(0)
  }

  /** Makes a call now, or when the session is attached next. */
  call: Calls['add'] = (op, fields, limits, read) => {
    // The gateway may be gone without a word: then the call waits for the next one.
    this.#connection?.check()
    return this.#calls.add(op, fields, limits, read)
  }

  /**
   * Closes the session; resolves when the gateway has confirmed it, or after a deadline. Without a connection
   * nobody can be told: then the session expires by itself when its timeout has passed.
   */
  close(): Promise<void> {
    const connection = this.#connection
    if (this.#state !== 'attached') this.#failCalls()
    this.#stop()
    if (!connection?.isOpen) {
      connection?.drop('closed')
      this.#enter('ended')
      return Promise.resolve()
    }
    this.#enter('closing')
    connection.send({ type: 'close' })
    return new Promise((resolve) => {
      this.#closeAnswered = resolve
      this.#timer = setTimeout(() => {
        connection.drop('closed', CLOSE_SESSION)
        this.#closed()
      }, CLOSE_ANSWER_MS)
    })
  }

  woke(): void {
    this.#connection?.wake()
    if (Date.now() > this.#goneAt) this.#presumeExpired()
  }

  returned(): void {
    this.woke()
    this.#dialer.backoff.reset()
    if (!this.#connection) this.#dial(0)
  }

  hidden(cached: boolean): void {
    this.#resume.leave()
    if (!cached) return
    // A cached page answers nothing, yet its browser would keep the socket open.
    this.#halt()
    this.#connection?.drop('suspended')
    this.#detach('the page was left')
    this.#connection = null
  }

  /** Starts a new attempt to connect, in place of one that is under way. */
  #dial(delayMs: number): void {
    this.#halt()
    if (this.#state !== 'detached') return
    this.#attempt = new AbortController()
    const { signal } = this.#attempt
    if (delayMs > 0) this.#timer = setTimeout(() => this.#connect(signal), delayMs)
    else this.#connect(signal)
  }

  #redial(atLeastMs: number): void {
    this.#dial(Math.max(atLeastMs, this.#dialer.backoff.next()))
  }

  /** No more attempts, until the next `#dial`. */
  #halt(): void {
    this.#attempt.abort()
    clearTimeout(this.#timer)
  }

  /** From a claim on the session and a token to a connection. */
  async #connect(signal: AbortSignal): Promise<void> {
    this.#timer = setTimeout(() => this.#redial(0), this.#dialer.settings.requestTimeoutMs)
    try {
      const isOurs = await this.#resume.claim()
      const token = isOurs && (await this.#dialer.token(signal))
      if (signal.aborted) return
      clearTimeout(this.#timer)
      if (token) this.#greet(token)
      else this.#end('taken_over', 'another tab has resumed the session')
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ZoogateError && error.code === 'AUTH_FAILED')
        this.#end('auth_failed', error.message)
      else this.#redial(0)
    }
  }

  #greet(token: string): void {
    const { point } = this.#resume
    const timeoutMs = this.#dialer.settings.sessionTimeoutMs
    const hello: Hello = { type: 'hello', token, timeoutMs }
    if (point) hello.resume = { token: point.token, zxid: point.zxid, watches: this.watches.paths() }
    this.#connection = this.#dialer.dial(hello, {
      message: (message) => this.#receive(message),
      ended: (end) => this.#connectionOnEnd(end),
    })
  }

  #receive(message: GatewayMessage): void {
    switch (message.type) {
      case 'session':
        this.#attach(message)
        break
      case 'suspended':
        this.#detach(message.message)
        break
      case 'reply':
        this.#resume.see(message.zxid)
        this.#calls.resolve(message.id, message.result)
        break
      case 'error':
        this.#resume.see(message.zxid)
        this.#calls.reject(message.id, message.error)
        break
      case 'event':
        this.watches.fire(message.event, message.path)
    }
  }

  #attach(message: SessionMessage): void {
    const connection = this.#connection
    if (!connection || this.#state === 'closing') return
    this.#dialer.accept()
    this.#resume.update(message)
    if (!this.#enter('attached')) return
    this.#attachedAt = Date.now()
    this.#timeoutMs = message.timeoutMs
    this.#calls.flow((call) => connection.send(call))
    this.#listener.attached(message)
  }

  #detach(message: string): void {
    if (this.#state !== 'attached') return
    this.#enter('detached')
    this.#goneAt = (this.#connection?.heardAt ?? 0) + this.#timeoutMs
    this.#goneTimer = setTimeout(() => this.#presumeExpired(), this.#goneAt - Date.now())
    this.#calls.interrupt(message)
    this.#listener.detached()
  }

  #connectionOnEnd({ code, message, retryAfterMs = 0 }: ConnectionEnd): void {
    const verdict = verdictOf(code)
    if (this.#state === 'closing') this.#closed()
    else if (verdict === 'expired' && !this.#attachedAt && this.#resume.point) {
      // What an earlier page of this tab left behind is gone. This page never had that session: it lost nothing.
      this.#resume.forget()
      this.#lost(message, 0)
    } else if (verdict === 'token_expired' || verdict === 'token_invalid') {
      if (this.#dialer.refuse(verdict === 'token_expired' ? 'expired' : 'invalid')) this.#lost(message, 0)
      else this.#end('auth_failed', message)
    } else if (verdict !== 'redial') this.#end(verdict, message)
    else {
      // Most likely the page slept, and whoever sits in front of it has waited long enough.
      if (code === SILENT) this.#dialer.backoff.reset()
      this.#lost(message, retryAfterMs)
    }
  }

  #lost(message: string, retryAfterMs: number): void {
    this.#detach(message)
    this.#connection = null
    this.#redial(retryAfterMs)
  }

  #end(reason: ClosedReason, message: string): void {
    this.#stop()
    this.#calls.failAll(ERRORS[reason], message)
    this.#enter('ended')
    this.#listener.ended(reason, new ZoogateError(ERRORS[reason], message))
  }

  #presumeExpired(): void {
    this.#goneAt = Infinity
    if (this.#state === 'detached') this.#listener.presumedExpired()
  }

  /** The gateway has answered `close`, or will not. */
  #closed(): void {
    this.#halt()
    this.#failCalls()
    this.#enter('ended')
    this.#closeAnswered()
  }

  #failCalls(): void {
    this.#calls.failAll('SESSION_CLOSED', 'the session was closed')
  }

  #stop(): void {
    this.#halt()
    this.#stopListening()
    this.#resume.forget()
  }

  /** The one way to another state. False, and nothing happens, on a repeat and after the end. */
  #enter(state: State): boolean {
    if (this.#state === state || this.#state === 'ended') return false
    if (this.#state === 'attached' && Date.now() - this.#attachedAt > SOUND_AFTER_MS) {
      this.#dialer.backoff.reset()
    }
    this.#state = state
    this.#goneAt = Infinity
    clearTimeout(this.#goneTimer)
    return true
  }
}
