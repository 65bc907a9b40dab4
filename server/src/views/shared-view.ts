import type { HexLong, ViewDepth, ViewPoint } from 'zoogate-client/protocol'
import type { SessionServices } from '../session/services.js'
import { wireError } from '../wire/errors.js'
import { Audience } from './audience.js'
import type { CheckPace } from './check-pace.js'
import { Reading, type ReadingProblem } from './reading.js'
import { ViewCheck } from './view-check.js'
import { endedMessage } from './view-messages.js'
import type { SourceEvent, ViewSource, Watching } from './view-source.js'
import { parentOf, ViewTree } from './view-tree.js'
import { type ViewedNode, viewedNode } from './viewed-node.js'

/** Between two messages to the same pages: changes in quick succession go together. The first of them goes at once. */
const SHORTEST_REST_MS = 5
/** A rest is so many times as long as telling all pages took, so that a view never takes more than half of the process. */
const REST_FACTOR = 1

export interface ViewSpec {
  /** The ensemble's. */
  path: string
  depth: ViewDepth
  data: boolean
}

/** What views need of what the gateway's sessions share. */
export type ViewEnsemble = Pick<SessionServices, 'limits' | 'marks'> & {
  metrics: Pick<SessionServices['metrics'], 'viewTold'>
}

/** The part of the source that one view needs. */
export type SharedViewSource = Pick<ViewSource, 'newReads' | 'zxid' | 'leaveServer' | 'remove'>

/** Whom the view belongs to. */
export interface ViewHost {
  readonly checkPace: CheckPace
  /** It takes so many bytes more, or less. */
  holds(bytes: number): void
  /** Questions were asked for what it shows first; later ones are for all who look. */
  readsToOpen(count: number): void
  /** Called once: it is shown to nobody any more. */
  ended(): void
}

/** Something that can be called off: reads under way, or the wait before them. */
interface Work {
  stop(): void
}

// waiting ──attached──► reading ──all read──► settling ──► live ⟲ a batch of reads for the events since the last
//    ▲                     │                     │          │
//    └────────lost─────────┴─────────────────────┴──────────┘        any ──► ended
//
type State =
  /** The source is on its way. */
  | { at: 'waiting' }
  /** reading: everything; settling: what happened meanwhile. `fresh` becomes what is shown. */
  | { at: 'reading' | 'settling'; fresh: ViewTree; work: Work }
  /** `work` is null where nothing has happened since. */
  | { at: 'live'; work: Work | null }
  | { at: 'ended' }

/**
 * One part of the tree, for all pages that show it.
 *
 * Everything up to a zxid is told with it. Events come before the answers to reads that were asked after what they tell of,
 * so that at the end of a batch of reads everything is known up to the newest answer, or where events wait for the next
 * batch, up to the newest answer before this one. Nodes may be newer than that, but none that was there then is missing
 * (see `#apply`): this is what lets a page name its state by a zxid and a count.
 */
export class SharedView implements Watching {
  readonly number: number
  readonly path: string
  readonly audience: Audience
  readonly spec: ViewSpec
  readonly #ensemble: ViewEnsemble
  readonly #source: SharedViewSource
  readonly #host: ViewHost
  readonly #check: ViewCheck
  #state: State = { at: 'waiting' }
  #tree = new ViewTree()
  /** What the host knows of. */
  #memory = 0
  #hasOpened = false
  /** Nodes, and lists of children, that events have named since the last batch. */
  #touched = new Set<string>()
  #touchedLists = new Set<string>()
  /** What took the place of nodes that were there at the zxid that was told last: told with the next batch. */
  #held = new Map<string, ViewedNode | null>()
  /** `performance.now()` before which no batch begins. */
  #restsUntil = 0

  constructor(
    number: number,
    spec: ViewSpec,
    ensemble: ViewEnsemble,
    source: SharedViewSource,
    host: ViewHost,
  ) {
    this.number = number
    this.path = spec.path
    this.audience = new Audience(number, () => this.#schedule())
    this.spec = spec
    this.#ensemble = ensemble
    this.#source = source
    this.#host = host
    this.#check = new ViewCheck(host.checkPace, () => this.#schedule())
  }

  get nodeCount(): number {
    return this.#tree.size
  }

  /** About what it takes in the process. */
  get memory(): number {
    return this.#memory
  }

  /** All views together take too much, and this one is to go. */
  giveUp(): void {
    this.#fail('RATE_LIMITED')
  }

  /** Nobody looks any more. */
  end(): void {
    this.#enter({ at: 'ended' })
  }

  // ---- what the source tells ----

  sourceAttached(): void {
    if (this.#state.at === 'waiting') this.#readAll()
  }

  sourceLost(): void {
    this.#enter({ at: 'waiting' })
    this.audience.tellStale()
  }

  sourceEvent({ type, path }: SourceEvent): void {
    if (this.#state.at === 'waiting' || this.#state.at === 'ended') return
    const below = this.path === '/' ? path.slice(1) : path.slice(this.path.length + 1)
    if (this.spec.depth === 'children') {
      // Children of children are none of it; of the node itself it matters only whether it is there.
      if (below.includes('/') || (below === '' && type === 'NodeDataChanged')) return
      if (below === '') this.#touchedLists.add('')
      else this.#touched.add(below)
    } else if (type === 'NodeChildrenChanged') this.#touchedLists.add(below)
    else this.#touched.add(below)
    // More than can be shown has changed: what is there now takes fewer reads.
    if (this.#touched.size > this.#ensemble.limits.maxViewNodes) this.#readAll()
    else this.#schedule()
  }

  // ---- reads ----

  #readAll(): void {
    const fresh = new ViewTree()
    this.#touched.clear()
    this.#touchedLists.clear()
    this.#held.clear()
    const reading = this.#newReading(fresh)
    this.#enter({ at: 'reading', fresh, work: reading })
    reading.run(() => reading.all())
  }

  /** Has the next batch read once the one before it is done and pages have had their rest. */
  #schedule(): void {
    const state = this.#state
    if (state.at !== 'live' || state.work !== null) return
    const restMs = this.#restsUntil - performance.now()
    if (restMs > 0) {
      const timer = setTimeout(() => this.#readBatch(this.#tree), restMs)
      state.work = { stop: () => clearTimeout(timer) }
    } else {
      // Later in any case, so that events which came together are read together.
      const immediate = setImmediate(() => this.#readBatch(this.#tree))
      state.work = { stop: () => clearImmediate(immediate) }
    }
  }

  #readBatch(known: ViewTree): void {
    const state = this.#state
    if (state.at === 'waiting' || state.at === 'ended') return
    const nodes = this.#touched
    const lists = this.#touchedLists
    this.#touched = new Set()
    this.#touchedLists = new Set()
    const reading = this.#newReading(known)
    state.work = reading
    reading.run(() => {
      for (const path of nodes) reading.node(path)
      for (const path of lists) reading.children(path)
      for (const path of this.#check.take(known.size, () => known.paths())) reading.check(path)
      const caughtUp = this.audience.catchingUp()
      if (caughtUp) reading.sync(() => caughtUp(this.#source.zxid))
    })
  }

  #newReading(tree: ViewTree): Reading {
    const { limits, marks } = this.#ensemble
    const { path, depth, data } = this.spec
    const askedAt = this.#source.zxid
    let taken = 0
    const reading = new Reading({
      reads: this.#source.newReads(),
      root: path,
      depth,
      known: (path) => this.#held.get(path) ?? (this.#held.has(path) ? null : (tree.get(path) ?? null)),
      knownChildren: (path) => tree.childCount(path),
      knownBelow: (path) => tree.pathsBelow(path),
      maxNodes: limits.maxViewNodes,
      maxBytes: limits.maxViewBytes,
      asked: (count) => {
        if (!this.#hasOpened) this.#host.readsToOpen(count)
      },
      took: (bytes) => {
        taken += bytes
        this.#holdBoth(tree, taken)
      },
      encode: (node) => viewedNode(node, data, marks),
      done: (problem) => this.#readingDone(reading, askedAt, problem),
    })
    return reading
  }

  #readingDone({ results }: Reading, askedAt: HexLong, problem: ReadingProblem | null): void {
    const state = this.#state
    if (state.at === 'waiting' || state.at === 'ended') return
    if (problem === 'lost') {
      // Where the link is lost already, that is told next.
      this.#source.leaveServer()
      return
    }
    const { maxViewNodes, maxViewBytes } = this.#ensemble.limits
    const eventsWait = this.#touched.size > 0 || this.#touchedLists.size > 0
    const tree = state.at === 'live' ? this.#tree : state.fresh
    const changed = problem ? null : this.#apply(tree, results, eventsWait)
    if (changed === null) this.#fail(problem ?? 'TOO_LARGE')
    else if (tree.size > maxViewNodes || tree.bytes > maxViewBytes) this.#fail('TOO_LARGE')
    else if (state.at === 'reading' && eventsWait) {
      // Of no zxid it is known that all that was read is as new.
      state.at = 'settling'
      this.#holdBoth(tree, 0)
      this.#readBatch(tree)
    } else {
      const zxid = eventsWait ? askedAt : this.#source.zxid
      const point = { zxid, count: tree.size - tree.countNewer(results.keys(), zxid) }
      this.#tell(tree, state.at === 'live' ? changed : this.#tree.changesIn(tree), point, !eventsWait)
    }
  }

  /**
   * Puts in what was read. Where events wait, it may be newer than the zxid that it is told with. That a node came to be
   * after it does no harm; but one that was there then must not go missing, or a page that knows of a later deletion and
   * not of an earlier one would count as many nodes as are left, and keep the wrong one. It is held back for one batch.
   */
  #apply(tree: ViewTree, results: ReadonlyMap<string, ViewedNode | null>, eventsWait: boolean): Set<string> {
    const changed = new Set<string>()
    const put = (path: string, node: ViewedNode | null) => {
      if (tree.put(path, node && this.#isReachable(tree, path) ? node : null)) changed.add(path)
    }
    for (const [path, node] of this.#held) put(path, node)
    this.#held = new Map()
    for (const [path, node] of parentsFirst(results)) {
      const before = tree.get(path)
      if (eventsWait && before && before.czxid !== node?.czxid) this.#held.set(path, node)
      else put(path, node)
    }
    return changed
  }

  /** Below a node that is not shown nothing is: another gateway would not find it. */
  #isReachable(tree: ViewTree, path: string): boolean {
    if (this.spec.depth === 'children' || path === '') return true
    return tree.get(parentOf(path)) !== undefined
  }

  #tell(tree: ViewTree, changed: ReadonlySet<string>, point: ViewPoint, isAll: boolean): void {
    if (this.#state.at !== 'live') this.#check.restart(tree.size)
    this.#tree = tree
    this.#hasOpened = true
    this.#enter({ at: 'live', work: null })
    const startedAt = performance.now()
    this.audience.tell(tree, changed, point, isAll)
    const endedAt = performance.now()
    if (changed.size > 0) this.#ensemble.metrics.viewTold()
    this.#restsUntil = endedAt + Math.max(SHORTEST_REST_MS, REST_FACTOR * (endedAt - startedAt))
    const moreToDo = this.#touched.size > 0 || this.#touchedLists.size > 0 || this.#held.size > 0
    if (moreToDo || this.#check.isDue || this.audience.needsCatchUp) this.#schedule()
  }

  #hold(memory: number): void {
    this.#host.holds(memory - this.#memory)
    this.#memory = memory
  }

  /** What is shown and what is read in its place: the larger of the two, or a lost link would cost some view its place. */
  #holdBoth(fresh: ViewTree, taken: number): void {
    if (fresh !== this.#tree) this.#hold(Math.max(this.#tree.memory, fresh.memory + taken))
  }

  #fail(code: keyof typeof ADVICE): void {
    this.audience.dismiss(endedMessage(this.number, wireError(code, { message: ADVICE[code] })))
    this.#enter({ at: 'ended' })
  }

  #enter(state: State): void {
    const before = this.#state
    if (before.at === 'ended') return
    if ('work' in before) before.work?.stop()
    if (state.at !== 'live') this.#check.stop()
    this.#state = state
    // Of what was read, nothing is left but what is shown.
    this.#hold(state.at === 'ended' ? 0 : this.#tree.memory)
    if (state.at === 'ended') {
      this.#source.remove(this)
      this.#host.ended()
    }
  }
}

const ADVICE = {
  NO_AUTH: 'the gateway, which reads for everybody, may not read the node; views show what anyone may read',
  RATE_LIMITED:
    'all views of this gateway take as much memory as they may; open views of smaller parts, or this one again later',
  TOO_LARGE: 'there is more below the path than a view may show; open views of smaller parts',
}

/** A node is put in after the one that it hangs from. */
function parentsFirst<T>(results: ReadonlyMap<string, T>): Iterable<[string, T]> {
  return [...results].sort(([a], [b]) => a.length - b.length)
}
