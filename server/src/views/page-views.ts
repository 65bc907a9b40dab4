import type { Operations, ViewPoint, WireError } from 'zoogate-client/protocol'
import type { Rights } from '../access/rights.js'
import { needOfView } from '../access/rights.js'
import type { LimitName, Limits } from '../limits/limits.js'
import { TokenBucket } from '../limits/rates.js'
import type { CallViews } from '../session/operations.js'
import type { Subject } from '../session/subject.js'
import { wireError } from '../wire/errors.js'
import { withChroot, withoutChroot } from '../wire/path.js'
import type { Subscriber, ViewPage } from './audience.js'
import type { SharedView } from './shared-view.js'
import { endedMessage } from './view-messages.js'
import { normalZxid } from './view-tree.js'
import type { Views } from './views.js'

/** The way to the page. */
export interface ViewOutlet {
  /** Bytes buffered for the page. */
  readonly bufferedBytes: number
  /** @param text one message as JSON */
  pushShared(text: Buffer): void
}

/** The limits that refuse a view. */
type ViewLimit = 'maxViews' | 'maxSharedViewsPerSubject' | 'maxSharedViews' | 'maxViewReadsPerSecond'

interface OpenView {
  view: SharedView
  subscriber: Subscriber
  /** How often the page has opened it without closing it. */
  times: number
}

export interface PageViewsOptions {
  views: Views
  outlet: ViewOutlet
  limits: Limits
  subject: Pick<Subject, 'views' | 'chroot'>
  /** A view was not opened because of this limit. */
  limited(limit: LimitName): void
  now?: () => number
}

/** Views of the largest size that a page may open in a burst. */
const BURST_VIEWS = 2
/** Sending this number of nodes from memory costs the gateway as one read does. */
const NODES_FOR_A_READ = 50

/** The views of one page. The page names nodes below its chroot; views have the ensemble's paths. */
export class PageViews implements ViewPage, CallViews {
  readonly #options: PageViewsOptions
  readonly #now: () => number
  /** Token bucket of the reads that opening views costs. */
  readonly #reads: TokenBucket
  readonly #open = new Map<number, OpenView>()

  constructor(options: PageViewsOptions) {
    const { maxViewNodes, maxViewReadsPerSecond } = options.limits
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    const burst = Math.max(BURST_VIEWS * maxViewNodes, maxViewReadsPerSecond)
    this.#reads = new TokenBucket({ perSecond: maxViewReadsPerSecond, burst }, this.#now())
  }

  // ---- calls of the page ----

  /**
   * A page that opens a view once more gets a snapshot, which serves all parts of the page that share its number.
   * @param opened called before the first message of the view is sent
   * @returns the refusal of a view that is not opened, or null
   */
  open(
    { path, depth = 'children', data = false, since }: Operations['openView'],
    opened: (view: number) => void,
  ): WireError | null {
    const { views, subject } = this.#options
    const spec = { path: withChroot(subject.chroot, path), depth, data }
    const shown = views.find(spec)
    const limit = this.#limitMet(shown)
    if (limit !== null) return this.#refuse(limit)
    if (shown) this.#spend(1 + shown.nodeCount / NODES_FOR_A_READ)
    const view = shown ?? views.make(spec, (count) => this.#spend(count))
    opened(view.number)
    this.#enter(view, since ?? null)
    return null
  }

  /** Does nothing where the view has ended meanwhile. */
  close(number: number): void {
    const open = this.#open.get(number)
    if (!open) return
    open.times -= 1
    if (open.times === 0) this.#leave(open)
  }

  /** After a setACL no server sends an event, so that the views learn of it here. */
  aclChanged(path: string): void {
    const { views, subject } = this.#options
    views.aclChanged(withChroot(subject.chroot, path))
  }

  #enter(view: SharedView, since: ViewPoint | null): void {
    const open = this.#open.get(view.number)
    if (open) {
      open.times += 1
      view.audience.restart(open.subscriber)
    } else {
      const { views, subject } = this.#options
      const point = since && { zxid: normalZxid(since.zxid), count: since.count }
      views.entered(subject, view.number)
      this.#open.set(view.number, { view, subscriber: view.audience.add(this, point), times: 1 })
    }
  }

  #leave({ view, subscriber }: OpenView): void {
    this.viewEnded(view.number)
    view.audience.remove(subscriber)
    if (view.audience.size === 0) view.end()
  }

  // ---- the page ----

  /** Ends the views that the page may no longer read. */
  endForbidden(rights: Rights): void {
    const { outlet, subject } = this.#options
    for (const open of [...this.#open.values()]) {
      const { path, depth } = open.view.spec
      if (rights.allows(needOfView({ path: withoutChroot(subject.chroot, path), depth }))) continue
      outlet.pushShared(endedMessage(open.view.number, wireError('FORBIDDEN')))
      this.#leave(open)
    }
  }

  /** The page has read everything that was sent to it. */
  drained(): void {
    for (const { view, subscriber } of this.#open.values()) view.audience.drained(subscriber)
  }

  /** The page is gone. */
  closeAll(): void {
    for (const open of [...this.#open.values()]) this.#leave(open)
  }

  get isSlow(): boolean {
    return this.#options.outlet.bufferedBytes > this.#options.limits.maxViewBacklogBytes
  }

  send(text: Buffer): void {
    this.#options.outlet.pushShared(text)
  }

  viewEnded(number: number): void {
    const { views, subject } = this.#options
    if (this.#open.delete(number)) views.left(subject, number)
  }

  // ---- limits ----

  /** @param shown the view where a page shows it already, else null */
  #limitMet(shown: SharedView | null): ViewLimit | null {
    const { views, limits } = this.#options
    if (this.#open.size >= limits.maxViews) return 'maxViews'
    if (!this.#subjectMayShow(shown)) return 'maxSharedViewsPerSubject'
    if (shown === null && views.isFull) return 'maxSharedViews'
    return this.#spend(0) > 0 ? 'maxViewReadsPerSecond' : null
  }

  /** A view that another page of the subject shows counts once. */
  #subjectMayShow(view: SharedView | null): boolean {
    const { subject, limits } = this.#options
    const isShown = view !== null && subject.views.has(view.number)
    return isShown || subject.views.size < limits.maxSharedViewsPerSubject
  }

  /** @returns the milliseconds until the page may open views again; 0 where it may now */
  #spend(reads: number): number {
    return this.#reads.spend(reads, this.#now())
  }

  #refuse(limit: ViewLimit): WireError {
    this.#options.limited(limit)
    const most = this.#options.limits[limit]
    const waitS = Math.ceil(this.#spend(0) / 1000)
    return wireError('RATE_LIMITED', { message: ADVICE[limit](most, waitS) })
  }
}

const ADVICE: Record<ViewLimit, (most: number, waitS: number) => string> = {
  maxViews: (most) =>
    `a session shows at most ${most} views; close some, or show the subtree of their parent`,
  maxSharedViewsPerSubject: (most) =>
    `the pages of one subject show at most ${most} different views; close some, or show the subtree of their parent`,
  maxSharedViews: (most) => `the gateway shows at most ${most} different views; try again later`,
  maxViewReadsPerSecond: (_, waitS) =>
    `this page opens views faster than the gateway may read them; keep views open, and try again in ${waitS} s`,
}
