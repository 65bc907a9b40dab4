// One visitor, read from the data of a member. Any data gives a visitor: other programs share the room, and a node without
// usable data is still a member of it.

import type { Member } from 'zoogate-client'
import { type Colour, colourOr } from './colours.js'

/** The data that a page writes about its visitor. */
export interface Identity {
  readonly name: string
  readonly colour: Colour
}

export interface Visitor extends Identity {
  /** The name of the member's node. */
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly joinedAt: number
  /** This tab, another tab of the same browser, or another visitor. */
  readonly relation: 'me' | 'me elsewhere' | 'other'
}

/** Longest name that is written or shown, in characters: a card has two lines for a name. */
export const MAX_NAME_LENGTH = 40

/** @param browser the group of this browser's members */
export function readVisitor({ id, group, data, mine, joinedAt }: Member<unknown>, browser: string): Visitor {
  const { name, colour } = fieldsOf(data)
  const elsewhere = group === browser ? 'me elsewhere' : 'other'
  return {
    id,
    name: cleanName(name) ?? id,
    colour: colourOr(id, colour),
    joinedAt,
    relation: mine ? 'me' : elsewhere,
  }
}

/** The name without superfluous space, cut to its longest length; null when no text is left. */
export function cleanName(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const name = value.replace(/\s+/g, ' ').trim()
  return name === '' ? null : Array.from(name).slice(0, MAX_NAME_LENGTH).join('').trim()
}

function fieldsOf(data: unknown): { name?: unknown; colour?: unknown } {
  return typeof data === 'object' && data !== null ? data : {}
}
