// The wall: one list item for each visitor, changed in place so that nothing flickers.

import { setText, within } from './element.js'
import { drawNumeral } from './numeral.js'
import { drawTile } from './tile.js'
import type { Visitor } from './visitor.js'

/** Tiles get smaller from these numbers of visitors on, so that a wall display shows all of them at once. */
const CROWDS = [
  { from: 16, name: 'many' },
  { from: 7, name: 'some' },
  { from: 0, name: 'few' },
] as const

interface CardsElements {
  wall: HTMLElement
  list: HTMLElement
  count: HTMLElement
  digits: HTMLElement
}

export class Cards {
  readonly #cards = new Map<string, HTMLLIElement>()
  #visitors: readonly Visitor[] = []

  constructor(private readonly elements: CardsElements) {
    this.#showCount(0)
  }

  show(visitors: readonly Visitor[], now: number): void {
    const here = new Set(visitors.map(({ id }) => id))
    for (const [id, card] of this.#cards) {
      if (here.has(id)) continue
      card.remove()
      this.#cards.delete(id)
    }
    visitors.forEach((visitor, index) => {
      const card = this.#cards.get(visitor.id) ?? this.#add(visitor.id)
      fill(card, visitor)
      const there = this.elements.list.children[index]
      if (there !== card) this.elements.list.insertBefore(card, there ?? null)
    })
    if (visitors.length !== this.#visitors.length) this.#showCount(visitors.length)
    this.#visitors = visitors
    this.showAges(now)
  }

  /** Writes how long each visitor has been here. */
  showAges(now: number): void {
    for (const { id, joinedAt } of this.#visitors) {
      const time = this.#cards.get(id)?.querySelector('time')
      if (time) setText(time, age(now - joinedAt))
    }
  }

  #add(id: string): HTMLLIElement {
    const card = document.createElement('li')
    card.className = 'card'
    card.dataset.member = id
    card.innerHTML = `
      <span class="card-you"></span>
      <div class="caption">
        <span class="card-name"></span>
        <time></time>
      </div>`
    card.prepend(drawTile(id))
    this.#cards.set(id, card)
    return card
  }

  #showCount(count: number): void {
    const { wall, count: text, digits } = this.elements
    wall.dataset.crowd = CROWDS.find((crowd) => count >= crowd.from)?.name ?? 'few'
    wall.dataset.count = String(count)
    setText(text, String(count))
    digits.replaceChildren(drawNumeral(count))
  }
}

/** The label of a card that belongs to the visitor of this page. */
const YOU = { me: 'you', 'me elsewhere': 'your other tab', other: '' } as const

function fill(card: HTMLLIElement, { name, colour, joinedAt, relation }: Visitor): void {
  card.dataset.mine = String(relation === 'me')
  card.dataset.colour = colour
  const you = within(card, '.card-you')
  you.hidden = relation === 'other'
  setText(you, YOU[relation])
  setText(within(card, '.card-name'), name)
  card.title = name
  within(card, 'time').setAttribute('datetime', new Date(joinedAt).toISOString())
}

/** The age in its largest unit: cards are read from across a room. */
export function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `for ${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `for ${hours} h` : `for ${Math.floor(hours / 24)} days`
}
