import type { ViewPoint, WireError } from 'zoogate-client/protocol'
import type { LimitName, Limits } from '../limits/limits.js'
import { TokenBucket } from '../limits/rates.js'
import { wireError } from '../wire/errors.js'
import type { SharedView, ViewSpec } from './shared-view.js'
import type { Subscriber, ViewPage } from './subscriber.js'
import { endedMessage } from './view-messages.js'
import type { Views } from './views.js'
import { normalZxid } from './zxid.js'

/** The way to the page. */
export interface ViewOutlet {
  /** Bytes that the page has not read yet. */
  readonly bufferedBytes: number
  /** @param text one message as JSON */
  pushShared(text: Buffer): void
}

/** The limits that keep a view from being opened. */
type ViewLimit = 'maxViews' | 'maxSharedViewsPerSubject' | 'maxSharedViews' | 'maxViewReadsPerSecond'

interface OpenView {
  view: SharedView
  subscriber: Subscriber
  /** How often the page has opened it and not closed it. */
  times: number
}

export interface PageViewsOptions {
  views: Views
  outlet: ViewOutlet
  limits: Limits
  /** Whose page it is: views are counted by this. */
  holder: string
  /** A view was not opened because of this limit. */
  limited(limit: LimitName): void
  now?: () => number
}

/** So many of the largest views are read for a page at once. */
const BURST_VIEWS = 2
/** A page that is shown what is there costs the gateway as much as reading one of so many of its nodes. */
const NODES_FOR_A_READ = 50

/** The views that one page is shown. */
export class PageViews implements ViewPage {
  readonly #views: Views
  readonly #outlet: ViewOutlet
  readonly #limits: Limits
  readonly #holder: string
  readonly #limited: (limit: LimitName) => void
  readonly #now: () => number
  /** Of reads that are done because the page opens views. */
  readonly #reads: TokenBucket
  readonly #open = new Map<number, OpenView>()

  constructor({ views, outlet, limits, holder, limited, now }: PageViewsOptions) {
    this.#views = views
    this.#outlet = outlet
    this.#limits = limits
    this.#holder = holder
    this.#limited = limited
    this.#now = now ?? (() => performance.now())
    const burst = Math.max(BURST_VIEWS * limits.maxViewNodes, limits.maxViewReadsPerSecond)
    this.#reads = new TokenBucket({ perSecond: limits.maxViewReadsPerSecond, burst }, this.#now())
  }

  /**
   * A page that opens a view once more gets the whole, which does for all who share its number.
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
      this.#views.quota.opened(this.#holder, view.number)
      this.#open.set(view.number, { view, subscriber: view.audience.add(this, point), times: 1 })
    }
    return null
  }

  /** @param shown the view, where somebody is shown it already */
  #limitMet(shown: SharedView | null): ViewLimit | null {
    if (this.#open.size >= this.#limits.maxViews) return 'maxViews'
    if (this.#views.quota.isFull(this.#holder, shown?.number ?? null)) return 'maxSharedViewsPerSubject'
    if (shown === null && this.#views.isFull) return 'maxSharedViews'
    return this.#spend(0) > 0 ? 'maxViewReadsPerSecond' : null
  }

  /** @returns the milliseconds until so much may be read again; 0 where it may now */
  #spend(reads: number): number {
    return this.#reads.spend(reads, this.#now())
  }

  #adviceOn(limit: ViewLimit): string {
    const most = this.#limits[limit]
    const seconds = Math.ceil(this.#spend(0) / 1000)
    switch (limit) {
      case 'maxViews':
        return `a session holds at most ${most} views; close some, or show a parent's subtree`
      case 'maxSharedViewsPerSubject':
        return `the pages of one subject are shown at most ${most} different views; close some, or show a parent's subtree`
      case 'maxSharedViews':
        return `the gateway shows at most ${most} different views; try again later`
      case 'maxViewReadsPerSecond':
        return `this page has views opened faster than they are read for it; keep them open, and try again in ${seconds} s`
    }
  }

  /** Passes also where there is no such view: it may have ended meanwhile. */
  close(number: number): void {
    const open = this.#open.get(number)
    if (!open) return
    open.times -= 1
    if (open.times === 0) this.#leave(open)
  }

  /** The page may not read any more what it may have read when it opened it. */
  endWhere(isForbidden: (spec: ViewSpec) => boolean): void {
    for (const open of [...this.#open.values()]) {
      if (!isForbidden(open.view.spec)) continue
      this.#outlet.pushShared(endedMessage(open.view.number, wireError('FORBIDDEN')))
      this.#leave(open)
    }
  }

  /** The page has read everything that it was sent. */
  drained(): void {
    for (const { view, subscriber } of this.#open.values()) view.audience.drained(subscriber)
  }

  /** The page is gone. */
  closeAll(): void {
    for (const open of [...this.#open.values()]) this.#leave(open)
  }

  // ---- what the views need ----

  get isSlow(): boolean {
    return this.#outlet.bufferedBytes > this.#limits.maxViewBacklogBytes
  }

  send(text: Buffer): void {
    this.#outlet.pushShared(text)
  }

  viewEnded(number: number): void {
    if (this.#open.delete(number)) this.#views.quota.closed(this.#holder, number)
  }

  #leave({ view, subscriber }: OpenView): void {
    this.viewEnded(view.number)
    view.audience.remove(subscriber)
    if (view.audience.size === 0) view.end()
  }
}
