import type { Subject } from '../session/subject.js'

/** Evicts a little more than the excess, so that a gateway at the limit does not evict for every node that is added. */
const FILLED_TO = 0.9

/** The memory of all views of a gateway; evicts views where it exceeds the limit. */
export class ViewMemory {
  readonly #most: number
  readonly #evict: (isEnough: () => boolean) => void
  #bytes = 0
  #timer: NodeJS.Immediate | null = null

  /** @param evict ends one view after the other until it is enough */
  constructor(most: number, evict: (isEnough: () => boolean) => void) {
    this.#most = most
    this.#evict = evict
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @param bytes less than 0 for memory that is free again */
  hold(bytes: number): void {
    this.#bytes += bytes
    // Later, because the view that is growing just now may be the one to end.
    if (this.#bytes > this.#most) this.#timer ??= setImmediate(() => this.#makeRoom())
  }

  #makeRoom(): void {
    this.#timer = null
    if (this.#bytes > this.#most) this.#evict(() => this.#bytes <= this.#most * FILLED_TO)
  }
}

interface Share {
  bytes: number
  /** Largest last. */
  views: { number: number; bytes: number }[]
}

/**
 * Order of eviction: the largest view of the subject that uses most memory; a shared view counts pro rata. So a view that
 * many subjects share is hardly ever evicted, and small views of a subject with few never go before large ones of a
 * subject with many.
 * @param bytes by number of a view
 * @returns each view once for each of its subjects
 */
export function* viewsToEvict(
  subjects: Iterable<Pick<Subject, 'views'>>,
  bytes: ReadonlyMap<number, number>,
): Generator<number> {
  const shares = sharesOf([...subjects], bytes)
  for (;;) {
    let most: Share | undefined
    for (const share of shares) if (most === undefined || share.bytes > most.bytes) most = share
    const view = most?.views.pop()
    if (most === undefined || view === undefined) return
    most.bytes -= view.bytes
    yield view.number
  }
}

function sharesOf(subjects: Pick<Subject, 'views'>[], bytes: ReadonlyMap<number, number>): Share[] {
  const sharers = new Map<number, number>()
  for (const { views } of subjects) {
    for (const number of views.keys()) sharers.set(number, (sharers.get(number) ?? 0) + 1)
  }
  const shareOf = (number: number) => (bytes.get(number) ?? 0) / (sharers.get(number) ?? 1)
  return subjects.map((subject) => {
    const views = Array.from(subject.views.keys(), (number) => ({ number, bytes: shareOf(number) }))
    views.sort((one, other) => one.bytes - other.bytes)
    return { bytes: views.reduce((sum, view) => sum + view.bytes, 0), views }
  })
}
