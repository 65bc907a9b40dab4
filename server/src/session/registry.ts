import { createHmac, randomBytes } from 'node:crypto'
import type { HexLong } from 'zoogate-client/protocol'
import type { LimitName, Limits } from '../limits/limits.js'
import { MessageRate } from '../limits/rates.js'
import { type DetachedSession, Subject } from './subject.js'

/** The token that the page of a session had when it left. */
export interface LastHolder {
  subject: string
  /** Milliseconds since the epoch; null where the token does not say. */
  issuedAt: number | null
}

/** A session as the registry needs it. */
export interface HeldSession {
  /** Null unless its page has left. */
  readonly leftBy: LastHolder | null
  /** Another connection of this process holds the session from now on. */
  replace(): void
  /** Closes the session now if its page has left. */
  endLinger(): void
}

/** The limit that keeps a session from being opened or resumed now. */
export interface QuotaRefusal {
  limit: LimitName
  message: string
  retryAfterMs: number
}

/** Detached sessions are over in about this time. The spread keeps the refused pages from coming back at once. */
const RETRY_MS = 5_000
const RETRY_SPREAD_MS = 5_000
/** A page that resumes comes back sooner: its session's clock runs. */
const RESUME_RETRY_MS = 1_000

/**
 * Sessions that one subject may hold here, by the sessions that it may open: the sessions of one other replica come over when
 * that replica is gone. More would only take the place of other subjects.
 */
const RESUMED_PER_OPENED = 2

/** The registry looks for expired sessions at most this often, because each search looks at all subjects that have any. */
const SWEEP_MS = 1_000

export interface RegistryOptions {
  /** Smoothed lateness of the event loop, in milliseconds. */
  lagMs: () => number
  /** Milliseconds of a clock that does not go back. @default performance.now */
  now?: () => number
  /** @default Math.random */
  random?: () => number
}

/**
 * The sessions and subjects of this process. It finds a held session by its id, so that a resume replaces the older connection
 * directly, and refuses sessions above the quota. A detached session counts until it expires, since the ensemble keeps it
 * so long; a session that is resumed needs no room, because it was counted before.
 */
export class SessionRegistry {
  readonly #limits: Limits
  readonly #lagMs: () => number
  readonly #now: () => number
  readonly #random: () => number
  readonly #byId = new Map<HexLong, HeldSession>()
  readonly #subjects = new Map<string, Subject>()
  /** With detached sessions, or with slots at the attach gate that they keep without a page. */
  readonly #toSweep = new Set<Subject>()
  #held = 0
  #detached = 0
  #sweptAt: number

  constructor(
    limits: Limits,
    { lagMs, now = () => performance.now(), random = Math.random }: RegistryOptions,
  ) {
    this.#limits = limits
    this.#lagMs = lagMs
    this.#now = now
    this.#random = random
    this.#sweptAt = now()
  }

  // ---- subjects ----

  /**
   * The subject of a page whose hello is accepted: the same object from its first page to its last session.
   * `leave` is due once for each call.
   */
  enter(name: string, chroot: string): Subject {
    // No path has a NUL.
    const key = `${chroot}\0${name}`
    const subject = this.#subjects.get(key) ?? this.#make(key, name, chroot)
    subject.pages += 1
    return subject
  }

  /** A page has left. */
  leave(subject: Subject): void {
    subject.pages -= 1
    this.#dropIfUnused(subject)
  }

  /** Subjects that have a page, a session or a detached session here. */
  get subjects(): number {
    return this.#subjects.size
  }

  // ---- the quota ----

  /** The limit that refuses the subject a new session now, or null. */
  refusal(subject: Subject): QuotaRefusal | null {
    const { maxEventLoopLagMs, maxSessions, maxSessionsPerSubject } = this.#limits
    const retryAfterMs = Math.round(RETRY_MS + this.#random() * RETRY_SPREAD_MS)
    const refuse = (limit: LimitName, message: string) => ({ limit, message, retryAfterMs })
    this.#sweep()
    if (this.#countOf(subject) >= maxSessionsPerSubject) {
      const message = `this subject has ${maxSessionsPerSubject} sessions here already; close some of its pages`
      return refuse('maxSessionsPerSubject', message)
    }
    if (this.#held + this.#detached >= maxSessions) {
      return refuse('maxSessions', 'this gateway has as many sessions as it may; come back later')
    }
    if (this.#lagMs() <= maxEventLoopLagMs) return null
    return refuse('maxEventLoopLagMs', 'this gateway is busy with the sessions that it has; come back later')
  }

  /** The limit that refuses the subject a resume here now, or null. */
  resumeRefusal(subject: Subject): QuotaRefusal | null {
    const most = this.#mostOf()
    if (subject.sessions < most) return null
    return {
      limit: 'maxSessionsPerSubject',
      message: `this subject holds ${most} sessions here already; close some of its pages, then resume`,
      retryAfterMs: Math.round(RESUME_RETRY_MS * (1 + this.#random())),
    }
  }

  // ---- sessions ----

  /** Sessions that are held by id. */
  get size(): number {
    return this.#byId.size
  }

  /** Sessions that were detached here and have not expired yet, to within a second. */
  get detached(): number {
    this.#sweep()
    return this.#detached
  }

  /** A session begins for a subject. @param resumed its id where a page resumes it; null for a new one */
  opened(subject: Subject, resumed: HexLong | null): void {
    this.#held += 1
    subject.sessions += 1
    if (resumed === null || !subject.detached.delete(resumed)) return
    this.#detached -= 1
    if (subject.detached.size === 0) this.#toSweep.delete(subject)
  }

  /**
   * A session ends here; due once for each `opened`.
   * @param left the session as the ensemble keeps it; null where it is over, or another connection holds it
   */
  ended(subject: Subject, left: DetachedSession | null): void {
    this.#held -= 1
    subject.sessions -= 1
    // Tokens of sessions that are long over could fill the memory; a subject above this bound opens nothing anyway.
    if (left !== null && this.#countOf(subject) < this.#mostOf()) this.#keep(subject, left)
    this.#sweep()
    this.#dropIfUnused(subject)
  }

  /** @param session holds `id` from now on; the session that held it before is replaced */
  take(id: HexLong, session: HeldSession): void {
    const older = this.#byId.get(id)
    this.#byId.set(id, session)
    if (older !== session) older?.replace()
  }

  /** Does nothing where another session holds `id` by now. */
  drop(id: HexLong, session: HeldSession): void {
    if (this.#byId.get(id) === session) this.#byId.delete(id)
  }

  /** Closes sessions whose pages have left: all of them, or the sessions of these holders. */
  endLingers(concerns: (holder: LastHolder) => boolean = () => true): void {
    for (const session of [...this.#byId.values()]) {
      if (session.leftBy !== null && concerns(session.leftBy)) session.endLinger()
    }
  }

  // ---- detached sessions ----

  #countOf(subject: Subject): number {
    this.#dropExpired(subject)
    return subject.sessions + subject.detached.size
  }

  #mostOf(): number {
    return RESUMED_PER_OPENED * this.#limits.maxSessionsPerSubject
  }

  #keep(subject: Subject, { id, forMs }: DetachedSession): void {
    const before = subject.detached.size
    subject.detached.set(id ?? Symbol('unknown'), this.#now() + forMs)
    this.#detached += subject.detached.size - before
    this.#toSweep.add(subject)
  }

  #sweep(): void {
    const now = this.#now()
    if (now - this.#sweptAt < SWEEP_MS) return
    this.#sweptAt = now
    // A copy, because a subject that stays is added again.
    for (const subject of [...this.#toSweep]) {
      this.#dropExpired(subject)
      if (subject.detached.size === 0) this.#toSweep.delete(subject)
      this.#dropIfUnused(subject)
    }
  }

  #dropExpired(subject: Subject): void {
    const before = subject.detached.size
    if (before === 0) return
    const now = this.#now()
    for (const [id, until] of subject.detached) if (until <= now) subject.detached.delete(id)
    this.#detached -= before - subject.detached.size
    if (subject.detached.size === 0) this.#toSweep.delete(subject)
  }

  #dropIfUnused(subject: Subject): void {
    if (subject.pages > 0 || subject.sessions > 0 || subject.detached.size > 0) return
    // The gate gives a slot back later; a new subject in this one's place would have all of its slots once more.
    if (subject.attaching > 0) this.#toSweep.add(subject)
    else this.#subjects.delete(subject.key)
  }

  #make(key: string, name: string, chroot: string): Subject {
    const rate = new MessageRate('subject', this.#limits, this.#now())
    const subject = new Subject(key, name, chroot, rate)
    this.#subjects.set(key, subject)
    return subject
  }
}

const KEY_BYTES = 32
/** Enough that no two sessions of an ensemble meet, and short, since a mark goes with each node of a view. */
const MARK_BYTES = 8

/**
 * How views name the owners of nodes. A session's id is not for others to see, its password can be computed from it; a
 * mark says whether two nodes have one owner and nothing else. Good for as long as the gateway runs, and only here.
 */
export class OwnerMarks {
  readonly #key = randomBytes(KEY_BYTES)

  /** @param sessionId 8 bytes */
  of(sessionId: Buffer): string {
    return createHmac('sha256', this.#key)
      .update(sessionId)
      .digest()
      .subarray(0, MARK_BYTES)
      .toString('base64url')
  }
}
