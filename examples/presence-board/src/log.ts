// The log of events, newest first.

import type { Announcer } from './announcer.js'

export type LogKind = 'state' | 'session' | 'joined' | 'left' | 'changed' | 'fault' | 'error'

/** A day of a quiet room; older entries are dropped. */
export const MAX_LOG_ENTRIES = 200

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

export class Log {
  #newest: { kind: LogKind; text: string; times: number; entry: HTMLLIElement } | null = null

  constructor(
    private readonly list: HTMLOListElement,
    private readonly announcer: Announcer,
  ) {
    // The list scrolls, and in Safari the keyboard reaches a scrolling box only when it can be focused.
    list.tabIndex = 0
  }

  /** A repetition of the newest entry is counted in it: during an outage repetitions would push all other entries out. */
  add(kind: LogKind, text: string): void {
    if (this.#newest?.kind === kind && this.#newest.text === text) {
      this.#newest.times += 1
      fill(this.#newest.entry, `${text} (${this.#newest.times} times)`)
      return
    }
    const entry = document.createElement('li')
    entry.dataset.kind = kind
    entry.append(document.createElement('time'), document.createElement('span'))
    fill(entry, text)
    this.#newest = { kind, text, times: 1, entry }
    this.list.prepend(entry)
    while (this.list.childElementCount > MAX_LOG_ENTRIES) this.list.lastElementChild?.remove()
    this.announcer.announce(text)
  }
}

function fill(entry: HTMLLIElement, text: string): void {
  const [time, words] = entry.children
  const now = new Date()
  time?.setAttribute('datetime', now.toISOString())
  time?.replaceChildren(TIME.format(now))
  words?.replaceChildren(text)
}
