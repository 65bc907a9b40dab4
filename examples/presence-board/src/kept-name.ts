import type { KeptText } from './kept-text.js'

/** A name of random hexadecimal digits. It stays the same for as long as the browser keeps it. */
export function keptName(kept: Pick<KeptText, 'read' | 'write'>): string {
  const known = kept.read()
  if (known !== null && /^[0-9a-f]{16}$/.test(known)) return known
  const bytes = [...crypto.getRandomValues(new Uint8Array(8))]
  const name = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')
  kept.write(name)
  return name
}
