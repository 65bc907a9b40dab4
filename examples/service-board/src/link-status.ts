// Shows whether the board is live: the session's state, and the time of the last known state.

import { setText } from 'presence-board/element'
import type { ClientSnapshot, ViewSnapshot } from 'zoogate-client'
import { clockTime } from './duration.js'

interface StatusElements {
  /** Carries `data-stale`. */
  root: HTMLElement
  /** Carries `data-state`, the session's. */
  state: HTMLElement
  word: HTMLElement
  note: HTMLElement
}

export class LinkStatus {
  /** Null while the board is live; undefined before it has been live. */
  #staleSince: number | null | undefined

  constructor(private readonly elements: StatusElements) {}

  show({ state, reason }: ClientSnapshot, { stale, error }: ViewSnapshot, now: number): void {
    const { root, state: signal, word, note } = this.elements
    const isLive = state === 'CONNECTED' && !stale && error === null
    if (isLive) this.#staleSince = null
    else if (this.#staleSince === null) this.#staleSince = now
    root.dataset.stale = String(!isLive)
    signal.dataset.state = state
    setText(word, isLive ? 'Live' : state.replace('_', ' '))
    if (isLive) setText(note, '')
    else if (error) setText(note, `${error.code}: ${error.message}`)
    else if (state === 'CLOSED') setText(note, `${reason ?? ''}: reload the page`)
    else setText(note, this.#staleSince ? `as of ${clockTime(this.#staleSince)}` : 'loading the services')
  }
}
