import { describe, expect, it } from 'vitest'
import { BoundPattern, type PartPattern } from '../../../../server/src/access/bound-pattern.js'

/** As it is written, `*` and all; a part without one is exactly its text. */
function pattern(...parts: string[]): BoundPattern {
  const deep = parts.at(-1) === '**'
  const read = (deep ? parts.slice(0, -1) : parts).map((part): PartPattern => {
    const [head = '', tail = null] = part.split('*')
    return { head, tail }
  })
  return new BoundPattern(read, deep)
}

describe('a bound pattern', () => {
  it('is written as rules write it', () => {
    expect(String(pattern())).toBe('/')
    expect(String(pattern('**'))).toBe('/**')
    expect(String(pattern('a', 'b*c', '*', '**'))).toBe('/a/b*c/*/**')
  })

  it('tells how many parts of a path fit before the first that does not', () => {
    const rooms = pattern('rooms', '*', 'ada:*')
    expect(rooms.commonParts(['rooms', '1', 'ada:tab'])).toBe(3)
    expect(rooms.commonParts(['rooms', '1', 'bob:tab'])).toBe(2)
    expect(rooms.commonParts(['rooms', '1'])).toBe(2)
    expect(rooms.commonParts(['halls', '1', 'ada:tab'])).toBe(0)
    expect(rooms.commonParts([])).toBe(0)
  })

  it('counts no part of a path beyond its own', () => {
    expect(pattern('rooms').commonParts(['rooms', '1'])).toBe(1)
    expect(pattern('**').commonParts(['rooms', '1'])).toBe(0)
  })

  it('with a part that takes any name takes no path that ends before it', () => {
    expect(pattern('rooms', '*').covers(['rooms'], 'node')).toBe(false)
    expect(pattern('*').covers([], 'node')).toBe(false)
    expect(pattern('rooms', '*').commonParts(['rooms'])).toBe(1)
  })
})
