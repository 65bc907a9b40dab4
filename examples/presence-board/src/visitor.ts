// One visitor, as the data of a member says. Whatever that holds, a visitor comes out: the room is shared with other
// programs, and a node without usable data is still somebody who is here.

import type { Member } from 'zoogate-client'
import { type Colour, colourOr } from './colours.js'

/** What a page says about its visitor. */
export interface Identity {
  readonly name: string
  readonly colour: Colour
}

export interface Visitor extends Identity {
  /** The name of the member's node. */
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly joinedAt: number
  /** This tab, another tab of the same browser, or somebody else. */
  readonly who: 'me' | 'me elsewhere' | 'other'
}

/** Longest name that is written or shown, in characters: a card has two lines for it. */
export const MAX_NAME_LENGTH = 40

/** @param browser what the members of this browser have as their group */
export function readVisitor({ id, group, data, mine, joinedAt }: Member<unknown>, browser: string): Visitor {
  const { name, colour } = fieldsOf(data)
  const elsewhere = group === browser ? 'me elsewhere' : 'other'
  return {
    id,
    name: cleanName(name) ?? id,
    colour: colourOr(id, colour),
    joinedAt,
    who: mine ? 'me' : elsewhere,
  }
}

/** The name as it may be written and shown; null when nothing is left of it. */
export function cleanName(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const name = value.replace(/\s+/g, ' ').trim()
  return name === '' ? null : Array.from(name).slice(0, MAX_NAME_LENGTH).join('').trim()
}

function fieldsOf(data: unknown): { name?: unknown; colour?: unknown } {
  return typeof data === 'object' && data !== null ? data : {}
}
