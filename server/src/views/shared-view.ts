import type { HexLong, ViewDepth, ViewPoint } from 'zoogate-client/protocol'
import type { SessionServices } from '../session/services.js'
import { wireError } from '../wire/errors.js'
import { Audience } from './audience.js'
import { Reading, type ReadingProblem } from './reading.js'
import { type CheckPace, ViewCheck } from './view-check.js'
import { endedMessage } from './view-messages.js'
import type { SourceEvent, ViewSource, Watching } from './view-source.js'
import { isNewer, parentOf, type ViewedNode, ViewTree, viewedNode } from './view-tree.js'

/** Debounce between two messages to the same pages, so that a burst of changes is one message. The first goes at once. */
const SHORTEST_REST_MS = 5
/** A rest is at least as long as sending to all pages took, so that a view never takes more than half of the process. */
const REST_FACTOR = 1

export interface ViewSpec {
  /** The ensemble's path. */
  path: string
  depth: ViewDepth
  data: boolean
}

/** The part of the session services that views need. */
export type ViewEnsemble = Pick<SessionServices, 'limits' | 'marks'> & {
  metrics: Pick<SessionServices['metrics'], 'viewDelta'>
}

/** The part of the source that one view needs. */
export type SharedViewSource = Pick<ViewSource, 'newReads' | 'zxid' | 'leaveServer' | 'remove'>

/** The owner of a view. */
export interface ViewHost {
  readonly checkPace: CheckPace
  /** The memory of the view has grown by this, or shrunk. */
  holds(bytes: number): void
  /** Requests were sent for the first snapshot. Later ones are for all pages, and count against none. */
  readsToOpen(count: number): void
  /** Called once: the view has ended for all pages. */
  ended(): void
}

/** Reads under way, or the wait before them. */
interface Work {
  stop(): void
}

// waiting ──attached──► reading ──all read──► settling ──► live ⟲ a batch of reads for the events since the last
//    ▲                     │                     │          │
//    └────────lost─────────┴─────────────────────┴──────────┘        any ──► ended
//
type State =
  /** The source has no session yet. */
  | { at: 'waiting' }
  /** reading: everything; settling: changes during that. `fresh` becomes the tree of the view. */
  | { at: 'reading' | 'settling'; fresh: ViewTree; work: Work }
  /** `work` is null where no event is pending. */
  | { at: 'live'; work: Work | null }
  | { at: 'ended' }

/**
 * One part of ZooKeeper's tree, for all pages that show it.
 *
 * Invariant: a message with zxid Z contains every change up to Z. A server sends an event before any reply to a read issued
 * after that change. So: no event pending → Z is the zxid of the newest reply; events pending → Z is the zxid known before
 * this batch. Nodes in the message may be newer than Z, but every node that existed at Z and still exists is in it (see
 * `#apply`): so a zxid and a count name the state of a page.
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
  /** Memory that the host counts. */
  #memory = 0
  #hasOpened = false
  /** Nodes, and lists of children, that events have named since the last batch. */
  #touched = new Set<string>()
  #touchedLists = new Set<string>()
  /** Replacements of nodes that existed at the zxid of the last message: sent with the next batch. */
  #held = new Map<string, ViewedNode | null>()
  /** No batch begins before this `performance.now()`. */
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

  /** About the memory of the view in the process, in bytes. */
  get memory(): number {
    return this.#memory
  }

  /** All views together use too much memory, and this one has to go. */
  evict(): void {
    this.#fail('RATE_LIMITED')
  }

  /** The last page has left. */
  end(): void {
    this.#enter({ at: 'ended' })
  }

  // ---- events of the source ----

  sourceAttached(): void {
    if (this.#state.at === 'waiting') this.#readAll()
  }

  sourceLost(): void {
    this.#enter({ at: 'waiting' })
    this.audience.publishStale()
  }

  sourceEvent(event: SourceEvent): void {
    if (this.#state.at === 'waiting' || this.#state.at === 'ended') return
    if (!this.#touch(event)) return
    // More nodes have changed than the view may hold: reading the ones that exist takes fewer reads.
    if (this.#touched.size > this.#ensemble.limits.maxViewNodes) this.#readAll()
    else this.#schedule()
  }

  /** @returns whether the event is about the view */
  #touch({ type, path }: SourceEvent): boolean {
    const below = this.path === '/' ? path.slice(1) : path.slice(this.path.length + 1)
    let touched = this.#touched
    if (this.spec.depth === 'children') {
      // Grandchildren do not belong to the view; neither does the node itself, but without it there are no children.
      if (below.includes('/') || (below === '' && type === 'NodeDataChanged')) return false
      if (below === '') touched = this.#touchedLists
    } else if (type === 'NodeChildrenChanged') touched = this.#touchedLists
    touched.add(below)
    return true
  }

  get #hasPendingEvents(): boolean {
    return this.#touched.size > 0 || this.#touchedLists.size > 0
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

  /** Reads the next batch after the one before it and after the rest of the pages. */
  #schedule(): void {
    const state = this.#state
    if (state.at !== 'live' || state.work !== null) return
    const restMs = this.#restsUntil - performance.now()
    if (restMs > 0) {
      const timer = setTimeout(() => this.#readBatch(this.#tree), restMs)
      state.work = { stop: () => clearTimeout(timer) }
    } else {
      // In a later turn in any case, so that events which arrive together are read together.
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
      // Does nothing where the link is lost already: then `sourceLost` follows.
      this.#source.leaveServer()
      return
    }
    const tree = state.at === 'live' ? this.#tree : state.fresh
    const changed = problem ? null : this.#apply(tree, results, askedAt)
    if (changed === null || this.#isTooLarge(tree)) this.#fail(problem ?? 'TOO_LARGE')
    else if (state.at === 'reading' && this.#hasPendingEvents) {
      // There is no zxid yet up to which the tree is complete.
      state.at = 'settling'
      this.#holdBoth(tree, 0)
      this.#readBatch(tree)
    } else {
      const zxid = this.#hasPendingEvents ? askedAt : this.#source.zxid
      const count = tree.size - tree.countNewer(results.keys(), zxid)
      this.#publish(tree, state.at === 'live' ? changed : this.#tree.changesIn(tree), { zxid, count })
    }
  }

  /**
   * Puts the results into the tree. Where events are pending, a result may be newer than `askedAt`, the zxid of the message. A
   * node that was created after it does no harm. But a node that existed then must not go missing: a page that knows of a
   * later deletion and not of an earlier one would have the right count, and keep the wrong node. Its result is held for one
   * batch. A node that replaced another one up to that zxid is no such result: a page without it would have the right
   * count, too, and keep the replaced node.
   */
  #apply(tree: ViewTree, results: ReadonlyMap<string, ViewedNode | null>, askedAt: HexLong): Set<string> {
    const changed = new Set<string>()
    const put = (path: string, node: ViewedNode | null) => {
      if (tree.put(path, node && this.#isReachable(tree, path) ? node : null)) changed.add(path)
    }
    for (const [path, node] of this.#held) put(path, node)
    this.#held = new Map()
    for (const [path, node] of parentsFirst(results)) {
      const before = tree.get(path)
      const isGone = before !== undefined && before.czxid !== node?.czxid
      const mayBeNewer = node === null || isNewer(node.czxid, askedAt)
      if (this.#hasPendingEvents && isGone && mayBeNewer) this.#held.set(path, node)
      else put(path, node)
    }
    return changed
  }

  /** Below a node that the view does not show it shows none: another gateway would not find them. */
  #isReachable(tree: ViewTree, path: string): boolean {
    if (this.spec.depth === 'children' || path === '') return true
    return tree.get(parentOf(path)) !== undefined
  }

  #isTooLarge(tree: ViewTree): boolean {
    const { maxViewNodes, maxViewBytes } = this.#ensemble.limits
    return tree.size > maxViewNodes || tree.bytes > maxViewBytes
  }

  #publish(tree: ViewTree, changed: ReadonlySet<string>, point: ViewPoint): void {
    if (this.#state.at !== 'live') this.#check.restart(tree.size)
    this.#tree = tree
    this.#hasOpened = true
    this.#enter({ at: 'live', work: null })
    const startedAt = performance.now()
    this.audience.publish(tree, changed, point, !this.#hasPendingEvents)
    const endedAt = performance.now()
    if (changed.size > 0) this.#ensemble.metrics.viewDelta()
    this.#restsUntil = endedAt + Math.max(SHORTEST_REST_MS, REST_FACTOR * (endedAt - startedAt))
    const hasMore = this.#hasPendingEvents || this.#held.size > 0
    if (hasMore || this.#check.isDue || this.audience.needsCatchUp) this.#schedule()
  }

  #hold(memory: number): void {
    this.#host.holds(memory - this.#memory)
    this.#memory = memory
  }

  /** Counts the larger of the tree and its replacement: counting both, a lost link would evict views. */
  #holdBoth(fresh: ViewTree, taken: number): void {
    if (fresh !== this.#tree) this.#hold(Math.max(this.#tree.memory, fresh.memory + taken))
  }

  #fail(code: keyof typeof ADVICE): void {
    this.audience.end(endedMessage(this.number, wireError(code, { message: ADVICE[code] })))
    this.#enter({ at: 'ended' })
  }

  /** Deaf after the end. */
  #enter(state: State): void {
    const before = this.#state
    if (before.at === 'ended') return
    if ('work' in before) before.work?.stop()
    if (state.at !== 'live') this.#check.stop()
    this.#state = state
    // A reading that has been stopped holds nothing.
    this.#hold(state.at === 'ended' ? 0 : this.#tree.memory)
    if (state.at === 'ended') {
      this.#source.remove(this)
      this.#host.ended()
    }
  }
}

const ADVICE = {
  NO_AUTH:
    'views show only nodes that everyone may read, and this node is not; add world:anyone:r to its ACL, or read it with a call',
  RATE_LIMITED:
    'the views of this gateway use all the memory that they may; open views of smaller parts, or open this one again later',
  TOO_LARGE: 'the path holds more than a view may show; open views of smaller parts of it',
}

/** A node is put into the tree after its parent. */
function parentsFirst<T>(results: ReadonlyMap<string, T>): Iterable<[string, T]> {
  return [...results].sort(([a], [b]) => a.length - b.length)
}
