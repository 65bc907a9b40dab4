// The colours a visitor can have. The values stand in card.css; node data carries only the name, so that what
// somebody else wrote into a node never reaches a style sheet.

export const COLOURS = [
  'vermilion',
  'marigold',
  'cobalt',
  'lagoon',
  'plum',
  'sky',
  'rose',
  'moss',
  'tangerine',
  'slate',
] as const

export type Colour = (typeof COLOURS)[number]

/** The colour of that name, or for anything else one that is always the same for the same seed. */
export function colourOr(seed: string, value: unknown): Colour {
  const known = COLOURS.find((colour) => colour === value)
  return known ?? COLOURS[hash(seed) % COLOURS.length] ?? COLOURS[0]
}

/** FNV-1a, 32 bits: small, and spreads names that differ in one digit, as sequential nodes do. */
export function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  // FNV's last character moves only the low bits; this spreads it over all of them.
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  return (value ^ (value >>> 13)) >>> 0
}
