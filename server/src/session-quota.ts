import { holderOf } from './holder.js'
import type { LimitName, Limits } from './limits.js'

/** When to come back: sessions that are left behind are over in about this time. The spread keeps those who wait from coming as one. */
const RETRY_MS = 5_000
const RETRY_SPREAD_MS = 5_000

/** Why there is no new session now. */
export interface PutOff {
  limit: LimitName
  message: string
  retryAfterMs: number
}

/**
 * Counts the sessions that this process holds, those whose page has left for a moment included, and says when there are
 * enough. A session that is taken up again is never refused: its clock runs, and it was let in before.
 */
export class SessionQuota {
  readonly #limits: Limits
  readonly #lagMs: () => number
  readonly #random: () => number
  readonly #perHolder = new Map<string, number>()
  #total = 0

  constructor(limits: Limits, lagMs: () => number, random: () => number = Math.random) {
    this.#limits = limits
    this.#lagMs = lagMs
    this.#random = random
  }

  /** Why this holder gets no new session now, or null. */
  refusal(subject: string, chroot: string): PutOff | null {
    const { maxEventLoopLagMs, maxSessions, maxSessionsPerSubject } = this.#limits
    const retryAfterMs = Math.round(RETRY_MS + this.#random() * RETRY_SPREAD_MS)
    const putOff = (limit: LimitName, message: string) => ({ limit, message, retryAfterMs })
    if ((this.#perHolder.get(holderOf(subject, chroot)) ?? 0) >= maxSessionsPerSubject) {
      const message = `this subject holds ${maxSessionsPerSubject} sessions here already; close some of its pages`
      return putOff('maxSessionsPerSubject', message)
    }
    if (this.#total >= maxSessions) {
      return putOff('maxSessions', 'this gateway holds as many sessions as it may; come back later')
    }
    if (this.#lagMs() > maxEventLoopLagMs) {
      return putOff(
        'maxEventLoopLagMs',
        'this gateway is busy with the sessions that it has; come back later',
      )
    }
    return null
  }

  opened(subject: string, chroot: string): void {
    const key = holderOf(subject, chroot)
    this.#total += 1
    this.#perHolder.set(key, (this.#perHolder.get(key) ?? 0) + 1)
  }

  /** To be called once for each `opened`. */
  ended(subject: string, chroot: string): void {
    const key = holderOf(subject, chroot)
    const left = (this.#perHolder.get(key) as number) - 1
    this.#total -= 1
    if (left === 0) this.#perHolder.delete(key)
    else this.#perHolder.set(key, left)
  }
}
