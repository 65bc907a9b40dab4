import type { LossCause } from './zookeeper/index.js'

/** `renew`: a session that exists and whose clock is running. `create`: one that can wait. */
export type AttachKind = 'renew' | 'create'

/** One attempt's place. */
export interface AttachPass {
  /**
   * Gives the place back, or leaves the queue. Harmless when repeated.
   * @param afterMs keeps the place for so long: where servers refuse connections, the next attempt comes later
   */
  release(afterMs?: number): void
}

/** How long a place to attach stays taken when a server has hung up on the last who had it. */
const SLOW_DOWN_MS = 500

/** How long the place of an attempt that ended so is kept, in milliseconds. */
export function slowDownMs(cause: LossCause): number {
  return cause === 'refused_at_handshake' ? SLOW_DOWN_MS : 0
}

/**
 * Lets a bounded number of links attach at a time, renewals before creations. When an ensemble changes its
 * leader every link breaks at once, and a server that is dialled by all of them drops most for a second.
 */
export class AttachGate {
  readonly #concurrency: number
  readonly #renewals = new Set<() => void>()
  readonly #creations = new Set<() => void>()
  #busy = 0

  constructor(concurrency: number) {
    this.#concurrency = concurrency
  }

  get waiting(): number {
    return this.#renewals.size + this.#creations.size
  }

  /** Calls `go` when there is a place: at once, or later in the order of asking. */
  enter(kind: AttachKind, go: () => void): AttachPass {
    const queue = kind === 'renew' ? this.#renewals : this.#creations
    let place: 'waiting' | 'inside' | 'released' = 'waiting'
    const admit = () => {
      place = 'inside'
      this.#busy += 1
      go()
    }
    const vacate = () => {
      this.#busy -= 1
      this.#admitNext()
    }
    const release = (afterMs = 0) => {
      if (place === 'waiting') queue.delete(admit)
      // Later in any case: whoever releases is in the middle of something else.
      if (place === 'inside') {
        if (afterMs > 0) setTimeout(vacate, afterMs)
        else setImmediate(vacate)
      }
      place = 'released'
    }
    if (this.#busy < this.#concurrency) admit()
    else queue.add(admit)
    return { release }
  }

  #admitNext(): void {
    while (this.#busy < this.#concurrency) {
      const queue = this.#renewals.size > 0 ? this.#renewals : this.#creations
      const next = queue.values().next()
      if (next.done) return
      queue.delete(next.value)
      next.value()
    }
  }
}
