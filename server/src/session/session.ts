import { CLOSE_CODES, type CloseCode, type HexLong, type WatchEventType } from 'zoogate-client/protocol'
import { absoluteLists, withoutChroot } from '../wire/path.js'
import {
  type AttachedSession,
  EnsembleLink,
  ERR,
  type LinkListener,
  type LinkLoss,
  type LossCause,
  type ServerCursor,
} from '../zookeeper/index.js'
import { type AttachPass, retryDelayMs, slowDownMs } from './attach-gate.js'
import type { WatchUse } from './call-limits.js'
import type { CheckedCall } from './calls.js'
import type { SessionListener, SessionRequest } from './listener.js'
import { TakeoverWatch, ZxidVerdict } from './loss-verdicts.js'
import type { CallContext, CallViews, Outcome } from './operations.js'
import type { HeldSession, LastHolder } from './registry.js'
import type { SessionServices } from './services.js'
import type { DetachedSession } from './subject.js'

// attaching ──► attached ──► lingering ──┐
//    ▲  │          │  │                  │
//    └──┼──────────┘  └──► closing ──┐   │
//       └──────────────────────────► ended
//
// attaching: on the way to the ensemble: the session waits for the attach gate, for the page's answer, or for a server
// lingering: the page has left for good or is reloading; the session has no page
// ended:     final; either the session is over, or this gateway has detached it
type State = 'attaching' | 'attached' | 'lingering' | 'closing' | 'ended'

const THROTTLED =
  'the ensemble throttles requests: lower maxCallsInFlight here, or raise requestThrottleLimit and look at its load'
const ZXID_IMPOSSIBLE =
  'no server of the ensemble has seen the zxid that this resume brings; a new session is needed'
const ZXID_UNCLEAR =
  'the servers that can be reached have not seen the zxid that this resume brings, others may have; redial and resume'
const CLOSED_LATE = 'the ensemble could not be reached; it will close the session when its timeout has passed'
/** A session on a server without a quorum looks for a server that has it this often. */
const READ_ONLY_FOR_MS = 5_000
/**
 * The longest timeout that an ensemble with the default tickTime gives (20 ticks). It bounds a session that was never attached
 * here: its page may have asked for any timeout.
 */
const USUAL_LONGEST_MS = 40_000
/** Losses that do not go away by themselves. */
const FOR_THE_OPERATOR: ReadonlySet<LossCause> = new Set<LossCause>(['tls', 'refused_at_handshake'])

/** One ZooKeeper session on behalf of one page. */
export class Session implements LinkListener, HeldSession {
  readonly #services: SessionServices
  readonly #listener: SessionListener
  readonly #request: SessionRequest
  readonly #servers: ServerCursor
  readonly #context: CallContext
  #state: State = 'attaching'
  #id: HexLong | null
  #generation: number
  #pass: AttachPass | null = null
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  /** Milliseconds of a clock that does not go back; 0 before the first attach. */
  #attachedAt = 0
  #timeoutMs: number
  /** Null until a link is lost. */
  #takeover: TakeoverWatch | null = null
  /** Null until a server is behind the zxid of the page. */
  #zxid: ZxidVerdict | null = null
  #inFlight = 0
  #whenIdle: (() => void) | null = null
  #leftBy: LastHolder | null = null

  constructor(
    services: SessionServices,
    listener: SessionListener,
    views: () => CallViews,
    request: SessionRequest,
  ) {
    this.#services = services
    this.#listener = listener
    this.#request = request
    const { resume, subject } = request
    this.#id = resume ? hexId(resume.sealed.id) : null
    this.#generation = resume?.sealed.generation ?? 0
    this.#timeoutMs = request.timeoutMs
    this.#servers = services.servers.cursor()
    const link = new EnsembleLink({
      servers: this.#servers,
      listener: this,
      sessionTimeoutMs: request.timeoutMs,
      auth: request.auth.map(({ scheme, auth }) => ({ scheme, auth: Buffer.from(auth) })),
      maxCallsInFlight: services.limits.maxCallsInFlight,
      ...services.linkOptions,
      ...(resume && {
        session: { id: resume.sealed.id, password: resume.sealed.password },
        claimedZxid: resume.zxid,
        watches: absoluteLists(subject.chroot, resume.watches),
      }),
    })
    this.#context = { link, chroot: subject.chroot, nodeAcl: services.nodeAcl, views }
    services.registry.opened(subject, this.#id)
    if (this.#id) services.registry.take(this.#id, this)
    this.#enterGate()
  }

  /** The session's watches on the ensemble. */
  get watches(): WatchUse {
    return this.#context.link
  }

  /** Calls back once, when no call waits for its answer; at once where none does. */
  whenIdle(idle: () => void): void {
    this.#whenIdle = idle
    if (this.#inFlight === 0) this.#idle()
  }

  /** Runs one checked call, and hands over its outcome exactly once. */
  run({ row, fields }: CheckedCall, done: (outcome: Outcome<never>) => void): void {
    this.#inFlight += 1
    row.run(this.#context, fields, (outcome) => {
      this.#inFlight -= 1
      if ('err' in outcome && outcome.err === ERR.THROTTLED) this.#throttled(outcome.zxid !== null)
      done(outcome as Outcome<never>)
      if (this.#inFlight === 0 && this.#whenIdle !== null) this.#idle()
    })
  }

  /** The page was heard: only this entitles the gateway to a heartbeat. */
  pageHeard(): void {
    if (this.#state === 'attached') this.#context.link.heartbeat()
  }

  /** The page asks for the end: its ephemeral nodes go at once. */
  close(): void {
    if (this.#state !== 'attaching' && this.#state !== 'attached') return
    this.#enter('closing')
    // A session is closed over a link, and this link has to be dialled first: in its turn at the gate, like any other.
    const isIdle = this.#context.link.linkState === 'idle'
    if (this.#id !== null && isIdle) this.#enterGate(() => this.#closeSession())
    else this.#closeSession()
  }

  /** Drops the link without closing the session: the ensemble's clock runs, and any replica can resume the session. */
  detach(): void {
    this.#detach(this.#leftBehind())
  }

  /** See `HeldSession`. */
  get leftBy(): LastHolder | null {
    return this.#state === 'lingering' ? this.#leftBy : null
  }

  /**
   * The page left with a close frame, which a reload and a closed tab have in common. The session waits for it to come back,
   * then is closed, unless it has moved to another connection meanwhile.
   */
  linger(ms: number, holder: LastHolder): void {
    if (this.#state !== 'attached') {
      this.detach()
      return
    }
    this.#leftBy = holder
    this.#enter('lingering')
    this.#timer = setTimeout(() => this.endLinger(), ms)
  }

  /** Closes a lingering session now. */
  endLinger(): void {
    if (this.#state !== 'lingering') return
    clearTimeout(this.#timer)
    // A page may have left as many calls in flight as it may; the check would be one too many.
    this.whenIdle(() => this.#closeIfHeld())
  }

  /**
   * The session is to be closed without its page asking for it. A session without a link is detached: to attach it for this
   * could take it from its new holder. A session that is being created has no other holder.
   */
  closeUnlessMoved(): void {
    if (this.#state === 'attached') this.#enter('lingering')
    if (this.#state === 'lingering') this.endLinger()
    if (this.#state !== 'attaching') return
    if (this.#id === null) this.close()
    else this.detach()
  }

  /** Another connection of this process resumes the session. */
  replace(): void {
    this.linkMoved()
  }

  // ---- what the link tells ----

  linkAttached(attached: AttachedSession): void {
    this.#pass?.release()
    this.#failures = 0
    this.#generation += 1
    this.#attachedAt = performance.now()
    this.#timeoutMs = attached.timeoutMs
    const resumed = this.#id !== null
    this.#id ??= hexId(attached.id)
    if (!resumed) this.#services.registry.take(this.#id, this)
    this.#services.metrics.attached(resumed)
    this.#enter('attached')
    this.#listener.sessionAttached({
      id: this.#id,
      timeoutMs: attached.timeoutMs,
      resumed,
      resumeToken: this.#resumeToken(attached),
      zxid: attached.zxid,
      ...(attached.readOnly && { readOnly: true }),
      mark: this.#services.marks.of(attached.id),
    })
    if (!attached.readOnly) return
    this.#timer = setTimeout(() => this.#context.link.leaveServer(), READ_ONLY_FOR_MS)
  }

  linkLost(loss: LinkLoss): void {
    this.#pass?.release(slowDownMs(loss.cause))
    this.#reportLoss(loss)
    if (this.#state === 'lingering') {
      this.detach()
      return
    }
    if (this.#state === 'attached') {
      const heldMs = performance.now() - this.#attachedAt
      this.#takeover ??= new TakeoverWatch()
      if (this.#takeover.lost(loss.cause, heldMs, this.#timeoutMs)) {
        this.linkMoved()
        return
      }
      if (this.#takeover.suspicious) this.#servers.repeat()
      this.#enter('attaching')
      this.#listener.sessionSuspended('the link to the ensemble broke; trying the next server')
    } else {
      this.#takeover?.failed()
      this.#failures += 1
    }
    if (loss.cause === 'behind' && this.#zxidIsRefused(loss.server)) return
    this.#retry()
  }

  linkExpired(): void {
    this.#finish(CLOSE_CODES.EXPIRED, 'the ensemble says that the session has expired', null)
  }

  linkAuthFailed(): void {
    this.#finish(CLOSE_CODES.AUTH_FAILED, 'the ensemble refused the identity of this session')
  }

  linkMoved(): void {
    this.#finish(CLOSE_CODES.TAKEN_OVER, 'another connection has resumed the session', null)
  }

  linkEvent({ type, path }: { type: WatchEventType; path: string }): void {
    if (this.#state === 'lingering') return
    this.#listener.sessionEvent(type, withoutChroot(this.#context.chroot, path))
  }

  // ---- the way to the ensemble ----

  /** Gives up the turn that the session has, if any. @param go is run in the next turn; it attaches by default */
  #enterGate(go = () => this.#context.link.attach()): void {
    this.#pass?.release()
    const kind = this.#id === null ? 'create' : 'renew'
    this.#pass = this.#services.gate.enter(kind, go, this.#request.subject)
  }

  /**
   * A session is attached again only for a page that answers now: a half-open socket must not steal the session back from the
   * replica that the page has moved to.
   */
  #retry(): void {
    const attachAgain = () => {
      if (this.#state === 'attaching') this.#enterGate()
    }
    const delayMs = retryDelayMs(this.#failures, this.#servers.size)
    this.#timer = setTimeout(() => this.#listener.ask(attachAgain), delayMs)
  }

  /** Servers do not hear of a zxid that only the page knows, so that a wrong one costs a bounded number of attempts. */
  #zxidIsRefused(server: string): boolean {
    this.#zxid ??= new ZxidVerdict(this.#servers.size)
    const verdict = this.#zxid.behind(server)
    if (verdict === 'impossible') this.#finish(CLOSE_CODES.RESUME_REFUSED, ZXID_IMPOSSIBLE)
    if (verdict === 'unclear') this.#finish(CLOSE_CODES.UNVERIFIED, ZXID_UNCLEAR)
    return verdict !== 'ask_on'
  }

  #reportLoss(loss: LinkLoss): void {
    const { log, metrics, warnings } = this.#services
    metrics.linkLost(loss.cause)
    log.debug({ session: this.#id, ...loss }, 'ensemble link lost')
    if (FOR_THE_OPERATOR.has(loss.cause)) warnings.report(loss.cause, `${loss.server}: ${loss.message}`)
  }

  #resumeToken({ id, password }: AttachedSession): string {
    const { subject, issuer } = this.#request
    return this.#services.resumeTokens.seal({
      id,
      password,
      subject: subject.name,
      issuer,
      chroot: subject.chroot,
      issuedAt: Date.now(),
      generation: this.#generation,
    })
  }

  // ---- the end ----

  #closeSession(): void {
    this.#context.link.closeSession((closed) => {
      this.#end(closed ? null : this.#leftBehind())
      this.#listener.sessionEnded(CLOSE_CODES.CLOSED, closed ? 'the session is closed' : CLOSED_LATE)
    })
  }

  /**
   * Over a stale link a closeSession would still succeed, and kill the session under its new holder; a check is refused there.
   */
  #closeIfHeld(): void {
    if (this.#state !== 'lingering') return
    const { link } = this.#context
    link.checkRoot(({ err }) => {
      if (this.#state !== 'lingering') return
      if (err !== 0) this.detach()
      else link.closeSession((closed) => this.#end(closed ? null : this.#leftBehind()))
    })
  }

  /** @param byEnsemble whether the ensemble refused the call, or this gateway before it was sent */
  #throttled(byEnsemble: boolean): void {
    const { metrics, warnings } = this.#services
    if (byEnsemble) warnings.report('throttled', THROTTLED)
    else metrics.limited('maxCallsInFlight')
  }

  #idle(): void {
    const idle = this.#whenIdle
    this.#whenIdle = null
    idle?.()
  }

  #finish(code: CloseCode, message: string, left: DetachedSession | null = this.#leftBehind()): void {
    const hasPage = this.#state !== 'lingering' && this.#state !== 'ended'
    this.#detach(left)
    if (hasPage) this.#listener.sessionEnded(code, message)
  }

  /** The session as the ensemble may keep it when the link is dropped now. */
  #leftBehind(): DetachedSession | null {
    const { linkState } = this.#context.link
    if (this.#id === null && (linkState === 'idle' || linkState === 'dialing')) return null
    const attached = this.#attachedAt > 0
    return { id: this.#id, forMs: attached ? this.#timeoutMs : Math.min(this.#timeoutMs, USUAL_LONGEST_MS) }
  }

  #detach(left: DetachedSession | null): void {
    if (this.#state === 'ended') return
    this.#context.link.detach()
    this.#end(left)
  }

  #end(left: DetachedSession | null): void {
    if (this.#state === 'ended') return
    this.#enter('ended')
    this.#services.registry.ended(this.#request.subject, left)
    this.#pass?.release()
    if (this.#id) this.#services.registry.drop(this.#id, this)
  }

  /** Deaf to repeats, and to everything after the end. */
  #enter(state: State): void {
    if (this.#state === 'ended' || this.#state === state) return
    clearTimeout(this.#timer)
    this.#state = state
  }
}

function hexId(id: Buffer): HexLong {
  return `0x${id.readBigUInt64BE(0).toString(16)}`
}
