// The visitor's name and colour, which stay with the tab.

import { COLOURS, colourOr } from './colours.js'
import type { KeptText } from './kept-text.js'
import { cleanName, type Identity } from './visitor.js'

const MANNERS =
  'Brisk Calm Bold Merry Quiet Sunny Nimble Gentle Curious Dapper Jolly Patient Lucky Proud Witty Mellow'.split(
    ' ',
  )
const ANIMALS =
  'Otter Heron Lynx Panda Ibex Puffin Gecko Tapir Walrus Okapi Toucan Badger Koala Lemur Bison Crane'.split(
    ' ',
  )

/** The tab's identity. A name from the address wins over the kept name; without either, the name is random. */
export function loadIdentity(askedName: string | null, kept: KeptText): Identity {
  const before = parse(kept.read())
  const identity = {
    name: cleanName(askedName) ?? cleanName(before.name) ?? `${pick(MANNERS)} ${pick(ANIMALS)}`,
    colour: before.colour === undefined ? pick(COLOURS) : colourOr('', before.colour),
  }
  saveIdentity(identity, kept)
  return identity
}

export function saveIdentity(identity: Identity, kept: KeptText): void {
  kept.write(JSON.stringify(identity))
}

/** The kept fields, unchecked: every page of this origin may write the storage. */
function parse(text: string | null): { name?: unknown; colour?: unknown } {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function pick<T>(choices: readonly T[]): T {
  const choice = choices[Math.floor(Math.random() * choices.length)]
  if (choice === undefined) throw new Error('There is nothing to pick from.')
  return choice
}
