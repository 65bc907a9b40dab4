import { type Rate, TokenBucket } from '../limits/rates.js'

/**
 * How often each address may come. The table is bounded: the address that has not come for longest is forgotten first, and
 * begins anew with a full allowance, which it would mostly have by then.
 */
export class ConnectRate {
  readonly #rate: Rate
  readonly #maxAddresses: number
  readonly #now: () => number
  /** In the order of the last visit. */
  readonly #byAddress = new Map<string, TokenBucket>()

  constructor(rate: Rate, maxAddresses: number, now: () => number = () => performance.now()) {
    this.#rate = rate
    this.#maxAddresses = maxAddresses
    this.#now = now
  }

  /** @returns 0, or the milliseconds after which the address may come */
  visit(address: string): number {
    const now = this.#now()
    const allowance = this.#byAddress.get(address) ?? new TokenBucket(this.#rate, now)
    this.#byAddress.delete(address)
    this.#byAddress.set(address, allowance)
    if (this.#byAddress.size > this.#maxAddresses) {
      const [longestAgo] = this.#byAddress.keys()
      this.#byAddress.delete(longestAgo as string)
    }
    return allowance.take(now)
  }
}
