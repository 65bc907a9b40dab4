import { holderOf } from '../session/holder.js'
import { PageRate, type RateLimits } from './page-rate.js'

/** One page's part in the rate of its subject. */
export interface SubjectShare {
  rate: PageRate
  /** To be called once. */
  leave(): void
}

/** The rate of each subject that has pages here: many pages of one may not take what all others need. */
export class SubjectRates {
  readonly #limits: RateLimits
  readonly #now: () => number
  readonly #subjects = new Map<string, { rate: PageRate; pages: number }>()

  /** @param now milliseconds of a clock that does not go back */
  constructor(limits: RateLimits, now: () => number) {
    this.#limits = limits
    this.#now = now
  }

  /** Subjects that have pages here. */
  get size(): number {
    return this.#subjects.size
  }

  join(subject: string, chroot: string): SubjectShare {
    const key = holderOf(subject, chroot)
    const known = this.#subjects.get(key) ?? { rate: PageRate.ofSubject(this.#limits, this.#now()), pages: 0 }
    known.pages += 1
    this.#subjects.set(key, known)
    return {
      rate: known.rate,
      leave: () => {
        known.pages -= 1
        if (known.pages === 0) this.#subjects.delete(key)
      },
    }
  }
}
