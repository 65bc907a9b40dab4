import type { HexLong, ViewPoint } from 'zoogate-client/protocol'
import { staleMessage, ViewMessages } from './view-messages.js'
import { isNewer, NO_ZXID, type ViewTree } from './view-tree.js'

/** A page as a view knows it. */
export interface ViewPage {
  /** So much is buffered for the page that its deltas are dropped; once it has drained it gets the difference. */
  readonly isSlow: boolean
  /** @param text one message as JSON; all pages that it goes to share it */
  send(text: Buffer): void
  /** The view has ended for the page, after its last message. */
  viewEnded(view: number): void
}

//  opening ──► current ◄──► behind
//     │           ▲
//     └► ahead ───┘
//
// opening: nothing has been sent; `since` is the state that the page brought from an earlier connection
// ahead:   the page brought a state newer than the gateway's, which is catching up
// current: everything has been sent
// behind:  the page reads slowly; nothing is sent before it has drained, then the difference since `point`
type Progress =
  | { at: 'opening' | 'ahead'; since: ViewPoint | null }
  | { at: 'current' }
  | { at: 'behind'; point: ViewPoint }

/** One page of a view's audience. */
export class Subscriber {
  readonly page: ViewPage
  #progress: Progress

  constructor(page: ViewPage, since: ViewPoint | null) {
    this.page = page
    this.#progress = { at: 'opening', since }
  }

  get at(): Progress['at'] {
    return this.#progress.at
  }

  /** The state that the page brought; null once it no longer matters. */
  get since(): ViewPoint | null {
    return 'since' in this.#progress ? this.#progress.since : null
  }

  /** Whether the page brought a state newer than `zxid`. */
  isAheadOf(zxid: HexLong): boolean {
    return this.since !== null && isNewer(this.since.zxid, zxid)
  }

  /** Waits until the gateway has caught up with the page. */
  waitAhead(): void {
    this.#progress = { at: 'ahead', since: this.since }
  }

  /** A snapshot comes next, whatever has been sent before. */
  restart(): void {
    this.#progress = { at: 'opening', since: null }
  }

  /** @param before the point at which pages that are current have been until now */
  sendDelta(delta: Buffer, before: ViewPoint, messages: ViewMessages): void {
    if (this.#progress.at !== 'current') this.catchUp(messages)
    else if (this.page.isSlow) this.#progress = { at: 'behind', point: before }
    else this.page.send(delta)
  }

  /** Brings the page up to date, unless it is behind and has not drained yet. */
  catchUp(messages: ViewMessages): void {
    const progress = this.#progress
    if (progress.at === 'current' || (progress.at === 'behind' && this.page.isSlow)) return
    const point = progress.at === 'behind' ? progress.point : progress.since
    this.page.send(point ? messages.difference(point) : messages.snapshot())
    this.#progress = { at: 'current' }
  }

  sendStale(text: Buffer): void {
    const { at } = this.#progress
    if (at === 'current' || (at === 'behind' && !this.page.isSlow)) this.page.send(text)
  }
}

/** The pages of one view, and how far each of them is. */
export class Audience {
  readonly #view: number
  readonly #onAhead: () => void
  readonly #subscribers = new Set<Subscriber>()
  /** Subscribers that brought a zxid newer than the gateway's. */
  readonly #ahead = new Set<Subscriber>()
  /** A zxid not older than the state of any subscriber that is ahead; null until the leader has been asked for it. */
  #caughtUpTo: HexLong | null = null
  /** Null while the view is stale. */
  #messages: ViewMessages | null = null
  #zxid: HexLong = NO_ZXID
  /** Where pages that are current are. */
  #point: ViewPoint = { zxid: NO_ZXID, count: 0 }
  /** False after a message with nodes that may be newer than its zxid: then the zxid alone is worth a message. */
  #lastMessageWasComplete = true

  /** @param onAhead called when `catchingUp` has become necessary */
  constructor(view: number, onAhead: () => void) {
    this.#view = view
    this.#onAhead = onAhead
  }

  get size(): number {
    return this.#subscribers.size
  }

  get slowCount(): number {
    let count = 0
    for (const { at } of this.#subscribers) if (at === 'behind') count += 1
    return count
  }

  /** @param since the state of the view that the page has already */
  add(page: ViewPage, since: ViewPoint | null): Subscriber {
    const subscriber = new Subscriber(page, since)
    this.#subscribers.add(subscriber)
    this.#welcome(subscriber)
    return subscriber
  }

  /** Sends a page that has the view already a snapshot of it. */
  restart(subscriber: Subscriber): void {
    this.#ahead.delete(subscriber)
    subscriber.restart()
    this.#welcome(subscriber)
  }

  remove(subscriber: Subscriber): void {
    this.#ahead.delete(subscriber)
    this.#subscribers.delete(subscriber)
  }

  /** The page has read everything that was sent to it. */
  drained(subscriber: Subscriber): void {
    if (subscriber.at !== 'behind') return
    if (this.#messages) subscriber.catchUp(this.#messages)
    else subscriber.sendStale(staleMessage(this.#view))
  }

  /**
   * Sends all pages the new state of the view.
   * @param changed paths of the nodes that have changed
   * @param point of `tree`; its zxid never goes down
   * @param isComplete false where `tree` may hold changes newer than the point
   */
  publish(tree: ViewTree, changed: ReadonlySet<string>, point: ViewPoint, isComplete: boolean): void {
    const wasStale = this.#messages === null
    const messages = new ViewMessages(this.#view, tree, point.zxid)
    this.#messages = messages
    this.#zxid = point.zxid
    if (changed.size > 0 || wasStale || !this.#lastMessageWasComplete) {
      this.#lastMessageWasComplete = isComplete
      this.#sendDelta(messages.delta(changed), messages)
      this.#point = point
    }
    this.#releaseAhead(messages)
  }

  #sendDelta(delta: Buffer, messages: ViewMessages): void {
    for (const subscriber of this.#subscribers) {
      if (subscriber.at === 'opening') this.#welcome(subscriber)
      else if (subscriber.at !== 'ahead') subscriber.sendDelta(delta, this.#point, messages)
    }
  }

  /** The pages may miss changes from now on. */
  publishStale(): void {
    if (this.#messages === null) return
    this.#messages = null
    const text = staleMessage(this.#view)
    for (const subscriber of this.#subscribers) subscriber.sendStale(text)
  }

  /** @param text the last message of the view */
  end(text: Buffer): void {
    for (const { page } of this.#subscribers) {
      page.send(text)
      page.viewEnded(this.#view)
    }
    this.#subscribers.clear()
    this.#ahead.clear()
  }

  /** Whether a page is ahead for which the leader has not been asked. */
  get needsCatchUp(): boolean {
    return this.#ahead.size > 0 && this.#caughtUpTo === null
  }

  /** @returns takes the zxid of a state not older than the leader's now; null where none is needed */
  catchingUp(): ((zxid: HexLong) => void) | null {
    if (!this.needsCatchUp) return null
    const covered = new Set(this.#ahead)
    return (zxid) => {
      if ([...this.#ahead].every((subscriber) => covered.has(subscriber))) this.#caughtUpTo = zxid
    }
  }

  #welcome(subscriber: Subscriber): void {
    if (this.#messages === null) return
    if (subscriber.isAheadOf(this.#zxid)) {
      subscriber.waitAhead()
      this.#ahead.add(subscriber)
      this.#caughtUpTo = null
      this.#onAhead()
    } else subscriber.catchUp(this.#messages)
  }

  /** Once the gateway has caught up with the leader, pages that are still ahead have a zxid that never was. */
  #releaseAhead(messages: ViewMessages): void {
    const all = this.#caughtUpTo !== null && !isNewer(this.#caughtUpTo, this.#zxid)
    for (const subscriber of this.#ahead) {
      if (!all && subscriber.isAheadOf(this.#zxid)) continue
      this.#ahead.delete(subscriber)
      subscriber.catchUp(messages)
    }
  }
}
