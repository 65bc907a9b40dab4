// One visitor as its node describes it. Whatever the node holds, a member comes out: the room is shared with
// other programs, and a node without usable data is still somebody who is here.

import { type Colour, colourOr } from './colours.js'

/** What a page says about its visitor. */
export interface Identity {
  readonly name: string
  readonly colour: Colour
}

export interface Member extends Identity {
  /** Name of the node, without the room's path. */
  readonly node: string
  /** Milliseconds since the epoch. */
  readonly joinedAt: number
  /** The node belongs to this page's session. */
  readonly mine: boolean
}

/** Longest name that is written or shown, in characters: a card has two lines for it. */
export const MAX_NAME_LENGTH = 40

export interface MemberNode {
  json(): unknown
  stat: { ctime: number; owner: 'mine' | 'other' | null }
}

export function readMember(node: string, { json, stat }: MemberNode): Member {
  const fields = fieldsOf(json)
  return {
    node,
    name: cleanName(fields.name) ?? node,
    colour: colourOr(node, fields.colour),
    joinedAt: isTime(fields.joinedAt) ? fields.joinedAt : stat.ctime,
    mine: stat.owner === 'mine',
  }
}

/** The node data for a visitor. `joinedAt` is in milliseconds since the epoch. */
export function memberData({ name, colour }: Identity, joinedAt: number): object {
  return { name, colour, joinedAt }
}

/** The name as it may be written and shown; null when nothing is left of it. */
export function cleanName(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const name = value.replace(/\s+/g, ' ').trim()
  return name === '' ? null : Array.from(name).slice(0, MAX_NAME_LENGTH).join('').trim()
}

export function sameMember(one: Member, other: Member): boolean {
  return (
    one.name === other.name &&
    one.colour === other.colour &&
    one.joinedAt === other.joinedAt &&
    one.mine === other.mine
  )
}

/** A Date holds 8.64e15 ms at most; beyond it there is no time to show. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15
}

function fieldsOf(json: () => unknown): Record<string, unknown> {
  try {
    const value = json()
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    // Not JSON: written by another program, for example from ZooKeeper's own shell.
    return {}
  }
}
