import type { ViewPoint, WireError } from 'zoogate-client/protocol'
import type { LimitName, Limits } from '../limits/limits.js'
import { TokenBucket } from '../limits/rates.js'
import type { Subject } from '../session/subject.js'
import { wireError } from '../wire/errors.js'
import type { Subscriber, ViewPage } from './audience.js'
import type { SharedView, ViewSpec } from './shared-view.js'
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
  subject: Pick<Subject, 'views'>
  /** A view was not opened because of this limit. */
  limited(limit: LimitName): void
  now?: () => number
}

/** Views of the largest size that a page may open in a burst. */
const BURST_VIEWS = 2
/** Sending this number of nodes from memory costs the gateway as one read does. */
const NODES_FOR_A_READ = 50

/** The views of one page. */
export class PageViews implements ViewPage {
  readonly #views: Views
  readonly #outlet: ViewOutlet
  readonly #limits: Limits
  readonly #subject: Pick<Subject, 'views'>
  readonly #limited: (limit: LimitName) => void
  readonly #now: () => number
  /** Token bucket of the reads that opening views costs. */
  readonly #reads: TokenBucket
  readonly #open = new Map<number, OpenView>()

  constructor({ views, outlet, limits, subject, limited, now }: PageViewsOptions) {
    this.#views = views
    this.#outlet = outlet
    this.#limits = limits
    this.#subject = subject
    this.#limited = limited
    this.#now = now ?? (() => performance.now())
    const burst = Math.max(BURST_VIEWS * limits.maxViewNodes, limits.maxViewReadsPerSecond)
    this.#reads = new TokenBucket({ perSecond: limits.maxViewReadsPerSecond, burst }, this.#now())
  }

  /**
   * A page that opens a view once more gets a snapshot, which serves all parts of the page that share its number.
   * @param opened called before the first message of the view is sent
   * @returns why the view is not opened, or null
   */
  open(spec: ViewSpec, since: ViewPoint | null, opened: (view: number) => void): WireError | null {
    const shown = this.#views.find(spec)
    const limit = this.#limitMet(shown)
    if (limit !== null) {
      this.#limited(limit)
      return wireError('RATE_LIMITED', { message: this.#adviceOn(limit) })
    }
    if (shown) this.#spend(1 + shown.nodeCount / NODES_FOR_A_READ)
    const view = shown ?? this.#views.make(spec, (count) => this.#spend(count))
    opened(view.number)
    const open = this.#open.get(view.number)
    if (open) {
      open.times += 1
      view.audience.restart(open.subscriber)
    } else {
      const point = since && { zxid: normalZxid(since.zxid), count: since.count }
      this.#views.entered(this.#subject, view.number)
      this.#open.set(view.number, { view, subscriber: view.audience.add(this, point), times: 1 })
    }
    return null
  }

  /** @param shown the view where a page shows it already, else null */
  #limitMet(shown: SharedView | null): ViewLimit | null {
    if (this.#open.size >= this.#limits.maxViews) return 'maxViews'
    if (!this.#subjectMayShow(shown)) return 'maxSharedViewsPerSubject'
    if (shown === null && this.#views.isFull) return 'maxSharedViews'
    return this.#spend(0) > 0 ? 'maxViewReadsPerSecond' : null
  }

  /** A view that another page of the subject shows counts once. */
  #subjectMayShow(view: SharedView | null): boolean {
    const { views } = this.#subject
    return views.size < this.#limits.maxSharedViewsPerSubject || (view !== null && views.has(view.number))
  }

  /** @returns the milliseconds until the page may open views again; 0 where it may now */
  #spend(reads: number): number {
    return this.#reads.spend(reads, this.#now())
  }

  #adviceOn(limit: ViewLimit): string {
    const most = this.#limits[limit]
    const seconds = Math.ceil(this.#spend(0) / 1000)
    switch (limit) {
      case 'maxViews':
        return `a session shows at most ${most} views; close some, or show the subtree of their parent`
      case 'maxSharedViewsPerSubject':
        return `the pages of one subject show at most ${most} different views; close some, or show the subtree of their parent`
      case 'maxSharedViews':
        return `the gateway shows at most ${most} different views; try again later`
      case 'maxViewReadsPerSecond':
        return `this page opens views faster than the gateway may read them; keep views open, and try again in ${seconds} s`
    }
  }

  /** Does nothing where the view has ended meanwhile. */
  close(number: number): void {
    const open = this.#open.get(number)
    if (!open) return
    open.times -= 1
    if (open.times === 0) this.#leave(open)
  }

  /** Ends the views that the page may no longer read. */
  endWhere(isForbidden: (spec: ViewSpec) => boolean): void {
    for (const open of [...this.#open.values()]) {
      if (!isForbidden(open.view.spec)) continue
      this.#outlet.pushShared(endedMessage(open.view.number, wireError('FORBIDDEN')))
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

  // ---- as a page of its views ----

  get isSlow(): boolean {
    return this.#outlet.bufferedBytes > this.#limits.maxViewBacklogBytes
  }

  send(text: Buffer): void {
    this.#outlet.pushShared(text)
  }

  viewEnded(number: number): void {
    if (this.#open.delete(number)) this.#views.left(this.#subject, number)
  }

  #leave({ view, subscriber }: OpenView): void {
    this.viewEnded(view.number)
    view.audience.remove(subscriber)
    if (view.audience.size === 0) view.end()
  }
}
