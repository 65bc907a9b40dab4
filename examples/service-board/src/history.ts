// The list of arrivals and departures, newest first, with announcements for screen readers.

import type { Announcer } from 'presence-board/announcer'
import { clockTime, duration } from './duration.js'
import type { Passage } from './passages.js'

/** A day of deployments; older entries are dropped. */
const MAX_ENTRIES = 200

export class History {
  constructor(
    private readonly list: HTMLOListElement,
    private readonly announcer: Pick<Announcer, 'announce'>,
  ) {
    // The list scrolls, and in Safari the keyboard reaches a scrolling box only when it can be focused.
    list.tabIndex = 0
  }

  add(passages: readonly Passage[]): void {
    for (const passage of passages) {
      this.list.prepend(drawEntry(passage))
      const { service, name } = passage
      this.announcer.announce(`${service} ${name} ${sentence(passage)}`)
    }
    while (this.list.childElementCount > MAX_ENTRIES) this.list.lastElementChild?.remove()
  }
}

function drawEntry(passage: Passage): HTMLLIElement {
  const entry = document.createElement('li')
  entry.dataset.kind = passage.kind
  const time = document.createElement('time')
  time.dateTime = new Date(passage.at).toISOString()
  time.textContent = clockTime(passage.at)
  const words = document.createElement('p')
  words.append(part('span', passage.service), ' ', part('em', sentence(passage)))
  entry.append(time, part('strong', passage.name), words)
  return entry
}

/** The event in words. */
function sentence(passage: Passage): string {
  switch (passage.kind) {
    case 'joined':
      return 'joined'
    case 'left':
      return passage.seen
        ? `left after ${duration(passage.livedMs)}`
        : `left while disconnected, after ${duration(passage.livedMs)} at most`
    case 'leads':
      return passage.after === null ? 'leads' : `leads, after ${passage.after}`
  }
}

function part(tag: string, text: string): HTMLElement {
  const element = document.createElement(tag)
  element.textContent = text
  return element
}
