import { Allowance } from '../limits/allowance.js'
import type { LimitName, Limits } from '../limits/limits.js'

/** So many seconds' worth may come at once: what a page asks for when it opens. */
const BURST_S = 2

type RateName = Extract<LimitName, `max${'Messages' | 'Bytes'}PerSecond${string}`>
export type RateLimits = Pick<Limits, RateName>

/** Why, and for how long, nothing may be handled. */
export interface RateWait {
  limit: RateName
  ms: number
}

/** How much may be handled for one page, or for all pages of a subject: messages, and bytes in both directions. */
export class PageRate {
  readonly #messages: Allowance
  readonly #bytes: Allowance
  readonly #messagesLimit: RateName
  readonly #bytesLimit: RateName

  private constructor(limits: RateLimits, messagesLimit: RateName, bytesLimit: RateName, now: number) {
    this.#messagesLimit = messagesLimit
    this.#bytesLimit = bytesLimit
    this.#messages = new Allowance(withBurst(limits[messagesLimit]), now)
    this.#bytes = new Allowance(withBurst(limits[bytesLimit]), now)
  }

  static ofPage(limits: RateLimits, now: number): PageRate {
    return new PageRate(limits, 'maxMessagesPerSecond', 'maxBytesPerSecond', now)
  }

  static ofSubject(limits: RateLimits, now: number): PageRate {
    return new PageRate(limits, 'maxMessagesPerSecondPerSubject', 'maxBytesPerSecondPerSubject', now)
  }

  spend(messages: number, bytes: number, now: number): void {
    this.#messages.spend(messages, now)
    this.#bytes.spend(bytes, now)
  }

  /** Null where a message may be handled now. */
  wait(now: number): RateWait | null {
    const messagesMs = this.#messages.msUntilOne(now)
    const bytesMs = this.#bytes.spend(0, now)
    if (messagesMs === 0 && bytesMs === 0) return null
    return messagesMs >= bytesMs
      ? { limit: this.#messagesLimit, ms: messagesMs }
      : { limit: this.#bytesLimit, ms: bytesMs }
  }

  /** Whether it is the messages that there are too many of. */
  hasTooManyMessages(now: number): boolean {
    return this.#messages.msUntilOne(now) > 0
  }
}

function withBurst(perSecond: number): { perSecond: number; burst: number } {
  return { perSecond, burst: perSecond * BURST_S }
}
