import { describe, expect, it } from 'vitest'
import { keptName } from '../../../../examples/presence-board/src/kept-name.js'

describe('a kept name', () => {
  const keptIn = (box: { text: string | null }) => ({
    read: () => box.text,
    write: (text: string) => {
      box.text = text
    },
  })

  it('stays the same in one storage and differs in another', () => {
    const box = { text: null }
    const name = keptName(keptIn(box))
    expect(name).toMatch(/^[0-9a-f]{16}$/)
    expect(keptName(keptIn(box))).toBe(name)
    expect(keptName(keptIn({ text: null }))).not.toBe(name)
  })

  it('replaces kept text that is no such name', () => {
    expect(keptName(keptIn({ text: '&x=1' }))).toMatch(/^[0-9a-f]{16}$/)
  })
})
