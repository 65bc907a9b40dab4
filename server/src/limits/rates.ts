import type { LimitName, Limits } from './limits.js'

/** Tokens per second in the long run, and the most that are there at once after a pause. */
export interface Rate {
  perSecond: number
  burst: number
}

/** A token bucket: two numbers, and no timer. Times are milliseconds of one clock that does not go back. */
export class TokenBucket {
  readonly #rate: Rate
  #tokens: number
  #at: number

  /** Begins full. */
  constructor(rate: Rate, now: number) {
    this.#rate = rate
    this.#tokens = rate.burst
    this.#at = now
  }

  /**
   * Takes one token, if there is one.
   * @returns 0, or the milliseconds until there is one; then none was taken
   */
  take(now: number): number {
    const waitMs = this.msUntil(1, now)
    if (waitMs === 0) this.#tokens -= 1
    return waitMs
  }

  /** Milliseconds until the bucket holds `tokens`; 0 where it does. */
  msUntil(tokens: number, now: number): number {
    const { perSecond, burst } = this.#rate
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) * perSecond) / 1000)
    this.#at = now
    return Math.max(0, Math.ceil(((tokens - this.#tokens) * 1000) / perSecond))
  }

  /**
   * Takes tokens that are used already, which may leave a debt.
   * @returns the milliseconds until the debt is paid; 0 without one
   */
  spend(tokens: number, now: number): number {
    const waitMs = this.msUntil(tokens, now)
    this.#tokens -= tokens
    return waitMs
  }
}

/** A page may send two seconds' worth at once: its calls when it opens. */
const BURST_S = 2

type RateName = Extract<LimitName, `max${'Messages' | 'Bytes'}PerSecond${string}`>
export type RateLimits = Pick<Limits, RateName>

const RATES = {
  page: { messages: 'maxMessagesPerSecond', bytes: 'maxBytesPerSecond' },
  subject: { messages: 'maxMessagesPerSecondPerSubject', bytes: 'maxBytesPerSecondPerSubject' },
} as const satisfies Record<string, { messages: RateName; bytes: RateName }>

/** The limit that holds messages back, and for how many milliseconds. */
export interface RateWait {
  limit: RateName
  ms: number
}

/** The rate of one page, or of all pages of a subject: messages, and bytes in both directions. */
export class MessageRate {
  readonly #messages: TokenBucket
  readonly #bytes: TokenBucket
  readonly #messagesLimit: RateName
  readonly #bytesLimit: RateName

  constructor(of: keyof typeof RATES, limits: RateLimits, now: number) {
    const { messages, bytes } = RATES[of]
    this.#messagesLimit = messages
    this.#bytesLimit = bytes
    this.#messages = new TokenBucket({ perSecond: limits[messages], burst: limits[messages] * BURST_S }, now)
    this.#bytes = new TokenBucket({ perSecond: limits[bytes], burst: limits[bytes] * BURST_S }, now)
  }

  spend(messages: number, bytes: number, now: number): void {
    this.#messages.spend(messages, now)
    this.#bytes.spend(bytes, now)
  }

  /** Null where a message may be handled now. */
  wait(now: number): RateWait | null {
    const messagesMs = this.#messages.msUntil(1, now)
    const bytesMs = this.#bytes.msUntil(0, now)
    if (messagesMs === 0 && bytesMs === 0) return null
    return messagesMs >= bytesMs
      ? { limit: this.#messagesLimit, ms: messagesMs }
      : { limit: this.#bytesLimit, ms: bytesMs }
  }

  /** Whether the number of messages, rather than their bytes, is above the rate. */
  hasTooManyMessages(now: number): boolean {
    return this.#messages.msUntil(1, now) > 0
  }
}
