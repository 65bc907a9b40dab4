import type { CloseCode, HexLong, WatchEventType, WatchLists } from 'zoogate-client/protocol'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import type { LimitName } from '../limits/limits.js'
import { withChroot, withoutChroot } from '../wire/path.js'
import {
  type AttachedSession,
  EnsembleLink,
  type LinkListener,
  type LinkLoss,
  type LossCause,
  type ServerCursor,
} from '../zookeeper/index.js'
import { type AttachPass, slowDownMs } from './attach-gate.js'
import { type Answer, execute, type SessionCall } from './operations.js'
import type { HeldSession, LastHolder } from './registry.js'
import { retryDelayMs } from './retry-delay.js'
import type { SessionServices } from './services.js'
import type { SessionPage, SessionRequest } from './session-page.js'
import type { DetachedSession } from './subject.js'
import { TakeoverWatch } from './takeover.js'
import { ZxidVerdict } from './zxid-verdict.js'

// attaching ──► attached ──► lingering ──┐
//    ▲  │          │  │                  │
//    └──┼──────────┘  └──► closing ──┐   │
//       └──────────────────────────► ended
//
// attaching: on the way to the ensemble: waiting for a place, for the page's answer, or for a server
// lingering: the page has left for good or is reloading; nobody speaks for this session any more
// ended:     final; either the session is over, or this gateway has let go of it (detached)
export type SessionState = 'attaching' | 'attached' | 'lingering' | 'closing' | 'ended'

const THROTTLED =
  'the ensemble throttles requests: lower maxCallsInFlight here, or raise requestThrottleLimit and look at its load'
const ZXID_IMPOSSIBLE =
  'no server of the ensemble has seen the zxid that this resume brings; a new session is needed'
const ZXID_UNCLEAR =
  'the servers that can be reached have not seen the zxid that this resume brings, others may have; redial and resume'
/** How often a session on a server without a quorum looks for one that has it. */
const READ_ONLY_FOR_MS = 5_000
/**
 * The longest timeout that an ensemble with the default tickTime gives (20 ticks), for sessions of which it has not been
 * said here: a page may have asked for any.
 */
const USUAL_LONGEST_MS = 40_000
/** Losses that do not go away by themselves. */
const FOR_THE_OPERATOR: ReadonlySet<LossCause> = new Set<LossCause>(['tls', 'refused_at_handshake'])

/** One ZooKeeper session on behalf of one page. */
export class Session implements LinkListener, HeldSession {
  readonly #ensemble: SessionServices
  readonly #page: SessionPage
  readonly #request: SessionRequest
  readonly #servers: ServerCursor
  readonly #link: EnsembleLink
  #state: SessionState = 'attaching'
  #id: HexLong | null
  #generation: number
  #pass: AttachPass | null = null
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  #attachedAt = 0
  #timeoutMs: number
  readonly #takeover = new TakeoverWatch()
  readonly #zxid: ZxidVerdict
  #inFlight = 0
  #whenIdle: (() => void) | null = null
  #leftBy: LastHolder | null = null

  constructor(ensemble: SessionServices, page: SessionPage, request: SessionRequest) {
    this.#ensemble = ensemble
    this.#page = page
    this.#request = request
    const { resume, subject } = request
    this.#id = resume ? hexId(resume.sealed.id) : null
    this.#generation = resume?.sealed.generation ?? 0
    this.#timeoutMs = request.timeoutMs
    this.#servers = ensemble.servers.cursor()
    this.#zxid = new ZxidVerdict(this.#servers.size)
    this.#link = new EnsembleLink({
      servers: this.#servers,
      listener: this,
      sessionTimeoutMs: request.timeoutMs,
      auth: request.auth.map(({ scheme, auth }) => ({ scheme, auth: Buffer.from(auth) })),
      maxCallsInFlight: ensemble.limits.maxCallsInFlight,
      ...ensemble.linkOptions,
      ...(resume && {
        session: { id: resume.sealed.id, password: resume.sealed.password },
        claimedZxid: resume.zxid,
        watches: absolute(resume.watches, subject.chroot),
      }),
    })
    ensemble.registry.opened(subject, this.#id)
    if (this.#id) ensemble.registry.take(this.#id, this)
    this.#attach()
  }

  /** Calls back once, when no call is waiting for its answer; at once where none is. */
  whenIdle(idle: () => void): void {
    this.#whenIdle = idle
    if (this.#inFlight === 0) this.#idle()
  }

  /** Runs one call that has been checked, and answers it exactly once. */
  call(call: SessionCall, done: (answer: Answer) => void): void {
    this.#inFlight += 1
    const { nodeAcl, limits, metrics, warnings } = this.#ensemble
    const limited = (limit: LimitName) => metrics.limited(limit)
    const place = { link: this.#link, chroot: this.#request.subject.chroot, nodeAcl, limited }
    execute(call, place, limits, (answer) => {
      this.#inFlight -= 1
      if (answer.type === 'error' && answer.error.code === 'THROTTLED') {
        // With a zxid it is the ensemble's word, else the link's.
        if (answer.zxid === undefined) limited('maxCallsInFlight')
        else warnings.report('throttled', THROTTLED)
      }
      done(answer)
      if (this.#inFlight === 0) this.#idle()
    })
  }

  /** The page was heard: only this entitles the gateway to a heartbeat. */
  pageHeard(): void {
    if (this.#state === 'attached') this.#link.heartbeat()
  }

  /** The page asks for the end: its ephemeral nodes go at once. */
  close(): void {
    if (this.#state !== 'attaching' && this.#state !== 'attached') return
    this.#enter('closing')
    // It takes a link to close a session, and this one has to be dialled first: in its turn, like any other.
    if (this.#id !== null && this.#link.linkState === 'idle') this.#enterGate(() => this.#closeSession())
    else this.#closeSession()
  }

  /** Lets go of the session without closing it: the ensemble's clock runs, and any replica can take it up. */
  detach(): void {
    this.#letGo(this.#leftBehind())
  }

  /** See `HeldSession`. */
  get leftBy(): LastHolder | null {
    return this.#state === 'lingering' ? this.#leftBy : null
  }

  /**
   * The page left with a close frame, which a reload and a closed tab have in common: waits for it to come
   * back, then closes the session, unless it has moved to another connection meanwhile.
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
    // The check would be one call too many where the page has left as many in flight as it may.
    this.whenIdle(() => this.#closeIfHeld())
  }

  /**
   * Somebody else than its page wants the session closed. One that has no link is let go of: attaching it for this
   * could take it from whoever it has moved to. One that is being created has nobody to move to.
   */
  closeUnlessMoved(): void {
    if (this.#state === 'attached') this.#enter('lingering')
    if (this.#state === 'lingering') this.endLinger()
    if (this.#state !== 'attaching') return
    if (this.#id === null) this.close()
    else this.detach()
  }

  /** Another connection of this process takes the session up. */
  replace(): void {
    this.linkMoved()
  }

  // ---- what the link tells ----

  linkAttached(attached: AttachedSession): void {
    this.#pass?.release()
    this.#failures = 0
    this.#generation += 1
    this.#attachedAt = Date.now()
    this.#timeoutMs = attached.timeoutMs
    const resumed = this.#id !== null
    if (!resumed) {
      this.#id = hexId(attached.id)
      this.#ensemble.registry.take(this.#id, this)
    }
    this.#ensemble.metrics.attached(resumed)
    this.#enter('attached')
    this.#page.sessionAttached({
      id: this.#id as HexLong,
      timeoutMs: attached.timeoutMs,
      resumed,
      resumeToken: this.#ensemble.resumeTokens.seal({
        id: attached.id,
        password: attached.password,
        subject: this.#request.subject.name,
        issuer: this.#request.issuer,
        chroot: this.#request.subject.chroot,
        issuedAt: this.#attachedAt,
        generation: this.#generation,
      }),
      zxid: attached.zxid,
      ...(attached.readOnly && { readOnly: true }),
      mark: this.#ensemble.marks.of(attached.id),
    })
    if (attached.readOnly) this.#timer = setTimeout(() => this.#link.leaveServer(), READ_ONLY_FOR_MS)
  }

  linkLost(loss: LinkLoss): void {
    this.#pass?.release(slowDownMs(loss.cause))
    this.#ensemble.metrics.linkLost(loss.cause)
    this.#ensemble.log.debug({ session: this.#id, ...loss }, 'ensemble link lost')
    if (FOR_THE_OPERATOR.has(loss.cause)) {
      this.#ensemble.warnings.report(loss.cause, `${loss.server}: ${loss.message}`)
    }
    if (this.#state === 'lingering') {
      this.detach()
      return
    }
    if (this.#state === 'attached') {
      if (this.#takeover.lost(loss.cause, Date.now() - this.#attachedAt, this.#timeoutMs)) {
        this.linkMoved()
        return
      }
      if (this.#takeover.suspicious) this.#servers.repeat()
      this.#enter('attaching')
      this.#page.sessionSuspended('the link to the ensemble broke; trying the next server')
    } else {
      this.#takeover.failed()
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
    this.#finish(CLOSE_CODES.TAKEN_OVER, 'another connection has taken the session up', null)
  }

  linkEvent(event: { type: WatchEventType; path: string }): void {
    if (this.#state === 'lingering') return
    this.#page.sessionEvent(event.type, withoutChroot(this.#request.subject.chroot, event.path))
  }

  // ---- the way to the ensemble ----

  /** No server is told of a zxid that only the page knows, so it costs a bounded number of attempts. */
  #zxidIsRefused(server: string): boolean {
    const verdict = this.#zxid.behind(server)
    if (verdict === 'impossible') this.#finish(CLOSE_CODES.RESUME_REFUSED, ZXID_IMPOSSIBLE)
    if (verdict === 'unclear') this.#finish(CLOSE_CODES.UNVERIFIED, ZXID_UNCLEAR)
    return verdict !== 'ask_on'
  }

  #attach(): void {
    this.#enterGate(() => this.#link.attach())
  }

  /** Gives up the place or the turn that it has, if any. */
  #enterGate(go: () => void): void {
    const kind = this.#id === null ? 'create' : 'renew'
    this.#pass?.release()
    this.#pass = this.#ensemble.gate.enter(kind, go, this.#request.subject)
  }

  /**
   * Only a page that answers now may have its session attached again: a half-open socket must not steal
   * the session back from the replica that the page has moved to.
   */
  #retry(): void {
    this.#timer = setTimeout(
      () => {
        this.#page.ask(() => {
          if (this.#state === 'attaching') this.#attach()
        })
      },
      retryDelayMs(this.#failures, this.#servers.size),
    )
  }

  #closeSession(): void {
    this.#link.closeSession((closed) => {
      this.#end(closed ? null : this.#leftBehind())
      const late = 'the ensemble could not be reached; it will close the session when its timeout has passed'
      this.#page.sessionEnded(CLOSE_CODES.CLOSED, closed ? 'the session is closed' : late)
    })
  }

  /**
   * Over a link that has gone stale a closeSession would still succeed and kill the session under its new holder; a check
   * is refused there.
   */
  #closeIfHeld(): void {
    if (this.#state !== 'lingering') return
    this.#link.checkRoot(({ err }) => {
      if (this.#state !== 'lingering') return
      if (err !== 0) this.detach()
      else this.#link.closeSession((closed) => this.#end(closed ? null : this.#leftBehind()))
    })
  }

  #idle(): void {
    const idle = this.#whenIdle
    this.#whenIdle = null
    idle?.()
  }

  #finish(code: CloseCode, message: string, left: DetachedSession | null = this.#leftBehind()): void {
    const told = this.#state !== 'lingering' && this.#state !== 'ended'
    this.#letGo(left)
    if (told) this.#page.sessionEnded(code, message)
  }

  /** What may live on in the ensemble when the link is let go of now. */
  #leftBehind(): DetachedSession | null {
    const { linkState } = this.#link
    if (this.#id === null && (linkState === 'idle' || linkState === 'dialing')) return null
    const attached = this.#attachedAt > 0
    return { id: this.#id, forMs: attached ? this.#timeoutMs : Math.min(this.#timeoutMs, USUAL_LONGEST_MS) }
  }

  #letGo(left: DetachedSession | null): void {
    if (this.#state === 'ended') return
    this.#link.detach()
    this.#end(left)
  }

  #end(left: DetachedSession | null): void {
    if (this.#state === 'ended') return
    this.#enter('ended')
    this.#ensemble.registry.ended(this.#request.subject, left)
    this.#pass?.release()
    if (this.#id) this.#ensemble.registry.drop(this.#id, this)
  }

  #enter(state: SessionState): void {
    if (this.#state === 'ended' || this.#state === state) return
    clearTimeout(this.#timer)
    this.#state = state
  }
}

function hexId(id: Buffer): HexLong {
  return `0x${id.readBigUInt64BE(0).toString(16)}`
}

function absolute(watches: WatchLists, chroot: string): WatchLists {
  const full = (paths: string[] = []) => paths.map((path) => withChroot(chroot, path))
  const { data, exist, child, persistent, recursive } = watches
  return {
    data: full(data),
    exist: full(exist),
    child: full(child),
    persistent: full(persistent),
    recursive: full(recursive),
  }
}
