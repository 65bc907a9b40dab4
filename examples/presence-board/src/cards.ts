// The wall: one list item for each member, changed in place so that nothing flickers.

import type { Member } from './member.js'
import { drawNumeral } from './numeral.js'
import { drawTile } from './tile.js'

/** From how many members on the tiles get smaller, so that a wall display shows everybody at once. */
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
  #members: readonly Member[] = []

  constructor(private readonly elements: CardsElements) {
    this.#showCount(0)
  }

  /** How many are on the wall. */
  get size(): number {
    return this.#cards.size
  }

  show(members: readonly Member[], now: number): void {
    const here = new Set(members.map((member) => member.node))
    for (const [node, card] of this.#cards) {
      if (here.has(node)) continue
      card.remove()
      this.#cards.delete(node)
    }
    members.forEach((member, index) => {
      const card = this.#cards.get(member.node) ?? this.#add(member.node)
      fill(card, member)
      const there = this.elements.list.children[index]
      if (there !== card) this.elements.list.insertBefore(card, there ?? null)
    })
    if (members.length !== this.#members.length) this.#showCount(members.length)
    this.#members = members
    this.showAges(now)
  }

  /** Writes how long each member has been here. */
  showAges(now: number): void {
    for (const member of this.#members) {
      const time = this.#cards.get(member.node)?.querySelector('time')
      if (time) setText(time, age(now - member.joinedAt))
    }
  }

  #add(node: string): HTMLLIElement {
    const card = document.createElement('li')
    card.className = 'card'
    card.dataset.member = node
    const number = sequenceNumber(node)
    card.innerHTML = `
      <span class="card-you">you</span>
      <div class="caption">
        <span class="card-name"></span>
        <span class="card-meta"><span class="card-number"></span><time></time></span>
      </div>`
    card.prepend(drawTile(node))
    if (number !== null) part(card, '.card-number').textContent = `No ${number}`
    this.#cards.set(node, card)
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

function fill(card: HTMLLIElement, member: Member): void {
  card.dataset.mine = String(member.mine)
  card.dataset.colour = member.colour
  part(card, '.card-you').hidden = !member.mine
  setText(part(card, '.card-name'), member.name)
  card.title = member.name
  part(card, 'time').setAttribute('datetime', new Date(member.joinedAt).toISOString())
}

/** How long ago, in the largest unit that says enough: cards are read from across a room. */
export function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `for ${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `for ${hours} h` : `for ${Math.floor(hours / 24)} days`
}

/** The number that ZooKeeper gave to a sequential node. */
function sequenceNumber(node: string): number | null {
  const digits = /-(\d{10})$/.exec(node)?.[1]
  return digits === undefined ? null : Number(digits)
}

function part(card: HTMLElement, selector: string): HTMLElement {
  const element = card.querySelector<HTMLElement>(selector)
  if (!element) throw new Error(`A card has no ${selector}: its markup in cards.ts and its use differ.`)
  return element
}

/** Leaves the node alone when nothing changed: a selection in it survives. */
function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}
