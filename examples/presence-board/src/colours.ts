// The colours that a visitor can have. Their values stand in card.css. Node data carries only the name of a colour, so that
// no foreign text reaches a style sheet.

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

/** The colour of that name. Any other value gives a colour that is always the same for the same seed. */
export function colourOr(seed: string, value: unknown): Colour {
  const known = COLOURS.find((colour) => colour === value)
  return known ?? COLOURS[hash(seed) % COLOURS.length] ?? COLOURS[0]
}

/** FNV-1a, 32 bits: a small hash that spreads names with one different digit, such as the names of sequential nodes. */
export function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  // FNV's last character moves only the low bits; this spreads it over all of them.
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  return (value ^ (value >>> 13)) >>> 0
}
