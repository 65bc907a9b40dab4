/** One part of a pattern: `head*tail`; without a tail, it is exactly `head`. */
export interface PartPattern {
  head: string
  tail: string | null
}

/**
 * How far beyond the path itself a pattern has to go: to the node, to the name that the path becomes when
 * ZooKeeper puts a number behind it, to each direct child, or to everything below.
 */
export type Reach = 'node' | 'numbered' | 'children' | 'below'

/** A pattern whose variables have their values. What it covers is decided on the pattern, whatever nodes there are. */
export class BoundPattern {
  readonly #parts: readonly PartPattern[]
  readonly #deep: boolean

  /** @param deep whether it ends with `**`, which is not among the parts */
  constructor(parts: readonly PartPattern[], deep: boolean) {
    this.#parts = parts
    this.#deep = deep
  }

  /** @param path by its parts; none for the root */
  covers(path: readonly string[], reach: Reach): boolean {
    switch (reach) {
      case 'node':
        return this.#holds(path)
      case 'numbered':
        return this.#holds(path) && (path.length > this.#parts.length || this.#parts.at(-1)?.tail === '')
      case 'children':
        return this.#holdsEachChild(path) || (this.#deep && this.#holds(path))
      case 'below':
        return this.#deep && (this.#holdsEachChild(path) || this.#holds(path))
    }
  }

  /** How many parts of the path fit, from its beginning: how near a miss was. */
  commonParts(path: readonly string[]): number {
    const miss = this.#parts.findIndex((part, at) => !fits(part, path[at]))
    return miss === -1 ? this.#parts.length : miss
  }

  toString(): string {
    const parts = this.#parts.map(({ head, tail }) => (tail === null ? head : `${head}*${tail}`))
    return `/${[...parts, ...(this.#deep ? ['**'] : [])].join('/')}`
  }

  #holds(path: readonly string[]): boolean {
    const wanted = this.#parts.length
    return (this.#deep || path.length === wanted) && this.#fitsFirst(wanted, path)
  }

  #holdsEachChild(path: readonly string[]): boolean {
    const [next, ...further] = this.#parts.slice(path.length)
    if (next === undefined || further.length > 0 || next.head !== '' || next.tail !== '') return false
    return this.#fitsFirst(path.length, path)
  }

  #fitsFirst(count: number, path: readonly string[]): boolean {
    for (let at = 0; at < count; at += 1) if (!fits(this.#parts[at] as PartPattern, path[at])) return false
    return true
  }
}

function fits({ head, tail }: PartPattern, name: string | undefined): boolean {
  if (tail === null || name === undefined) return name === head
  // In `ab*b` the two ends must not share a letter.
  return name.length >= head.length + tail.length && name.startsWith(head) && name.endsWith(tail)
}
