import { describe, expect, it } from 'vitest'
import type { Member } from 'zoogate-client'
import { COLOURS, colourOr } from '../../../../examples/presence-board/src/colours.js'
import { cleanName, MAX_NAME_LENGTH, readVisitor } from '../../../../examples/presence-board/src/visitor.js'

const member = (fields: Partial<Member<unknown>> = {}): Member<unknown> => ({
  id: 'member-1',
  group: null,
  data: {},
  mine: false,
  joinedAt: 1_000,
  ...fields,
})

describe('a visitor', () => {
  it('has the name and the colour that the member tells', () => {
    const data = { name: 'Ada', colour: 'plum' }
    expect(readVisitor(member({ data }), 'here')).toEqual({
      id: 'member-1',
      joinedAt: 1_000,
      who: 'other',
      ...data,
    })
  })

  it.each([null, 'text', 7, [], {}, { name: '  ' }, { name: 1, colour: 2 }])(
    'is shown under the name of its node when the member tells %j',
    (data) => {
      const visitor = readVisitor(member({ data }), 'here')
      expect(visitor.name).toBe('member-1')
      expect(COLOURS).toContain(visitor.colour)
    },
  )

  it('gets a colour of the palette for any other, always the same for the same node', () => {
    const foreign = 'red; background: url(//elsewhere)'
    expect(colourOr('member-1', foreign)).toBe(colourOr('member-1', undefined))
    expect(COLOURS).toContain(colourOr('member-1', foreign))
    const spread = Array.from({ length: 60 }, (_, number) => colourOr(`member-${number}`, undefined))
    expect(new Set(spread).size).toBe(COLOURS.length)
  })

  it.each([
    { mine: true, group: 'here', who: 'me' },
    { mine: false, group: 'here', who: 'me elsewhere' },
    { mine: false, group: 'there', who: 'other' },
    { mine: false, group: null, who: 'other' },
  ])('of the group $group is $who where mine is $mine', ({ who, ...fields }) => {
    expect(readVisitor(member(fields), 'here').who).toBe(who)
  })
})

describe('a name', () => {
  it('is cut by characters, so that none is halved', () => {
    expect(cleanName('🦦'.repeat(MAX_NAME_LENGTH + 5))).toBe('🦦'.repeat(MAX_NAME_LENGTH))
  })

  it('loses the space around and inside it that no one would see', () => {
    expect(cleanName('  Ada \n  Lovelace ')).toBe('Ada Lovelace')
  })

  it.each(['', '   ', null, undefined, 7])('is none when it is %j', (value) => {
    expect(cleanName(value)).toBeNull()
  })
})
