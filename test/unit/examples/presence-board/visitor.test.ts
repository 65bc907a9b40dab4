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
  it('has the name and the colour in the data of its member', () => {
    const data = { name: 'Ada', colour: 'plum' }
    expect(readVisitor(member({ data }), 'here')).toEqual({
      id: 'member-1',
      joinedAt: 1_000,
      relation: 'other',
      ...data,
    })
  })

  it.each([null, 'text', 7, [], {}, { name: '  ' }, { name: 1, colour: 2 }])(
    'has the name of its node when the data is %j',
    (data) => {
      const visitor = readVisitor(member({ data }), 'here')
      expect(visitor.name).toBe('member-1')
      expect(COLOURS).toContain(visitor.colour)
    },
  )

  it('gets a colour of the palette for an unknown one, always the same for the same node', () => {
    const foreign = 'red; background: url(//elsewhere)'
    expect(colourOr('member-1', foreign)).toBe(colourOr('member-1', undefined))
    expect(COLOURS).toContain(colourOr('member-1', foreign))
    const spread = Array.from({ length: 60 }, (_, number) => colourOr(`member-${number}`, undefined))
    expect(new Set(spread).size).toBe(COLOURS.length)
  })

  it.each([
    { mine: true, group: 'here', relation: 'me' },
    { mine: false, group: 'here', relation: 'me elsewhere' },
    { mine: false, group: 'there', relation: 'other' },
    { mine: false, group: null, relation: 'other' },
  ])('is "$relation" when its group is $group and mine is $mine', ({ relation, ...fields }) => {
    expect(readVisitor(member(fields), 'here').relation).toBe(relation)
  })
})

describe('a name', () => {
  it('is cut between characters', () => {
    expect(cleanName('🦦'.repeat(MAX_NAME_LENGTH + 5))).toBe('🦦'.repeat(MAX_NAME_LENGTH))
  })

  it('loses superfluous space around and inside it', () => {
    expect(cleanName('  Ada \n  Lovelace ')).toBe('Ada Lovelace')
  })

  it.each(['', '   ', null, undefined, 7])('is null when the value is %j', (value) => {
    expect(cleanName(value)).toBeNull()
  })
})
