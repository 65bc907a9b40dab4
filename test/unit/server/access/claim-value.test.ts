import { describe, expect, it } from 'vitest'
import { claimAt, claimText } from '../../../../server/src/access/claim-value.js'

describe('the claim at a name', () => {
  it('is what the token holds under the whole name, and only then a step into an object', () => {
    expect(claimAt({ 'org.team': 'whole', org: { team: 'inside' } }, 'org.team')).toBe('whole')
    expect(claimAt({ org: { team: 'inside' } }, 'org.team')).toBe('inside')
    expect(claimAt({ org: { 'team.lead': 'ada' } }, 'org.team.lead')).toBe('ada')
    expect(claimAt({ '': { x: 1 } }, '.x')).toBe(1)
  })

  it('is undefined where there is none, whatever stands in the way', () => {
    expect(claimAt({ org: 'x' }, 'team')).toBeUndefined()
    expect(claimAt({ org: null }, 'org.team')).toBeUndefined()
    expect(claimAt({ org: 'text' }, 'org.length')).toBeUndefined()
    expect(claimAt({ org: 7 }, 'org.toFixed')).toBeUndefined()
    expect(claimAt('text', 'length')).toBeUndefined()
    expect(claimAt(undefined, 'sub')).toBeUndefined()
    // What a name without a dot would be cut to, were it looked for.
    expect(claimAt({ su: { sub: 'ada' } }, 'sub')).toBeUndefined()
  })

  it('is never what every object inherits', () => {
    for (const name of ['constructor', '__proto__', 'constructor.name', '__proto__.toString']) {
      expect(claimAt({}, name), name).toBeUndefined()
    }
  })
})

describe('a claim as text', () => {
  it.each([
    ['ada', 'ada'],
    [0, '0'],
    [-1, '-1'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['a b*c', 'a b*c'],
  ])('of %j is %j', (sub, text) => {
    expect(claimText({ sub }, 'sub')).toEqual({ ok: true, text })
  })

  it.each([
    [undefined, 'is missing'],
    [null, 'is missing'],
    [true, 'is neither text nor a whole number that keeps all its digits'],
    [0.5, 'is neither text nor a whole number that keeps all its digits'],
    [2 ** 53, 'is neither text nor a whole number that keeps all its digits'],
    [Number.NaN, 'is neither text nor a whole number that keeps all its digits'],
    [['ada'], 'is neither text nor a whole number that keeps all its digits'],
    ['', 'is empty'],
    ['a/b', 'holds a slash'],
    ['..', 'cannot be part of a path: a path has no parts . and ..'],
    ['a\u0000', 'cannot be part of a path: ZooKeeper does not allow the character U+0000 in a path'],
  ])('of %j is refused: %s', (sub, what) => {
    expect(claimText({ sub }, 'sub')).toEqual({ ok: false, problem: `the claim sub ${what}` })
  })

  it('may be as long as a token can say it; what bounds a path bounds it later', () => {
    expect(claimText({ sub: 'a'.repeat(10_000) }, 'sub')).toMatchObject({ ok: true })
  })
})
