import type { ViewPoint } from 'zoogate-client/protocol'
import type { ViewMessages } from './view-messages.js'

/** A page as a view knows it. */
export interface ViewPage {
  /** So much waits to be read that more would only wait too. */
  readonly isSlow: boolean
  /** @param text one message as JSON, shared by all pages that it goes to */
  send(text: Buffer): void
  /** The view is not shown any more; its last message has been sent. */
  viewEnded(view: number): void
}

//  opening ──► current ◄──► behind
//     │           ▲
//     └► ahead ───┘
//
// opening: has been told nothing; `since` is what it brought from an earlier connection
// ahead:   what it brought is newer than what this gateway knows, which is catching up
// current: has been told everything
// behind:  read too slowly, and is told nothing before it has read what it was sent
type Place =
  | { at: 'opening' | 'ahead'; since: ViewPoint | null }
  | { at: 'current' }
  | { at: 'behind'; point: ViewPoint }

/** One page's place in one view. */
export class Subscriber {
  readonly page: ViewPage
  #place: Place

  constructor(page: ViewPage, since: ViewPoint | null) {
    this.page = page
    this.#place = { at: 'opening', since }
  }

  get at(): Place['at'] {
    return this.#place.at
  }

  /** What it brought; null where that does not matter any more. */
  get since(): ViewPoint | null {
    return 'since' in this.#place ? this.#place.since : null
  }

  /** Waits until the gateway has caught up with it. */
  waitAhead(): void {
    this.#place = { at: 'ahead', since: this.since }
  }

  /** Whatever it has been told, it gets the whole. */
  restart(): void {
    this.#place = { at: 'opening', since: null }
  }

  /** @param had what whoever is up to date has had until now */
  tellChange(delta: Buffer, had: ViewPoint, messages: ViewMessages): void {
    if (this.#place.at === 'current') {
      if (this.page.isSlow) this.#place = { at: 'behind', point: had }
      else this.page.send(delta)
    } else this.tellState(messages)
  }

  /** Brings it up to date, unless it reads too slowly for that now. */
  tellState(messages: ViewMessages): void {
    const place = this.#place
    if (place.at === 'current') return
    if (place.at === 'behind') {
      if (this.page.isSlow) return
      this.page.send(messages.difference(place.point))
    } else this.page.send(place.since ? messages.difference(place.since) : messages.snapshot())
    this.#place = { at: 'current' }
  }

  tellStale(text: Buffer): void {
    if (this.#place.at === 'current' || (this.#place.at === 'behind' && !this.page.isSlow))
      this.page.send(text)
  }
}
