import { seededRandom } from '../seeded-random.js'

/** One operation of a random sequence. Paths are below the root of the play; `''` is that root. */
export type Operation = { session: number } & (
  | { kind: 'create'; path: string; flags: number; acl: AclChoice; with: 'create' | 'create2' | 'container' }
  | { kind: 'createTtl'; path: string; ttlMs: number; flags: number }
  | { kind: 'delete' | 'check'; path: string; version: number }
  | { kind: 'setData'; path: string; data: string; version: number }
  | { kind: 'exists' | 'getData' | 'getChildren' | 'getChildren2'; path: string; watch: boolean }
  | { kind: 'getAcl' | 'sync' | 'getEphemerals' | 'getAllChildrenNumber'; path: string }
  | { kind: 'setAcl'; path: string; acl: AclChoice; version: number }
  | { kind: 'multi'; steps: MultiStep[] }
  | { kind: 'multiRead'; paths: string[] }
  | { kind: 'addWatch'; path: string; mode: 'persistent' | 'recursive' }
  | { kind: 'removeWatches'; path: string; type: number }
  | { kind: 'auth'; user: string }
  | { kind: 'whoAmI' | 'close' | 'expire' }
  | { kind: 'reconnect'; watches: Record<WatchList, string[]> }
)

export type AclChoice = 'open' | 'readOnly' | 'noRead' | 'annOnly' | 'auth' | 'worldAndBob' | 'empty'

export type WatchList = 'data' | 'exist' | 'child' | 'persistent' | 'recursive'

export type MultiStep =
  | { kind: 'create'; path: string; flags: number }
  | { kind: 'delete' | 'check'; path: string; version: number }
  | { kind: 'setData'; path: string; data: string; version: number }

export const SESSIONS = 4

/** Few, so that operations meet on the same nodes. */
const NAMES = ['a', 'b', 'c']
const DEPTH = 3

/** The same seed gives the same operations, on every machine. */
export function randomOperations(seed: number, count: number): Operation[] {
  const random = new Random(seed)
  return Array.from({ length: count }, () => randomOperation(random))
}

function randomOperation(random: Random): Operation {
  const session = random.below(SESSIONS)
  const kind = random.weighted(WEIGHTS)
  return { session, ...MAKERS[kind](random) } as Operation
}

/** How often each kind comes. An expiry takes half a second each time. */
const WEIGHTS = {
  create: 300,
  createTtl: 10,
  delete: 120,
  setData: 120,
  check: 10,
  read: 250,
  readMore: 60,
  setAcl: 25,
  multi: 100,
  multiRead: 20,
  addWatch: 40,
  removeWatches: 20,
  auth: 15,
  whoAmI: 5,
  reconnect: 15,
  close: 10,
  expire: 1,
}

const MAKERS: Record<keyof typeof WEIGHTS, (random: Random) => object> = {
  create: (random) => ({
    kind: 'create',
    path: random.path(),
    flags: random.pick([0, 0, 0, 1, 1, 2, 3, 7]),
    acl: random.acl(),
    with: random.pick(['create', 'create', 'create2', 'container']),
  }),
  // Far longer than a play, so that no time to live ends during one.
  createTtl: (random) => ({
    kind: 'createTtl',
    path: random.path(),
    ttlMs: random.pick([0, 3_600_000, 3_600_000]),
    flags: random.pick([0, 5, 5, 6]),
  }),
  delete: (random) => ({ kind: 'delete', path: random.path(), version: random.version() }),
  setData: (random) => ({
    kind: 'setData',
    path: random.pathOrRoot(),
    data: random.pick(['', 'x', 'yy', 'zzz']),
    version: random.version(),
  }),
  check: (random) => ({ kind: 'check', path: random.path(), version: random.version() }),
  read: (random) => ({
    kind: random.pick(['exists', 'exists', 'getData', 'getChildren', 'getChildren2']),
    path: random.pathOrRoot(),
    watch: random.below(2) === 0,
  }),
  readMore: (random) => ({
    kind: random.pick(['getAcl', 'sync', 'getEphemerals', 'getAllChildrenNumber']),
    path: random.pathOrRoot(),
  }),
  setAcl: (random) => ({
    kind: 'setAcl',
    path: random.path(),
    acl: random.acl(),
    version: random.version(),
  }),
  multi: (random) => ({ kind: 'multi', steps: random.list(4, () => randomStep(random)) }),
  multiRead: (random) => ({ kind: 'multiRead', paths: random.list(3, () => random.pathOrRoot()) }),
  addWatch: (random) => ({
    kind: 'addWatch',
    path: random.pathOrRoot(),
    mode: random.pick(['persistent', 'recursive']),
  }),
  removeWatches: (random) => ({
    kind: 'removeWatches',
    path: random.pathOrRoot(),
    type: random.pick([1, 2, 3]),
  }),
  auth: (random) => ({ kind: 'auth', user: random.pick(['ann', 'bob']) }),
  whoAmI: () => ({ kind: 'whoAmI' }),
  reconnect: (random) => ({
    kind: 'reconnect',
    watches: {
      data: random.list(3, () => random.path()),
      exist: random.list(3, () => random.path()),
      child: random.list(3, () => random.path()),
      persistent: random.list(2, () => random.path()),
      recursive: random.list(2, () => random.path()),
    },
  }),
  close: () => ({ kind: 'close' }),
  expire: () => ({ kind: 'expire' }),
}

function randomStep(random: Random): MultiStep {
  const path = random.path()
  const kind = random.pick(['create', 'create', 'delete', 'check', 'setData'] as const)
  if (kind === 'create') return { kind, path, flags: random.pick([0, 0, 0, 1, 2, 3]) }
  // Steps that are refused undo the others, so most are not.
  const version = random.pick([-1, -1, -1, -1, 0, 1])
  return kind === 'setData' ? { kind, path, data: 'm', version } : { kind, path, version }
}

class Random {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = seededRandom(seed)
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit)
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T
  }

  weighted<K extends string>(weights: Record<K, number>): K {
    const entries = Object.entries(weights) as [K, number][]
    let rest = this.below(entries.reduce((sum, [, weight]) => sum + weight, 0))
    for (const [key, weight] of entries) {
      rest -= weight
      if (rest < 0) return key
    }
    throw new Error('weights that sum up to nothing')
  }

  list<T>(longest: number, make: () => T): T[] {
    return Array.from({ length: this.below(longest + 1) }, make)
  }

  path(): string {
    return Array.from({ length: 1 + this.below(DEPTH) }, () => `/${this.pick(NAMES)}`).join('')
  }

  pathOrRoot(): string {
    return this.below(6) === 0 ? '' : this.path()
  }

  version(): number {
    return this.pick([-1, -1, -1, 0, 0, 1, 2])
  }

  acl(): AclChoice {
    const rare: AclChoice[] = ['readOnly', 'noRead', 'annOnly', 'auth', 'worldAndBob', 'empty']
    return this.below(8) === 0 ? this.pick(rare) : 'open'
  }
}
