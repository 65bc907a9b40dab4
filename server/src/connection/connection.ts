import {
  CLOSE_CODES,
  type CloseCode,
  type Hello,
  type PageMessage,
  type WatchEventType,
} from 'zoogate-client/protocol'
import type { Authenticator, Identity } from '../access/authenticate.js'
import { resumeProblem } from '../access/resume-token.js'
import type { LimitName } from '../limits/limits.js'
import type { SessionServices } from '../session/services.js'
import { Session } from '../session/session.js'
import type { PageSession, SessionPage } from '../session/session-page.js'
import type { Subject } from '../session/subject.js'
import { PageViews } from '../views/page-views.js'
import type { Views } from '../views/views.js'
import { parseMessage, splitFrame } from '../wire/protocol.js'
import { Answers } from './answers.js'
import { PageCalls } from './calls.js'
import { Greeting, HELLO_FIRST } from './greeting.js'
import { PageHeartbeat, presumedTimeoutMs } from './heartbeat.js'
import { Intake, type IntakeSocket } from './intake.js'
import { Outbox, type OutboxSocket } from './outbox.js'
import { PageToken } from './token.js'

/** The WebSocket as the connection needs it. */
export interface PageSocket extends OutboxSocket, IntakeSocket {
  /** Sends a close frame and ends the socket soon, whether or not the other side answers. */
  close(code: number, reason: string): void
}

/** What connections of one gateway share. */
export interface ConnectionContext {
  ensemble: SessionServices
  views: Views
  authenticate: Authenticator
  lingerMs: number
}

/** Close codes that a page sends when its tab closes or reloads. */
const GOING_AWAY = 1001

/** How long a drain waits for the answers of one page; an ensemble that takes longer is in trouble itself. */
const DRAIN_GRACE_MS = 1_000

/** To verify a signature and to put the claims into all rules takes as long as so many calls. */
const MESSAGES_FOR_A_TOKEN = 50

/** A frame that says nothing. */
const NO_MESSAGES = '[]'

const FAULT = 'the gateway met a fault of its own in a message of this page; redial and resume'

interface Open {
  at: 'open'
  session: Session
  heartbeat: PageHeartbeat
  token: PageToken
  views: PageViews
  calls: PageCalls
  subject: Subject
}

type State = { at: 'hello'; greeting: Greeting } | Open | { at: 'closed' }

/** One WebSocket's life, and the only writer to its socket. */
export class Connection implements SessionPage {
  readonly #context: ConnectionContext
  readonly #socket: PageSocket
  readonly #outbox: Outbox
  readonly #intake: Intake
  readonly #answers: Answers
  readonly #authenticated: () => void
  #state: State

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
    this.#context = context
    this.#socket = socket
    this.#authenticated = authenticated
    this.#outbox = new Outbox(socket, context.ensemble.limits.maxBufferedBytes, () => this.#slowReader())
    this.#intake = new Intake(socket, {
      limits: context.ensemble.limits,
      open: (frame) => this.#openFrame(frame),
      receive: (message) => this.#guarded(() => this.#receiveOne(message)),
      limited: (limit) => this.#limited(limit),
      heldBack: () => this.#heldBack(),
      isClogged: () => this.#outbox.bufferedBytes > context.ensemble.limits.maxViewBacklogBytes,
    })
    this.#answers = new Answers(this.#outbox, context.ensemble.metrics, (bytes) =>
      this.#intake.charge({ bytes }),
    )
    const { authenticate } = context
    const withinMs = context.ensemble.limits.helloTimeoutMs
    this.#state = { at: 'hello', greeting: new Greeting(this, { authenticate, withinMs, cookie }) }
  }

  /** One WebSocket message of the page. Never throws: a fault that one page finds must not end the others. */
  receive(text: string): void {
    if (this.#state.at !== 'closed') this.#guarded(() => this.#receiveFrame(text))
  }

  /** Ends the connection for a fault of the gateway's own. */
  fault(error: unknown): void {
    this.#context.ensemble.log.error({ error: error instanceof Error ? error.stack : String(error) }, FAULT)
    this.refuse(CLOSE_CODES.INTERNAL, FAULT)
  }

  /** A frame that is no text. */
  receiveBinary(): void {
    this.refuse(CLOSE_CODES.BAD_MESSAGE, 'messages are JSON in text frames')
  }

  /**
   * A ping or a pong of the WebSocket protocol: no browser sends one by itself, it shows nothing of the page, and it costs
   * as much as a message does. @returns false from somebody who is not, or no more, a page
   */
  receiveControl(bytes: number): boolean {
    if (this.#state.at === 'hello') this.refuse(CLOSE_CODES.BAD_MESSAGE, HELLO_FIRST)
    if (this.#state.at !== 'open') return false
    this.#intake.take(NO_MESSAGES, bytes)
    return true
  }

  /** The socket is gone; `code` is what the close frame said, 1006 without one. */
  socketClosed(code: number): void {
    const state = this.#state
    this.#leave()
    if (state.at !== 'open') return
    const { subject, issuedAt } = state.token.identity
    if (code === GOING_AWAY) state.session.linger(this.#context.lingerMs, { subject, issuedAt })
    else state.session.detach()
  }

  /** Null before the hello is accepted, and after the end. */
  get identity(): Identity | null {
    return this.#state.at === 'open' ? this.#state.token.identity : null
  }

  /** Ends the connection because its token has been revoked. @param closeSession or only let go of it */
  revoke(message: string, closeSession: boolean): void {
    this.#end(CLOSE_CODES.TOKEN_INVALID, message, {}, (session) => {
      if (closeSession) session.closeUnlessMoved()
      else session.detach()
    })
  }

  /** Ends the connection with a verdict; a session that it holds is let go of, not closed. */
  refuse(code: CloseCode, message: string, retryAfterMs?: number): void {
    if (code === CLOSE_CODES.HELLO_TIMEOUT) this.#limited('helloTimeoutMs')
    this.#end(code, message, retryAfterMs === undefined ? {} : { retryAfterMs }, (session) =>
      session.detach(),
    )
  }

  #end(
    code: CloseCode,
    message: string,
    hint: { retryAfterMs?: number },
    letGo: (session: Session) => void,
  ): void {
    const state = this.#state
    if (state.at === 'closed') return
    this.#outbox.close({ type: 'closed', code, message, ...hint })
    this.#leave()
    if (state.at === 'open') letGo(state.session)
    this.#context.ensemble.metrics.closed(code)
    // A reason has at most 123 bytes in a close frame; the message before it has all of it.
    this.#socket.close(code, message.slice(0, 100).replace(/[^\x20-\x7e]/g, '?'))
  }

  /** Sends the page elsewhere: as soon as its calls are answered, so that none ends with an unknown outcome. */
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

  /** The page has read everything that it was sent. */
  drained(): void {
    if (this.#state.at === 'open') this.#state.views.drained()
    this.#intake.unclog()
  }

  // ---- what the greeting tells ----

  accepted(hello: Hello, identity: Identity): void {
    const { authenticate, ensemble } = this.#context
    const chroot = ensemble.chroot + identity.chroot
    const sealed = hello.resume ? ensemble.resumeTokens.open(hello.resume.token) : null
    if (hello.resume) {
      const problem = resumeProblem(hello.resume, sealed, identity, chroot, ensemble.limits)
      if (problem) {
        this.refuse(CLOSE_CODES.RESUME_REFUSED, problem)
        return
      }
    }
    const { registry } = ensemble
    const subject = registry.enter(identity.subject, chroot)
    const refusal = hello.resume ? registry.resumeRefusal(subject) : registry.refusal(subject)
    if (refusal) {
      registry.leave(subject)
      this.#limited(refusal.limit)
      this.refuse(CLOSE_CODES.OVERLOADED, refusal.message, refusal.retryAfterMs)
      return
    }
    if (this.#state.at === 'hello') this.#state.greeting.end()
    const session = new Session(ensemble, this, {
      subject,
      issuer: identity.issuer,
      auth: identity.auth,
      timeoutMs: hello.timeoutMs,
      resume:
        sealed && hello.resume ? { sealed, zxid: hello.resume.zxid, watches: hello.resume.watches } : null,
    })
    const heartbeat = new PageHeartbeat(this, presumedTimeoutMs(hello.timeoutMs))
    const token = new PageToken(this, authenticate, identity)
    const views = new PageViews({
      views: this.#context.views,
      outlet: this.#outbox,
      limits: ensemble.limits,
      subject,
      limited: (limit) => this.#limited(limit),
    })
    const calls = new PageCalls(ensemble.limits, this.#answers, { session, views, token })
    this.#intake.share(subject.rate)
    this.#state = { at: 'open', session, heartbeat, token, views, calls, subject }
    this.#authenticated()
  }

  pong(id: number): void {
    this.#outbox.push({ type: 'pong', id })
  }

  // ---- what the session tells; synchronous, so that nothing overtakes anything ----

  sessionAttached(session: PageSession): void {
    if (this.#state.at === 'open') this.#state.heartbeat.setTimeout(session.timeoutMs)
    const { maxMessageBytes } = this.#context.ensemble.limits
    this.#outbox.push({ type: 'session', ...session, maxMessageBytes })
  }

  sessionSuspended(message: string): void {
    this.#outbox.push({ type: 'suspended', message })
  }

  sessionEvent(event: WatchEventType, path: string): void {
    // A watch outlives the token that it was set with, and the present one may allow less.
    if (!this.identity?.rights.allows({ right: 'watch', path })) return
    this.#outbox.push({ type: 'event', event, path })
  }

  sessionEnded(code: CloseCode, message: string): void {
    this.refuse(code, message)
  }

  ask(answered: () => void): void {
    if (this.#state.at === 'open') this.#state.heartbeat.ask(answered)
  }

  // ---- what the heartbeat tells ----

  sendPing(id: number): void {
    this.#outbox.push({ type: 'ping', id })
  }

  pageSilent(): void {
    this.refuse(CLOSE_CODES.SILENT, 'no message for two thirds of the session timeout; redial and resume')
  }

  // ---- what the token tells ----

  askForToken(): void {
    this.#outbox.push({ type: 'refresh' })
  }

  /** Views outlive the token that they were opened with, too. */
  tokenRenewed({ rights }: Identity): void {
    if (this.#state.at === 'open') this.#state.views.endForbidden(rights)
  }

  // ---- messages ----

  #guarded(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.fault(error)
    }
  }

  #receiveFrame(text: string): void {
    const isAlive = this.#state.at === 'open' && this.#state.heartbeat.heard()
    this.#intake.take(text, Buffer.byteLength(text))
    if (isAlive && this.#state.at === 'open') this.#state.session.pageHeard()
  }

  #openFrame(text: string): unknown[] {
    const messages = splitFrame(text, this.#context.ensemble.limits.maxFrameMessages)
    if (!Array.isArray(messages)) this.refuse(CLOSE_CODES.BAD_MESSAGE, messages.problem)
    else if (messages.length > 0) return messages
    else if (this.#state.at === 'hello') this.refuse(CLOSE_CODES.BAD_MESSAGE, HELLO_FIRST)
    return []
  }

  #receiveOne(value: unknown): void {
    const parsed = parseMessage(value, this.#context.ensemble.limits.maxMultiParts)
    if (parsed.kind === 'unreadable') {
      this.refuse(CLOSE_CODES.BAD_MESSAGE, parsed.problem)
      return
    }
    const state = this.#state
    if (state.at === 'closed') return
    if (state.at === 'hello') state.greeting.receive(parsed)
    else if (parsed.kind === 'answerable') this.#answers.refuseMalformed(parsed)
    else this.#receiveWhileOpen(parsed.message, state)
  }

  #receiveWhileOpen(message: PageMessage, open: Open): void {
    const { session, heartbeat, token, calls } = open
    switch (message.type) {
      case 'call':
        calls.run(message)
        return
      case 'pong':
        if (heartbeat.pong(message.id)) session.pageHeard()
        return
      case 'ping':
        this.pong(message.id)
        return
      case 'close':
        session.close()
        return
      case 'token':
        this.#intake.charge({ messages: MESSAGES_FOR_A_TOKEN })
        token.renew(message.token)
        return
      case 'hello':
        this.refuse(CLOSE_CODES.BAD_MESSAGE, 'hello comes once, as the first message')
    }
  }

  #heldBack(): void {
    if (this.#state.at === 'open') this.#state.heartbeat.heldBack()
  }

  #limited(limit: LimitName): void {
    this.#context.ensemble.metrics.limited(limit)
  }

  #slowReader(): void {
    this.#limited('maxBufferedBytes')
    this.refuse(CLOSE_CODES.SLOW_READER, 'too much was waiting to be read; redial and resume')
  }

  #leave(): void {
    if (this.#state.at === 'hello') this.#state.greeting.end()
    if (this.#state.at === 'open') {
      this.#state.heartbeat.stop()
      this.#state.token.stop()
      this.#state.views.closeAll()
      this.#context.ensemble.registry.leave(this.#state.subject)
    }
    this.#intake.end()
    this.#outbox.close()
    this.#state = { at: 'closed' }
  }
}
