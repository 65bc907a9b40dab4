import {
  type Call,
  CLOSE_CODES,
  type CloseCode,
  type Hello,
  type Operation,
  type Token,
  type WatchEventType,
} from 'zoogate-client/protocol'
import { type AccessMode, isAllowed, needsOf, needsOfView } from './access.js'
import type { Authenticator, Identity } from './authenticate.js'
import type { Ensemble } from './ensemble.js'
import { wireError } from './errors.js'
import type { Answer, SessionCall } from './operations.js'
import { Outbox, type OutboxSocket } from './outbox.js'
import { PageHeartbeat } from './page-heartbeat.js'
import { pathProblem, withChroot, withoutChroot } from './path.js'
import { parseMessage, splitFrame } from './protocol.js'
import { resumeProblem } from './resume.js'
import { type PageSession, Session, type SessionPage } from './session.js'
import { PageViews, type Views } from './views/index.js'

/** The WebSocket as the connection needs it. */
export interface PageSocket extends OutboxSocket {
  /** Sends a close frame and ends the socket soon, whether or not the other side answers. */
  close(code: number, reason: string): void
}

/** What connections of one gateway share. */
export interface ConnectionContext {
  ensemble: Ensemble
  views: Views
  authenticate: Authenticator
  access: AccessMode
  lingerMs: number
}

/** Close codes that a page sends when its tab closes or reloads. */
const GOING_AWAY = 1001
/**
 * Until the ensemble has given a timeout, the one asked for stands in, within reason: below, a page has no time
 * to answer; above, a page that is gone would hold its place for hours while no server can be reached.
 */
const SHORTEST_HEARTBEAT_MS = 500
const LONGEST_HEARTBEAT_MS = 30_000

/** A page asks its own server for a token: so long before the expiry is it told to, but at least two pings. */
const SHORTEST_REFRESH_MS = 10_000

/** How long a drain waits for the answers of one page; an ensemble that takes longer is in trouble itself. */
const DRAIN_GRACE_MS = 1_000

const FAULT = 'the gateway met a fault of its own in a message of this page; redial and resume'

interface Open {
  at: 'open'
  session: Session
  heartbeat: PageHeartbeat
  identity: Identity
  views: PageViews
  /** When the page is asked for a fresh token, in milliseconds since the epoch; null where it has been, or never. */
  refreshAt: number | null
}

type State = { at: 'hello'; deadline: NodeJS.Timeout } | Open | { at: 'closed' }

/** One WebSocket's life, and the only writer to its socket. */
export class Connection implements SessionPage {
  readonly #context: ConnectionContext
  readonly #socket: PageSocket
  readonly #outbox: Outbox
  readonly #authenticated: () => void
  #state: State

  /** @param authenticated called once, when the hello has been accepted */
  constructor(context: ConnectionContext, socket: PageSocket, authenticated: () => void) {
    this.#context = context
    this.#socket = socket
    this.#authenticated = authenticated
    this.#outbox = new Outbox(socket, context.ensemble.limits.maxBufferedBytes, () => this.#slowReader())
    const deadline = setTimeout(
      () => this.refuse(CLOSE_CODES.HELLO_TIMEOUT, 'no hello arrived in time; send it as the first message'),
      context.ensemble.limits.helloTimeoutMs,
    )
    this.#state = { at: 'hello', deadline }
  }

  /** One WebSocket message of the page. Never throws: a fault that one page finds must not end the others. */
  receive(text: string): void {
    if (this.#state.at === 'closed') return
    try {
      this.#receiveFrame(text)
    } catch (error) {
      this.#context.ensemble.log.error({ error: error instanceof Error ? error.stack : String(error) }, FAULT)
      this.refuse(CLOSE_CODES.INTERNAL, FAULT)
    }
  }

  /** A frame that is no text. */
  receiveBinary(): void {
    this.refuse(CLOSE_CODES.BAD_MESSAGE, 'messages are JSON in text frames')
  }

  /** The socket is gone; `code` is what the close frame said, 1006 without one. */
  socketClosed(code: number): void {
    const state = this.#state
    this.#leave()
    if (state.at !== 'open') return
    if (code === GOING_AWAY) state.session.linger(this.#context.lingerMs)
    else state.session.detach()
  }

  /** Ends the connection with a verdict; a session that it holds is let go of, not closed. */
  refuse(code: CloseCode, message: string, retryAfterMs?: number): void {
    const state = this.#state
    if (state.at === 'closed') return
    this.#outbox.close({ type: 'closed', code, message, ...(retryAfterMs !== undefined && { retryAfterMs }) })
    this.#leave()
    if (state.at === 'open') state.session.detach()
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
    if (this.#tokenExpired()) {
      this.refuse(CLOSE_CODES.TOKEN_EXPIRED, 'the token has expired; get a fresh one and resume')
      return
    }
    this.#outbox.push({ type: 'ping', id })
    this.#askForToken()
  }

  pageSilent(): void {
    this.refuse(CLOSE_CODES.SILENT, 'no message for two thirds of the session timeout; redial and resume')
  }

  // ---- messages ----

  #receiveFrame(text: string): void {
    if (this.#state.at === 'open') this.#state.heartbeat.heard()
    const messages = splitFrame(text, this.#context.ensemble.limits.maxFrameMessages)
    if (!Array.isArray(messages)) {
      this.refuse(CLOSE_CODES.BAD_MESSAGE, messages.problem)
      return
    }
    for (const message of messages) this.#receiveOne(message)
    if (this.#state.at === 'open') this.#state.session.pageHeard()
  }

  #receiveOne(value: unknown): void {
    const parsed = parseMessage(value)
    if (parsed.kind === 'unreadable') {
      this.refuse(CLOSE_CODES.BAD_MESSAGE, parsed.problem)
      return
    }
    const state = this.#state
    if (parsed.kind === 'answerable') {
      if (state.at === 'hello') this.refuse(CLOSE_CODES.BAD_MESSAGE, 'the first message is hello')
      else if (state.at === 'open') this.#answerBadRequest(parsed.id, parsed.problem)
      return
    }
    const { message } = parsed
    if (state.at === 'hello') {
      if (message.type === 'hello') this.#hello(message)
      else this.refuse(CLOSE_CODES.BAD_MESSAGE, 'the first message is hello')
      return
    }
    if (state.at === 'closed') return
    if (message.type === 'call') this.#call(message, state)
    else if (message.type === 'pong') state.heartbeat.pong(message.id)
    else if (message.type === 'ping') this.#outbox.push({ type: 'pong', id: message.id })
    else if (message.type === 'token') this.#token(message, state)
    else if (message.type === 'close') state.session.close()
    else this.refuse(CLOSE_CODES.BAD_MESSAGE, 'hello comes once, as the first message')
  }

  #hello(hello: Hello): void {
    const { authenticate, ensemble, access } = this.#context
    const authentication = authenticate(hello.token)
    if (!authentication.ok) {
      const { cause, message } = authentication
      this.refuse(REFUSALS[cause], message)
      return
    }
    const { identity } = authentication
    const chroot = ensemble.chroot + identity.chroot
    const sealed = hello.resume ? ensemble.resumeTokens.open(hello.resume.token) : null
    if (hello.resume) {
      const problem = resumeProblem(hello.resume, sealed, identity, chroot, access, ensemble.limits)
      if (problem) {
        this.refuse(CLOSE_CODES.RESUME_REFUSED, problem)
        return
      }
    }
    if (this.#state.at === 'hello') clearTimeout(this.#state.deadline)
    const session = new Session(ensemble, this, {
      subject: identity.subject,
      chroot,
      auth: identity.auth,
      timeoutMs: hello.timeoutMs,
      resume:
        sealed && hello.resume ? { sealed, zxid: hello.resume.zxid, watches: hello.resume.watches } : null,
    })
    const bounded = Math.min(Math.max(hello.timeoutMs, SHORTEST_HEARTBEAT_MS), LONGEST_HEARTBEAT_MS)
    const heartbeat = new PageHeartbeat(this, bounded)
    const views = new PageViews(this.#context.views, this.#outbox, ensemble.limits)
    this.#state = { at: 'open', session, heartbeat, identity, views, refreshAt: refreshAt(identity, bounded) }
    this.#authenticated()
  }

  /** A fresh token takes the place of the one that has been good until now; the session is the same. */
  #token({ token }: Token, open: Open): void {
    const authentication = this.#context.authenticate(token)
    if (!authentication.ok) {
      this.refuse(REFUSALS[authentication.cause], authentication.message)
      return
    }
    const { identity } = authentication
    if (identity.subject !== open.identity.subject || identity.chroot !== open.identity.chroot) {
      const problem = 'the fresh token belongs to another subject or chroot; redial with one of the same'
      this.refuse(CLOSE_CODES.TOKEN_INVALID, problem)
      return
    }
    open.identity = identity
    open.refreshAt = refreshAt(identity, open.heartbeat.timeoutMs)
    const { ensemble, access } = this.#context
    open.views.endWhere(({ path, depth }) => {
      const needs = needsOfView({ path: withoutChroot(ensemble.chroot + identity.chroot, path), depth })
      return needs.some((need) => !isAllowed(access, identity.rules, need))
    })
  }

  #call(call: Call, open: Open): void {
    const { ensemble, access } = this.#context
    for (const need of needsOf(call)) {
      const problem = pathProblem(need.path, ensemble.limits.maxPathLength)
      if (problem) {
        this.#answerBadRequest(call.id, problem, need.path)
        return
      }
      if (!isAllowed(access, open.identity.rules, need)) {
        const error = wireError('FORBIDDEN', { path: need.path })
        this.#outbox.push({ type: 'error', id: call.id, error })
        return
      }
    }
    if (call.op === 'openView') this.#openView(call, open)
    else if (call.op === 'closeView') {
      open.views.close(call.view)
      this.#answer(call.op, { type: 'reply', id: call.id, result: {} })
    } else open.session.call(call as SessionCall, (answer) => this.#answer(call.op, answer))
  }

  #openView({ id, op, path, depth, data, since }: Call & { op: 'openView' }, open: Open): void {
    const chroot = this.#context.ensemble.chroot + open.identity.chroot
    const spec = { path: withChroot(chroot, path), depth: depth ?? 'children', data: data ?? false }
    const refusal = open.views.open(spec, since ?? null, (view) =>
      this.#answer(op, { type: 'reply', id, result: { view } }),
    )
    if (refusal) this.#answer(op, { type: 'error', id, error: { ...refusal, path } })
  }

  #answer(op: Operation, answer: Answer): void {
    this.#context.ensemble.metrics.answered(op, answer.type === 'reply' ? 'OK' : answer.error.code)
    this.#outbox.push(answer)
  }

  #answerBadRequest(id: number, message: string, path?: string): void {
    const shown =
      path === undefined ? {} : { path: path.slice(0, this.#context.ensemble.limits.maxPathLength) }
    this.#outbox.push({ type: 'error', id, error: wireError('BAD_REQUEST', { message, ...shown }) })
  }

  #tokenExpired(): boolean {
    if (this.#state.at !== 'open') return false
    const { expiresAt } = this.#state.identity
    return expiresAt !== null && Date.now() > expiresAt
  }

  /** Once for each token, while there is time to get another one. */
  #askForToken(): void {
    const state = this.#state
    if (state.at !== 'open' || state.refreshAt === null || Date.now() < state.refreshAt) return
    state.refreshAt = null
    this.#outbox.push({ type: 'refresh' })
  }

  #slowReader(): void {
    this.refuse(CLOSE_CODES.SLOW_READER, 'too much was waiting to be read; redial and resume')
  }

  #leave(): void {
    if (this.#state.at === 'hello') clearTimeout(this.#state.deadline)
    if (this.#state.at === 'open') {
      this.#state.heartbeat.stop()
      this.#state.views.closeAll()
    }
    this.#outbox.close()
    this.#state = { at: 'closed' }
  }
}

const REFUSALS = {
  expired: CLOSE_CODES.TOKEN_EXPIRED,
  invalid: CLOSE_CODES.TOKEN_INVALID,
  forbidden: CLOSE_CODES.FORBIDDEN,
} as const satisfies Record<string, CloseCode>

function refreshAt({ expiresAt }: Identity, timeoutMs: number): number | null {
  return expiresAt && expiresAt - Math.max((timeoutMs * 2) / 3, SHORTEST_REFRESH_MS)
}
