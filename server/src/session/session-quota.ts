import type { HexLong } from 'zoogate-client/protocol'
import type { LimitName, Limits } from '../limits/limits.js'
import { holderOf } from './holder.js'
import { KeptPlaces } from './kept-places.js'

/** When to come back: sessions that are left behind are over in about this time. The spread keeps those who wait from coming as one. */
const RETRY_MS = 5_000
const RETRY_SPREAD_MS = 5_000
/** The same for those who have a session: its clock runs. */
const RESUME_RETRY_MS = 1_000

/**
 * Connections that hold a session of one subject, by the sessions that it may open: one more replica's worth comes over
 * when that one is gone. Beyond, it only takes places from others.
 */
const RESUMED_PER_OPENED = 2

/** Why there is no new session now. */
export interface PutOff {
  limit: LimitName
  message: string
  retryAfterMs: number
}

/** A session that lives on in the ensemble, as far as this process knows. */
export interface LeftSession {
  /** Null where the ensemble has opened it, and its id has not arrived. */
  id: HexLong | null
  /** Milliseconds until it is over unless somebody takes it up. */
  forMs: number
}

/**
 * Counts the sessions of this process, with those that it has let go of and that may live on, and says when there are
 * enough. A session that is taken up again needs no room: its clock runs, and it was let in before.
 */
export class SessionQuota {
  readonly #limits: Limits
  readonly #lagMs: () => number
  readonly #random: () => number
  readonly #held = new Map<string, number>()
  readonly #kept: KeptPlaces
  #total = 0

  constructor(
    limits: Limits,
    lagMs: () => number,
    random: () => number = Math.random,
    kept: KeptPlaces = new KeptPlaces(),
  ) {
    this.#limits = limits
    this.#lagMs = lagMs
    this.#random = random
    this.#kept = kept
  }

  /** Why this holder gets no new session now, or null. */
  refusal(subject: string, chroot: string): PutOff | null {
    const { maxEventLoopLagMs, maxSessions, maxSessionsPerSubject } = this.#limits
    const retryAfterMs = Math.round(RETRY_MS + this.#random() * RETRY_SPREAD_MS)
    const putOff = (limit: LimitName, message: string) => ({ limit, message, retryAfterMs })
    if (this.#placesOf(holderOf(subject, chroot)) >= maxSessionsPerSubject) {
      const message = `this subject has ${maxSessionsPerSubject} sessions here already; close some of its pages`
      return putOff('maxSessionsPerSubject', message)
    }
    if (this.#total + this.#kept.size >= maxSessions) {
      return putOff('maxSessions', 'this gateway has as many sessions as it may; come back later')
    }
    if (this.#lagMs() > maxEventLoopLagMs) {
      return putOff(
        'maxEventLoopLagMs',
        'this gateway is busy with the sessions that it has; come back later',
      )
    }
    return null
  }

  /** Why this holder cannot take up a session here now, or null. */
  resumeRefusal(subject: string, chroot: string): PutOff | null {
    const most = this.#mostOf()
    if ((this.#held.get(holderOf(subject, chroot)) ?? 0) < most) return null
    return {
      limit: 'maxSessionsPerSubject',
      message: `this subject holds ${most} sessions here already; close some of its pages, then resume`,
      retryAfterMs: Math.round(RESUME_RETRY_MS * (1 + this.#random())),
    }
  }

  /** @param resumed the session that is taken up; null for a new one */
  opened(subject: string, chroot: string, resumed: HexLong | null): void {
    const holder = holderOf(subject, chroot)
    this.#total += 1
    this.#held.set(holder, (this.#held.get(holder) ?? 0) + 1)
    if (resumed !== null) this.#kept.release(holder, resumed)
  }

  /**
   * To be called once for each `opened`.
   * @param left what lives on of it, and keeps its place; null where the session is over, or somebody else has it
   */
  ended(subject: string, chroot: string, left: LeftSession | null): void {
    const holder = holderOf(subject, chroot)
    const held = (this.#held.get(holder) as number) - 1
    this.#total -= 1
    if (held === 0) this.#held.delete(holder)
    else this.#held.set(holder, held)
    // Tokens of sessions that are long over could fill the memory with places; a holder with so many opens nothing anyway.
    if (left !== null && this.#placesOf(holder) < this.#mostOf()) {
      this.#kept.keep(holder, left.id, left.forMs)
    }
  }

  #placesOf(holder: string): number {
    return (this.#held.get(holder) ?? 0) + this.#kept.countOf(holder)
  }

  #mostOf(): number {
    return RESUMED_PER_OPENED * this.#limits.maxSessionsPerSubject
  }
}
