import { describe, expect, it } from 'vitest'
import { COLOURS, colourOr } from '../../examples/presence-board/src/colours.js'
import { cleanName, MAX_NAME_LENGTH, readMember } from '../../examples/presence-board/src/member.js'

const stat = { ctime: 1_000, owner: 'other' } as const
const nodeWith = (data: unknown) => ({ json: () => data, stat })

describe('a member', () => {
  it('has the name, the colour and the time of joining that its node holds', () => {
    const data = { name: 'Ada', colour: 'plum', joinedAt: 2_000 }
    expect(readMember('member-1', nodeWith(data))).toEqual({ node: 'member-1', mine: false, ...data })
  })

  it.each([
    null,
    'text',
    7,
    [],
    {},
    { name: '  ' },
    { name: 1, colour: 2, joinedAt: 'then' },
    { joinedAt: 9e15 },
  ])('is shown under its node name, since its creation, when the node holds %j', (data) => {
    const member = readMember('member-1', nodeWith(data))
    expect(member).toMatchObject({ name: 'member-1', joinedAt: 1_000 })
    expect(COLOURS).toContain(member.colour)
  })

  it('gets a colour of the palette for any other, always the same for the same node', () => {
    const foreign = 'red; background: url(//elsewhere)'
    expect(colourOr('member-1', foreign)).toBe(colourOr('member-1', undefined))
    expect(COLOURS).toContain(colourOr('member-1', foreign))
    const spread = Array.from({ length: 60 }, (_, number) => colourOr(`member-${number}`, undefined))
    expect(new Set(spread).size).toBe(COLOURS.length)
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
