import type { HexLong } from 'zoogate-client/protocol'

/** Places whose time has passed are looked for at most so often, whatever happens: each search looks at all of them. */
const SWEEP_MS = 1_000

/**
 * The places of sessions that this process has let go of, for as long as the ensemble may keep them: a page that lets go of
 * one session after the other has them all. Holders without a place cost nothing, and nothing here runs by itself.
 */
export class KeptPlaces {
  readonly #now: () => number
  /** Until when, by holder and session. A session whose id nobody has been told has a name of its own. */
  readonly #byHolder = new Map<string, Map<HexLong | symbol, number>>()
  #size = 0
  #sweptAt: number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#sweptAt = now()
  }

  /** Of all holders. Those whose time has passed may be counted for a second more. */
  get size(): number {
    this.#sweep()
    return this.#size
  }

  /** Of one holder. */
  countOf(holder: string): number {
    this.#dropPassed(holder)
    return this.#byHolder.get(holder)?.size ?? 0
  }

  /** @param id null where the ensemble has opened a session, and its id has not arrived */
  keep(holder: string, id: HexLong | null, forMs: number): void {
    this.#sweep()
    const places = this.#byHolder.get(holder) ?? new Map<HexLong | symbol, number>()
    this.#byHolder.set(holder, places)
    const before = places.size
    places.set(id ?? Symbol('unknown'), this.#now() + forMs)
    this.#size += places.size - before
  }

  /** Somebody has taken the session up. */
  release(holder: string, id: HexLong): void {
    const places = this.#byHolder.get(holder)
    if (!places?.delete(id)) return
    this.#size -= 1
    if (places.size === 0) this.#byHolder.delete(holder)
  }

  #sweep(): void {
    if (this.#now() - this.#sweptAt < SWEEP_MS) return
    this.#sweptAt = this.#now()
    for (const holder of [...this.#byHolder.keys()]) this.#dropPassed(holder)
  }

  #dropPassed(holder: string): void {
    const places = this.#byHolder.get(holder)
    if (!places) return
    const before = places.size
    for (const [id, until] of places) if (until <= this.#now()) places.delete(id)
    this.#size -= before - places.size
    if (places.size === 0) this.#byHolder.delete(holder)
  }
}
