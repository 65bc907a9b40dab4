import {
  CLOSE_CODES,
  type CloseCode,
  type ErrorReply,
  type Hello,
  type PageMessage,
  type Reply,
  type Resume,
  type WatchEventType,
} from 'zoogate-client/protocol'
import type { Authenticator, Identity } from '../access/authenticate.js'
import { resumeProblem } from '../access/resume-token.js'
import type { Rights } from '../access/rights.js'
import type { LimitName } from '../limits/limits.js'
import { type CallingPage, refuseMalformed, runCall } from '../session/calls.js'
import type { SessionInfo, SessionListener, SessionRequest } from '../session/listener.js'
import type { SessionServices } from '../session/services.js'
import { Session } from '../session/session.js'
import type { Subject } from '../session/subject.js'
import { PageViews } from '../views/page-views.js'
import type { Views } from '../views/views.js'
import { parseMessage, splitFrame } from '../wire/protocol.js'
import { Greeting, HELLO_FIRST } from './greeting.js'
import { PageHeartbeat } from './heartbeat.js'
import { Intake, type IntakePeer, type IntakeSocket } from './intake.js'
import { Outbox, type OutboxSocket } from './outbox.js'
import { PageToken } from './token.js'

/** The WebSocket as the connection needs it. */
export interface PageSocket extends OutboxSocket, IntakeSocket {
  /** Sends a close frame and ends the socket soon, whether or not the page answers. */
  close(code: number, reason: string): void
}

/** The connections of one gateway share these. */
export interface ConnectionContext {
  services: SessionServices
  views: Views
  authenticate: Authenticator
  lingerMs: number
}

/** The close code of a page whose tab closes or reloads. */
const GOING_AWAY = 1001

/** A drain waits this long for the replies to one page; a slower ensemble is in trouble itself. */
const DRAIN_GRACE_MS = 1_000

/** To verify a signature and to put the claims into all rules takes as long as this many calls. */
const MESSAGES_FOR_A_TOKEN = 50

/** A frame without a message. */
const NO_MESSAGES = '[]'

const FAULT = 'the gateway met a fault of its own in a message of this page; redial and resume'

// hello ──► open ──► closed
//   └────────────────►┘
interface Open {
  at: 'open'
  subject: Subject
  session: Session
  heartbeat: PageHeartbeat
  token: PageToken
  calls: CallingPage & { rights: Rights }
}

type State = { at: 'hello'; greeting: Greeting } | Open | { at: 'closed' }

/** One WebSocket's life, and the only writer to its socket. */
export class Connection implements SessionListener, IntakePeer {
  readonly #context: ConnectionContext
  readonly #socket: PageSocket
  readonly #outbox: Outbox
  readonly #intake: Intake
  readonly #authenticated: () => void
  #state: State
  /** Null until the page calls an operation of views: most pages call none. */
  #views: PageViews | null = null

  /**
   * @param authenticated called once, when the hello has been accepted
   * @param cookie see `GreetingOptions`
   */
  constructor(
    context: ConnectionContext,
    socket: PageSocket,
    authenticated: () => void,
    cookie: string | null = null,
  ) {
    const { limits } = context.services
    this.#context = context
    this.#socket = socket
    this.#authenticated = authenticated
    this.#outbox = new Outbox(socket, limits.maxBufferedBytes, () => this.#slowReader())
    this.#intake = new Intake(socket, this, limits)
    const { authenticate } = context
    const greeting = new Greeting(this, { authenticate, withinMs: limits.helloTimeoutMs, cookie })
    this.#state = { at: 'hello', greeting }
  }

  /** Null before the hello is accepted, and after the end. */
  get identity(): Identity | null {
    return this.#state.at === 'open' ? this.#state.token.identity : null
  }

  // ---- what the WebSocket tells ----

  /** One WebSocket message of the page. Never throws: a fault that one page finds must not end the others. */
  receive(text: string): void {
    const state = this.#state
    if (state.at === 'closed') return
    try {
      const isAlive = state.at === 'open' && state.heartbeat.heard()
      this.#intake.take(text, Buffer.byteLength(text))
      if (isAlive && this.#state.at === 'open') state.session.pageHeard()
    } catch (error) {
      this.fault(error)
    }
  }

  /** A frame that is not text. */
  receiveBinary(): void {
    this.refuse(CLOSE_CODES.BAD_MESSAGE, 'messages are JSON in text frames')
  }

  /**
   * A ping or a pong of the WebSocket protocol. No browser sends one by itself, it proves nothing about the page, and it costs
   * the same as a message. @returns false where the connection is not open
   */
  receiveControl(bytes: number): boolean {
    if (this.#state.at === 'hello') this.refuse(CLOSE_CODES.BAD_MESSAGE, HELLO_FIRST)
    if (this.#state.at !== 'open') return false
    this.#intake.take(NO_MESSAGES, bytes)
    return true
  }

  /** The page has read everything that it was sent. */
  drained(): void {
    this.#views?.drained()
    this.#intake.outboxDrained()
  }

  /** The socket is gone. @param code of the close frame; 1006 without one */
  socketClosed(code: number): void {
    const state = this.#state
    this.#leave()
    if (state.at !== 'open') return
    const { subject, issuedAt } = state.token.identity
    if (code === GOING_AWAY) state.session.linger(this.#context.lingerMs, { subject, issuedAt })
    else state.session.detach()
  }

  // ---- the end ----

  /** Ends the connection with a verdict; its session is detached, not closed. */
  refuse(code: CloseCode, message: string, retryAfterMs?: number): void {
    if (code === CLOSE_CODES.HELLO_TIMEOUT) this.limited('helloTimeoutMs')
    const hint = retryAfterMs === undefined ? {} : { retryAfterMs }
    this.#end(code, message, hint)?.detach()
  }

  /** Ends the connection because its token has been revoked. @param closeSession false detaches the session */
  revoke(message: string, closeSession: boolean): void {
    const session = this.#end(CLOSE_CODES.TOKEN_INVALID, message, {})
    if (closeSession) session?.closeUnlessMoved()
    else session?.detach()
  }

  /** Ends the connection for a fault of the gateway's own. */
  fault(error: unknown): void {
    this.#context.services.log.error({ error: error instanceof Error ? error.stack : String(error) }, FAULT)
    this.refuse(CLOSE_CODES.INTERNAL, FAULT)
  }

  /** Moves the page to another replica, as soon as its calls are answered, so that no outcome is unknown. */
  drain(): void {
    const move = () =>
      this.refuse(CLOSE_CODES.DRAINING, 'this gateway is stopping; redial and resume on another', 0)
    if (this.#state.at !== 'open') {
      move()
      return
    }
    setTimeout(move, DRAIN_GRACE_MS).unref()
    this.#state.session.whenIdle(move)
  }

  /** @returns the session, for the caller to detach or close; null where there is none */
  #end(code: CloseCode, message: string, hint: { retryAfterMs?: number }): Session | null {
    const state = this.#state
    if (state.at === 'closed') return null
    this.#outbox.close({ type: 'closed', code, message, ...hint })
    this.#leave()
    this.#context.services.metrics.closed(code)
    // A reason has at most 123 bytes in a close frame; the message before it has all of it.
    this.#socket.close(code, message.slice(0, 100).replace(/[^\x20-\x7e]/g, '?'))
    return state.at === 'open' ? state.session : null
  }

  #leave(): void {
    const state = this.#state
    this.#state = { at: 'closed' }
    if (state.at === 'hello') state.greeting.end()
    if (state.at === 'open') {
      state.heartbeat.stop()
      state.token.stop()
      this.#context.services.registry.leave(state.subject)
    }
    this.#views?.closeAll()
    this.#intake.end()
    this.#outbox.close()
  }

  // ---- what the greeting tells ----

  accepted(hello: Hello, identity: Identity): void {
    const { services } = this.#context
    const subject = services.registry.enter(identity.subject, services.chroot + identity.chroot)
    const resume = hello.resume ? this.#resumeOf(hello.resume, identity, subject) : null
    if (resume === 'refused' || this.#isOverQuota(subject, resume !== null)) {
      services.registry.leave(subject)
      return
    }
    const { issuer, auth } = identity
    this.#open(identity, { subject, issuer, auth, timeoutMs: hello.timeoutMs, resume })
  }

  pong(id: number): void {
    this.#outbox.push({ type: 'pong', id })
  }

  /** The session that the hello resumes. A wrong resume ends the connection. */
  #resumeOf(resume: Resume, identity: Identity, { chroot }: Subject): SessionRequest['resume'] | 'refused' {
    const { limits, resumeTokens } = this.#context.services
    const sealed = resumeTokens.open(resume.token)
    const problem = resumeProblem(resume, sealed, identity, chroot, limits)
    if (sealed !== null && problem === null) return { sealed, zxid: resume.zxid, watches: resume.watches }
    this.refuse(CLOSE_CODES.RESUME_REFUSED, problem ?? '')
    return 'refused'
  }

  #isOverQuota(subject: Subject, resumes: boolean): boolean {
    const { registry } = this.#context.services
    const refusal = resumes ? registry.resumeRefusal(subject) : registry.refusal(subject)
    if (refusal === null) return false
    this.limited(refusal.limit)
    this.refuse(CLOSE_CODES.OVERLOADED, refusal.message, refusal.retryAfterMs)
    return true
  }

  #open(identity: Identity, request: SessionRequest): void {
    const { services, authenticate } = this.#context
    const { limits, metrics } = services
    const { subject } = request
    if (this.#state.at === 'hello') this.#state.greeting.end()
    const session = new Session(services, this, () => this.#viewsOf(subject), request)
    const token = new PageToken(this, authenticate, identity)
    const { rights } = identity
    const calls = { rights, limits, metrics, session, watches: session.watches, reply: this.#reply }
    const heartbeat = new PageHeartbeat(this, request.timeoutMs)
    this.#intake.share(subject.rate)
    this.#state = { at: 'open', subject, session, heartbeat, token, calls }
    this.#authenticated()
  }

  #viewsOf(subject: Subject): PageViews {
    const { services, views } = this.#context
    const { limits } = services
    const limited = (limit: LimitName) => this.limited(limit)
    this.#views ??= new PageViews({ views, outlet: this.#outbox, limits, subject, limited })
    return this.#views
  }

  // ---- what the session tells; synchronous, so that nothing overtakes anything ----

  sessionAttached(session: SessionInfo): void {
    if (this.#state.at === 'open') this.#state.heartbeat.setTimeout(session.timeoutMs)
    const { maxMessageBytes } = this.#context.services.limits
    this.#outbox.push({ type: 'session', ...session, maxMessageBytes })
  }

  sessionSuspended(message: string): void {
    this.#outbox.push({ type: 'suspended', message })
  }

  sessionEvent(event: WatchEventType, path: string): void {
    // A watch outlives the token that it was set with, and the present token may allow less.
    if (!this.identity?.rights.allows({ right: 'watch', path })) return
    this.#outbox.push({ type: 'event', event, path })
  }

  sessionEnded(code: CloseCode, message: string): void {
    this.refuse(code, message)
  }

  ask(answered: () => void): void {
    if (this.#state.at === 'open') this.#state.heartbeat.ask(answered)
  }

  // ---- what the heartbeat and the token tell ----

  sendPing(id: number): void {
    this.#outbox.push({ type: 'ping', id })
  }

  pageSilent(): void {
    this.refuse(CLOSE_CODES.SILENT, 'no message for two thirds of the session timeout; redial and resume')
  }

  askForToken(): void {
    this.#outbox.push({ type: 'refresh' })
  }

  /** Views outlive the token that they were opened with, too. */
  tokenRenewed({ rights }: Identity): void {
    if (this.#state.at !== 'open') return
    this.#state.calls.rights = rights
    this.#views?.endForbidden(rights)
  }

  // ---- what the intake tells ----

  openFrame(text: string): unknown[] {
    const messages = splitFrame(text, this.#context.services.limits.maxFrameMessages)
    if (!Array.isArray(messages)) this.refuse(CLOSE_CODES.BAD_MESSAGE, messages.problem)
    else if (messages.length > 0) return messages
    else if (this.#state.at === 'hello') this.refuse(CLOSE_CODES.BAD_MESSAGE, HELLO_FIRST)
    return []
  }

  handle(value: unknown): void {
    try {
      const parsed = parseMessage(value)
      const state = this.#state
      if (parsed.kind === 'unreadable') this.refuse(CLOSE_CODES.BAD_MESSAGE, parsed.problem)
      else if (state.at === 'hello') state.greeting.receive(parsed)
      else if (state.at === 'closed') return
      else if (parsed.kind === 'call') runCall(parsed.call, state.calls)
      else if (parsed.kind === 'answerable') refuseMalformed(parsed.id, parsed.problem, state.calls)
      else this.#handleWhileOpen(parsed.message, state)
    } catch (error) {
      this.fault(error)
    }
  }

  limited(limit: LimitName): void {
    this.#context.services.metrics.limited(limit)
  }

  readingPaused(): void {
    if (this.#state.at === 'open') this.#state.heartbeat.readingPaused()
  }

  isOutboxFull(): boolean {
    return this.#socket.bufferedAmount > this.#context.services.limits.maxViewBacklogBytes
  }

  // ---- messages ----

  #handleWhileOpen(message: Exclude<PageMessage, { type: 'call' }>, open: Open): void {
    switch (message.type) {
      case 'pong':
        if (open.heartbeat.pong(message.id)) open.session.pageHeard()
        return
      case 'ping':
        this.pong(message.id)
        return
      case 'close':
        open.session.close()
        return
      case 'token':
        this.#intake.charge(MESSAGES_FOR_A_TOKEN, 0)
        open.token.renew(message.token)
        return
      case 'hello':
        this.refuse(CLOSE_CODES.BAD_MESSAGE, 'hello comes once, as the first message')
    }
  }

  /** A reply costs the page its bytes, as a message that it sends does. */
  readonly #reply = (message: Reply | ErrorReply): void => {
    this.#intake.charge(0, this.#outbox.push(message))
  }

  #slowReader(): void {
    this.limited('maxBufferedBytes')
    this.refuse(CLOSE_CODES.SLOW_READER, 'too much was waiting to be read; redial and resume')
  }
}
