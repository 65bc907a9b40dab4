import type { HexLong, ViewPoint } from 'zoogate-client/protocol'
import { Subscriber, type ViewPage } from './subscriber.js'
import { staleMessage, ViewMessages } from './view-messages.js'
import type { ViewTree } from './view-tree.js'
import { isNewer, NO_ZXID } from './zxid.js'

/** All pages that are shown one view, and what they have of it. */
export class Audience {
  readonly #view: number
  readonly #onAhead: () => void
  readonly #subscribers = new Set<Subscriber>()
  /** Have brought a zxid that is newer than what this gateway knows. */
  readonly #ahead = new Set<Subscriber>()
  /** Everything was known up to here when all that are ahead had come; null where that is still to be found out. */
  #caughtUpTo: HexLong | null = null
  /** Null while nobody knows whether what was shown still holds. */
  #messages: ViewMessages | null = null
  #zxid: HexLong = NO_ZXID
  /** What pages that are up to date have, as the last message for all of them said. */
  #told: ViewPoint = { zxid: NO_ZXID, count: 0 }

  /** False after a message with nodes that may be newer than its zxid: then pages wait for the zxid itself. */
  #toldAll = true

  /** @param onAhead called where `catchingUp` is wanted */
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

  /** @param since what the page has of the view already */
  add(page: ViewPage, since: ViewPoint | null): Subscriber {
    const subscriber = new Subscriber(page, since)
    this.#subscribers.add(subscriber)
    this.#welcome(subscriber)
    return subscriber
  }

  /** The whole once more, for a page that is shown the view already. */
  restart(subscriber: Subscriber): void {
    this.#ahead.delete(subscriber)
    subscriber.restart()
    this.#welcome(subscriber)
  }

  remove(subscriber: Subscriber): void {
    this.#ahead.delete(subscriber)
    this.#subscribers.delete(subscriber)
  }

  /** The page has read everything that it was sent. */
  drained(subscriber: Subscriber): void {
    if (subscriber.at !== 'behind') return
    if (this.#messages) subscriber.tellState(this.#messages)
    else subscriber.tellStale(staleMessage(this.#view))
  }

  /**
   * Tells all what has become of the view.
   * @param changed paths of nodes that are not what they were
   * @param point where `tree` stands now; its zxid never goes down
   * @param isAll false where `tree` may hold something newer than that
   */
  tell(tree: ViewTree, changed: ReadonlySet<string>, point: ViewPoint, isAll: boolean): void {
    const wasStale = this.#messages === null
    const messages = new ViewMessages(this.#view, tree, point.zxid)
    this.#messages = messages
    this.#zxid = point.zxid
    if (changed.size > 0 || wasStale || !this.#toldAll) {
      this.#toldAll = isAll
      const had = this.#told
      this.#told = point
      const delta = messages.delta(changed)
      for (const subscriber of this.#subscribers) {
        if (subscriber.at === 'opening') this.#welcome(subscriber)
        else if (subscriber.at !== 'ahead') subscriber.tellChange(delta, had, messages)
      }
    }
    this.#tellThoseAhead(messages)
  }

  /** From now on nobody knows. */
  tellStale(): void {
    if (this.#messages === null) return
    this.#messages = null
    const text = staleMessage(this.#view)
    for (const subscriber of this.#subscribers) subscriber.tellStale(text)
  }

  /** Its last words. */
  dismiss(text: Buffer): void {
    for (const { page } of this.#subscribers) {
      page.send(text)
      page.viewEnded(this.#view)
    }
    this.#subscribers.clear()
    this.#ahead.clear()
  }

  /** Whether somebody is ahead for whom nobody has asked yet. */
  get needsCatchUp(): boolean {
    return this.#ahead.size > 0 && this.#caughtUpTo === null
  }

  /** Null where that is not needed; else to be called with the zxid of a state not older than the leader's now. */
  catchingUp(): ((zxid: HexLong) => void) | null {
    if (!this.needsCatchUp) return null
    const waiting = new Set(this.#ahead)
    return (zxid) => {
      if ([...this.#ahead].every((subscriber) => waiting.has(subscriber))) this.#caughtUpTo = zxid
    }
  }

  #welcome(subscriber: Subscriber): void {
    if (this.#messages === null) return
    if (subscriber.since && isNewer(subscriber.since.zxid, this.#zxid)) {
      subscriber.waitAhead()
      this.#ahead.add(subscriber)
      this.#caughtUpTo = null
      this.#onAhead()
    } else subscriber.tellState(this.#messages)
  }

  #tellThoseAhead(messages: ViewMessages): void {
    const all = this.#caughtUpTo !== null && !isNewer(this.#caughtUpTo, this.#zxid)
    for (const subscriber of this.#ahead) {
      if (!all && subscriber.since && isNewer(subscriber.since.zxid, this.#zxid)) continue
      this.#ahead.delete(subscriber)
      subscriber.tellState(messages)
    }
  }
}
