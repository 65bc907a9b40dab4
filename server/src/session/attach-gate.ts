import type { LossCause } from '../zookeeper/index.js'

/** `renew`: a session that exists and whose clock is running. `create`: a session that can wait. */
export type AttachKind = 'renew' | 'create'

/** One attempt to attach, from the queue to its end. */
export interface AttachPass {
  /**
   * Ends the attempt, or leaves the queue. Harmless when repeated.
   * @param afterMs milliseconds for which the attempt keeps its slot: where servers refuse connections, the next attempt comes later
   */
  release(afterMs?: number): void
}

/** A subject as the gate counts it. */
export interface AttachingSubject {
  /** Links of the subject that are inside the gate. */
  attaching: number
}

/** Milliseconds for which a slot stays taken when a server has hung up on the attempt that had it. */
const SLOW_DOWN_MS = 500

/** Milliseconds for which an attempt that ended so keeps its slot. */
export function slowDownMs(cause: LossCause): number {
  return cause === 'refused_at_handshake' ? SLOW_DOWN_MS : 0
}

/** One turn in eight goes to a creation where one waits, so that sessions which renew all the time do not keep it out. */
const TURNS_PER_CREATION = 8

/**
 * Lets a bounded number of links attach at a time: renewals before creations, round robin over subjects. When an ensemble
 * changes its leader every link breaks at once, and a server that all of them dial drops most connections for a second.
 *
 * The gateway's own sessions have no subject. Pages wait for them, so that they have no bound of their own.
 */
export class AttachGate {
  readonly #concurrency: number
  readonly #perSubject: number
  readonly #waiting = { renew: new RoundRobin<() => void>(), create: new RoundRobin<() => void>() }
  #busy = 0
  #renewalsInRow = 0

  /** @param perSubject slots that one subject may have at a time */
  constructor(concurrency: number, perSubject: number = concurrency) {
    this.#concurrency = concurrency
    this.#perSubject = perSubject
  }

  /** Attempts that wait for a slot. */
  get waiting(): number {
    return this.#waiting.renew.size + this.#waiting.create.size
  }

  /**
   * Calls `go` when there is a slot: at once, or later.
   * @param subject null for the gateway's own sessions
   */
  enter(kind: AttachKind, go: () => void, subject: AttachingSubject | null): AttachPass {
    const { create, [kind]: queue } = this.#waiting
    let state: 'waiting' | 'inside' | 'released' = 'waiting'
    const admit = () => {
      state = 'inside'
      this.#busy += 1
      if (subject !== null) subject.attaching += 1
      this.#renewalsInRow = kind === 'renew' && create.size > 0 ? this.#renewalsInRow + 1 : 0
      go()
    }
    if (this.#busy < this.#concurrency && this.#mayGo(subject)) admit()
    else queue.add(subject, admit)
    return {
      release: (afterMs = 0) => {
        if (state === 'waiting') queue.delete(subject, admit)
        // Later in any case: the caller is in the middle of something else.
        else if (state === 'inside' && afterMs > 0) setTimeout(this.#vacate, afterMs, subject)
        else if (state === 'inside') setImmediate(this.#vacate, subject)
        state = 'released'
      },
    }
  }

  readonly #mayGo = (subject: AttachingSubject | null): boolean =>
    subject === null || subject.attaching < this.#perSubject

  /** Gives the slot to the attempts that wait. */
  readonly #vacate = (subject: AttachingSubject | null): void => {
    this.#busy -= 1
    if (subject !== null) subject.attaching -= 1
    const { renew, create } = this.#waiting
    while (this.#busy < this.#concurrency) {
      const [first, second] = this.#renewalsInRow < TURNS_PER_CREATION - 1 ? [renew, create] : [create, renew]
      const next = first.take(this.#mayGo) ?? second.take(this.#mayGo)
      if (next === null) return
      next()
    }
  }
}

/** A queue for each subject. The subjects take turns, so that a long queue delays only its own subject. */
export class RoundRobin<T> {
  readonly #queues = new Map<AttachingSubject | null, Set<T>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(subject: AttachingSubject | null, entry: T): void {
    const queue = this.#queues.get(subject)
    if (queue) queue.add(entry)
    else this.#queues.set(subject, new Set([entry]))
    this.#size += 1
  }

  /** Harmless where the entry does not wait. */
  delete(subject: AttachingSubject | null, entry: T): void {
    const queue = this.#queues.get(subject)
    if (!queue?.delete(entry)) return
    this.#size -= 1
    if (queue.size === 0) this.#queues.delete(subject)
  }

  /** Takes the oldest entry of the next subject in turn that may go; null where none may. */
  take(mayGo: (subject: AttachingSubject | null) => boolean): T | null {
    for (const [subject, queue] of this.#queues) {
      if (!mayGo(subject)) continue
      const first = queue.values().next().value as T
      this.delete(subject, first)
      if (this.#queues.delete(subject)) this.#queues.set(subject, queue)
      return first
    }
    return null
  }
}

/** The first retry after a loss only spreads a herd; later ones spare a broken ensemble. */
const FIRST_RETRY_SPREAD_MS = 100
const RETRY_BASE_MS = 200
/** Half of the shortest session timeout that an ensemble with the default tickTime gives. */
const RETRY_CAP_MS = 2_000

/**
 * Milliseconds until a session asks the gate again after a loss.
 * @param failures attempts that have failed since the session was attached last
 * @param servers number of servers: a round over all of them goes without a pause
 */
export function retryDelayMs(failures: number, servers: number): number {
  if (failures === 0) return Math.random() * FIRST_RETRY_SPREAD_MS
  const rounds = Math.floor(failures / servers)
  if (failures % servers !== 0) return 0
  return Math.random() * Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** Math.min(rounds, 10))
}
