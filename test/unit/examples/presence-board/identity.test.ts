import { describe, expect, it } from 'vitest'
import { COLOURS } from '../../../../examples/presence-board/src/colours.js'
import { loadIdentity, saveIdentity } from '../../../../examples/presence-board/src/identity.js'
import { KeptText, type TextStorage } from '../../../../examples/presence-board/src/kept-text.js'

function storage(): TextStorage {
  const texts = new Map<string, string>()
  return { getItem: (key) => texts.get(key) ?? null, setItem: (key, text) => void texts.set(key, text) }
}

function forbidden(): TextStorage {
  throw new DOMException('The operation is insecure.', 'SecurityError')
}

describe('an identity', () => {
  it('is chosen at random once and then stays with the tab', () => {
    const tab = storage()
    const first = loadIdentity(null, new KeptText(() => tab, 'me'))
    expect(first.name).toMatch(/^\p{Lu}\w+ \p{Lu}\w+$/u)
    expect(COLOURS).toContain(first.colour)
    expect(loadIdentity(null, new KeptText(() => tab, 'me'))).toEqual(first)
  })

  it('takes its name from the address and keeps its colour', () => {
    const tab = storage()
    const { colour } = loadIdentity(null, new KeptText(() => tab, 'me'))
    expect(loadIdentity(' Ada ', new KeptText(() => tab, 'me'))).toEqual({ name: 'Ada', colour })
  })

  it('gets a colour of the palette when the storage holds unusable text', () => {
    const tab = storage()
    for (const text of ['{', 'null', '7', '{"name":7,"colour":"no such"}']) {
      tab.setItem('me', text)
      expect(COLOURS).toContain(loadIdentity(null, new KeptText(() => tab, 'me')).colour)
    }
  })

  it('lasts as long as the page where the browser forbids storage', () => {
    const kept = new KeptText(forbidden, 'me')
    saveIdentity({ name: 'Ada', colour: 'plum' }, kept)
    expect(loadIdentity(null, kept)).toEqual({ name: 'Ada', colour: 'plum' })
  })
})
