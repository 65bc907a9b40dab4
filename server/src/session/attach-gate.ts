import type { LossCause } from '../zookeeper/index.js'
import { FairQueue } from './fair-queue.js'

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

/** Of so many turns one goes to a session that is created, where one waits: who renews all the time must not keep it out. */
const TURNS_PER_CREATION = 8

/** The gateway's own sessions, which pages wait for: they share their places with nobody. */
const OWN = ''

/**
 * Lets a bounded number of links attach at a time, renewals before creations, in turn between their holders. When an
 * ensemble changes its leader every link breaks at once, and a server that is dialled by all of them drops most for a second.
 */
export class AttachGate {
  readonly #concurrency: number
  readonly #perHolder: number
  readonly #waiting = { renew: new FairQueue<() => void>(), create: new FairQueue<() => void>() }
  readonly #inside = new Map<string, number>()
  #busy = 0
  #renewalsInRow = 0

  /** @param perHolder so many of them of one holder, so that the others are for others */
  constructor(concurrency: number, perHolder: number = concurrency) {
    this.#concurrency = concurrency
    this.#perHolder = perHolder
  }

  get waiting(): number {
    return this.#waiting.renew.size + this.#waiting.create.size
  }

  /**
   * Calls `go` when there is a place: at once, or later.
   * @param holder whose turn it takes; see `holderOf`
   */
  enter(kind: AttachKind, go: () => void, holder: string = OWN): AttachPass {
    const queue = this.#waiting[kind]
    let place: 'waiting' | 'inside' | 'released' = 'waiting'
    const admit = () => {
      place = 'inside'
      this.#admitted(kind, holder)
      go()
    }
    const vacate = () => {
      this.#vacated(holder)
      this.#admitNext()
    }
    const release = (afterMs = 0) => {
      if (place === 'waiting') queue.delete(holder, admit)
      // Later in any case: whoever releases is in the middle of something else.
      if (place === 'inside') {
        if (afterMs > 0) setTimeout(vacate, afterMs)
        else setImmediate(vacate)
      }
      place = 'released'
    }
    if (this.#busy < this.#concurrency && this.#mayGo(holder)) admit()
    else queue.add(holder, admit)
    return { release }
  }

  #mayGo(holder: string): boolean {
    return holder === OWN || (this.#inside.get(holder) ?? 0) < this.#perHolder
  }

  #admitted(kind: AttachKind, holder: string): void {
    this.#busy += 1
    this.#inside.set(holder, (this.#inside.get(holder) ?? 0) + 1)
    this.#renewalsInRow = kind === 'renew' && this.#waiting.create.size > 0 ? this.#renewalsInRow + 1 : 0
  }

  #vacated(holder: string): void {
    this.#busy -= 1
    const left = (this.#inside.get(holder) as number) - 1
    if (left === 0) this.#inside.delete(holder)
    else this.#inside.set(holder, left)
  }

  #admitNext(): void {
    while (this.#busy < this.#concurrency) {
      const { renew, create } = this.#waiting
      const [first, second] = this.#renewalsInRow < TURNS_PER_CREATION - 1 ? [renew, create] : [create, renew]
      const mayGo = (holder: string) => this.#mayGo(holder)
      const next = first.take(mayGo) ?? second.take(mayGo)
      if (next === null) return
      next()
    }
  }
}
