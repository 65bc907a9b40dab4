import { describe, expect, it } from 'vitest'
import {
  BoundPattern,
  claimAt,
  claimText,
  type PartPattern,
  PathPattern,
  type Reach,
} from '../../../../server/src/access/patterns.js'
import { partsOf } from '../../../../server/src/access/rights.js'

const CLAIMS = { sub: 'ada', org: { team: 7 }, 'https://example.com/role': 'editor' }

function bound(text: string, claims: object = CLAIMS): BoundPattern {
  const binding = new PathPattern(text).bind({ ...claims })
  if (!binding.ok) throw new Error(binding.problem)
  return binding.pattern
}

function problem(text: string, claims: object): string | null {
  const binding = new PathPattern(text).bind({ ...claims })
  return binding.ok ? null : binding.problem
}

const covers = (text: string, path: string, reach: Reach = 'node') => bound(text).covers(partsOf(path), reach)

describe('a path pattern', () => {
  it.each([
    ['rooms', 'begins with /'],
    ['', 'begins with /'],
    ['/rooms/', 'does not end with /'],
    ['/rooms//x', 'no empty parts'],
    ['//**', 'no empty parts'],
    ['/rooms/../x', 'no parts . and ..'],
    ['/rooms/./x', 'no parts . and ..'],
    ['/a\u0000b', 'U+0000'],
    ['/a/**/b', 'at most one *'],
    ['/a/x**', 'at most one *'],
    ['/a/***', 'at most one *'],
    ['/a/*x*', 'at most one *'],
    ['/a/${sub', '"${sub": a variable is written ${claim}'],
    ['/a/${}', 'a variable is written ${claim}'],
    ['/a/${x{y}}', 'a variable is written ${claim}'],
    ['/a/${sub}*', 'put text between ${sub}'],
    ['/a/*${sub}', 'put text between ${sub}'],
    ['/a/${sub}${org.team}', 'put text between ${sub}'],
    [`/${'a'.repeat(1024)}`, 'at most 1024 characters'],
    [`/\${${'a'.repeat(1024)}}`, 'at most 1024 characters'],
  ])('%j is refused', (text, message) => {
    expect(() => new PathPattern(text)).toThrow(message)
  })

  it('may have the length of its limit', () => {
    expect(String(bound(`/${'a'.repeat(1023)}`))).toHaveLength(1024)
  })

  it.each([
    ['/', '/'],
    ['/**', '/**'],
    ['/rooms/*/**', '/rooms/*/**'],
    ['/rooms/*/${sub}:*', '/rooms/*/ada:*'],
    ['/${org.team}/${https://example.com/role}-*.json', '/7/editor-*.json'],
    ['/a$b/$', '/a$b/$'],
    ['/x-*-${sub}', '/x-*-ada'],
  ])('%j becomes %j with the values of its claims', (text, expected) => {
    expect(String(bound(text))).toBe(expected)
  })

  it.each([
    [{}, 'the claim sub is missing'],
    [{ sub: null }, 'is missing'],
    [{ sub: '' }, 'is empty'],
    [{ sub: 'a/b' }, 'holds a slash'],
    [{ sub: '/' }, 'holds a slash'],
    [{ sub: '.' }, 'no parts . and ..'],
    [{ sub: '..' }, 'no parts . and ..'],
    [{ sub: 'a\u0000' }, 'U+0000'],
    [{ sub: '\ud800' }, 'U+D800'],
    [{ sub: true }, 'neither text nor a whole number'],
    [{ sub: ['ada'] }, 'neither text nor a whole number'],
    [{ sub: {} }, 'neither text nor a whole number'],
    [{ sub: 1.5 }, 'neither text nor a whole number'],
    [{ sub: 2 ** 53 }, 'neither text nor a whole number'],
  ])('fits no path when the claims are %j', (claims, message) => {
    expect(problem('/rooms/${sub}', claims)).toContain(message)
  })

  it('finds a claim by its whole name before it steps into objects, and only own properties of the token', () => {
    expect(String(bound('/${a.b}', { 'a.b': 'whole', a: { b: 'inside' } }))).toBe('/whole')
    expect(String(bound('/${a.b.c}', { a: { 'b.c': 'deep' } }))).toBe('/deep')
    expect(String(bound('/${a.b.c}', { a: { b: { c: 0 } } }))).toBe('/0')
    expect(problem('/${sub}', { su: { sub: 'ada' } })).toBe('the claim sub is missing')
    for (const name of [
      'constructor',
      'toString',
      'constructor.name',
      '__proto__',
      '__proto__.toString',
      'sub.length',
      'a.b',
      '.',
      'sub.',
    ]) {
      expect(problem(`/\${${name}}`, { sub: 'ada', a: null })).toBe(`the claim ${name} is missing`)
    }
  })

  it('treats a value as text, whatever it looks like', () => {
    expect(covers('/a/*', '/a/x')).toBe(true)
    for (const sub of ['*', '**', '${sub}', 'a*', '%2e%2e', '$&', '.*']) {
      const pattern = bound('/rooms/${sub}', { sub })
      expect(pattern.covers(['rooms', sub], 'node')).toBe(true)
      expect(pattern.covers(['rooms', 'x'], 'node')).toBe(false)
      expect(pattern.covers(['rooms', sub, 'x'], 'node')).toBe(false)
    }
  })

  // Otherwise the names of ada, `ada:…`, would include the names of a subject `ada:x`.
  it.each([
    ['/${sub}:*', 'ada:x', ':'],
    ['/*:${sub}', 'x:ada', ':'],
    ['/${sub}:-*', 'ada:', ':'],
    ['/*-:${sub}', ':ada', ':'],
    ['/${sub}-${org}', 'ada-x', '-'],
    ['/${sub}-at-${org}.*', 'ada-x', '-'],
    ['/*.${org}-${sub}', 'ada-x', '-'],
  ])('%j fits no path of the subject %j, which holds the separator', (text, sub, separator) => {
    const message = `the claim sub holds "${separator}", which separates it in this pattern`
    expect(problem(text, { sub, org: 'o' })).toBe(message)
    expect(problem(text, { sub: 'ada', org: 'o' })).toBe(null)
  })

  it('takes every name when nothing else in the part varies', () => {
    for (const text of ['/user-${sub}', '/${sub}-user', '/a-${sub}-b/*', '/*-x/${sub}']) {
      expect(problem(text, { sub: '550e-8400' })).toBe(null)
      expect(problem(text, { sub: 'null' })).toBe(null)
    }
    // The separator of a variable before the `*` is the text behind it.
    expect(problem('/${sub}:${org}', { sub: 'a', org: 'b:c' })).toBe(null)
    expect(problem('/x-${sub}:*', { sub: 'a-b' })).toBe(null)
  })
})

describe('a pattern', () => {
  it.each([
    ['/', '/', true],
    ['/', '/a', false],
    ['/a', '/', false],
    ['/a', '/a', true],
    ['/a', '/a/b', false],
    ['/a', '/A', false],
    ['/a/*', '/a/b', true],
    ['/a/*', '/a', false],
    ['/a/*', '/a/b/c', false],
    ['/a/*/c', '/a/b/c', true],
    ['/a/*/c', '/a/b/d', false],
    ['/a/b*', '/a/b', true],
    ['/a/b*', '/a/bc', true],
    ['/a/b*', '/a/ab', false],
    ['/a/*b', '/a/ab', true],
    ['/a/*b', '/a/ba', false],
    ['/a/ab*ba', '/a/aba', false],
    ['/a/ab*ba', '/a/abba', true],
    ['/a/ab*ba', '/a/abxba', true],
    ['/**', '/', true],
    ['/**', '/a/b', true],
    ['/a/**', '/', false],
    ['/a/**', '/a', true],
    ['/a/**', '/ab', false],
    ['/a/**', '/a/b/c', true],
    ['/a/*/**', '/a', false],
    ['/a/*/**', '/a/b', true],
    // Spellings are not interpreted, neither here nor in ZooKeeper.
    ['/a b', '/a%20b', false],
    ['/\u00e9', '/e\u0301', false],
    ['/ada', '/аda', false],
  ])('decides that %j covers the node %j: %s', (text, path, expected) => {
    expect(covers(text, path)).toBe(expected)
  })

  it.each([
    ['/a/**', '/a', true],
    ['/a/**', '/a/b', true],
    ['/a/*', '/a', true],
    ['/a/*', '/a/b', false],
    ['/a/*', '/b', false],
    ['/a/b', '/a', false],
    ['/a/b*', '/a', false],
    ['/a/*b', '/a', false],
    ['/a/*/**', '/a', true],
    ['/a/**', '/', false],
    ['/*', '/', true],
    ['/*/*', '/', false],
  ])('decides that %j covers every child of %j: %s', (text, path, expected) => {
    expect(covers(text, path, 'children')).toBe(expected)
  })

  it.each([
    ['/a/**', '/a', true],
    ['/a/**', '/a/b/c', true],
    ['/a/**', '/', false],
    ['/a/*', '/a', false],
    ['/a/*/**', '/a', true],
    ['/a/*/**', '/b', false],
    ['/a/*/*/**', '/a', false],
    ['/a/b/**', '/a', false],
    ['/a/b*/**', '/a', false],
    ['/**', '/', true],
    ['/*/**', '/', true],
  ])('decides that %j covers everything below %j: %s', (text, path, expected) => {
    expect(covers(text, path, 'below')).toBe(expected)
  })

  it.each([
    ['/q/job-*', '/q/job-', true],
    ['/q/*', '/q/job-', true],
    ['/q/**', '/q/job-', true],
    ['/q/job-*/**', '/q/job-', true],
    ['/q/job-*', '/q/task-', false],
    // The path itself is covered, but not with a number behind it.
    ['/q/job-', '/q/job-', false],
    ['/q/*-', '/q/job-', false],
    // The number goes to the last part.
    ['/a/q/job-*', '/a/q/job-', true],
    ['/a/q*/job-', '/a/q/job-', false],
    ['/q/job-*1', '/q/job-1', false],
    // Becomes /q0000000001, which is not in /q.
    ['/q/**', '/q', false],
    ['/**', '/', false],
    ['/', '/', false],
    // Some numbers are covered, but not the path itself.
    ['/q/job-0*', '/q/job-', false],
  ])('decides that %j covers %j with any number behind it: %s', (text, path, expected) => {
    expect(covers(text, path, 'numbered')).toBe(expected)
  })
})

/** The parts as a rule writes them; a part without `*` is exactly its text. */
function boundPattern(...parts: string[]): BoundPattern {
  const deep = parts.at(-1) === '**'
  const read = (deep ? parts.slice(0, -1) : parts).map((part): PartPattern => {
    const [head = '', tail = null] = part.split('*')
    return { head, tail }
  })
  return new BoundPattern(read, deep)
}

describe('a bound pattern', () => {
  it('prints as rules write it', () => {
    expect(String(boundPattern())).toBe('/')
    expect(String(boundPattern('**'))).toBe('/**')
    expect(String(boundPattern('a', 'b*c', '*', '**'))).toBe('/a/b*c/*/**')
  })

  it('counts the parts of a path that fit before the first that does not', () => {
    const rooms = boundPattern('rooms', '*', 'ada:*')
    expect(rooms.commonParts(['rooms', '1', 'ada:tab'])).toBe(3)
    expect(rooms.commonParts(['rooms', '1', 'bob:tab'])).toBe(2)
    expect(rooms.commonParts(['rooms', '1'])).toBe(2)
    expect(rooms.commonParts(['halls', '1', 'ada:tab'])).toBe(0)
    expect(rooms.commonParts([])).toBe(0)
  })

  it('counts no more parts than it has itself', () => {
    expect(boundPattern('rooms').commonParts(['rooms', '1'])).toBe(1)
    expect(boundPattern('**').commonParts(['rooms', '1'])).toBe(0)
  })

  it('does not cover a path that ends before a part that takes any name', () => {
    expect(boundPattern('rooms', '*').covers(['rooms'], 'node')).toBe(false)
    expect(boundPattern('*').covers([], 'node')).toBe(false)
    expect(boundPattern('rooms', '*').commonParts(['rooms'])).toBe(1)
  })
})

describe('the claim of a name', () => {
  it('is the value under the whole name, and only then a step into an object', () => {
    expect(claimAt({ 'org.team': 'whole', org: { team: 'inside' } }, 'org.team')).toBe('whole')
    expect(claimAt({ org: { team: 'inside' } }, 'org.team')).toBe('inside')
    expect(claimAt({ org: { 'team.lead': 'ada' } }, 'org.team.lead')).toBe('ada')
    expect(claimAt({ '': { x: 1 } }, '.x')).toBe(1)
  })

  it('is undefined when it is missing, whatever stands in the way', () => {
    expect(claimAt({ org: 'x' }, 'team')).toBeUndefined()
    expect(claimAt({ org: null }, 'org.team')).toBeUndefined()
    expect(claimAt({ org: 'text' }, 'org.length')).toBeUndefined()
    expect(claimAt({ org: 7 }, 'org.toFixed')).toBeUndefined()
    expect(claimAt('text', 'length')).toBeUndefined()
    expect(claimAt(undefined, 'sub')).toBeUndefined()
    // A name without a dot must not be cut.
    expect(claimAt({ su: { sub: 'ada' } }, 'sub')).toBeUndefined()
  })

  it('is never an inherited property', () => {
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
  ])('is, for %j, %j', (sub, text) => {
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
  ])('is refused for %j, because the claim %s', (sub, what) => {
    expect(claimText({ sub }, 'sub')).toEqual({ ok: false, problem: `the claim sub ${what}` })
  })

  it('has no limit of its own; the limit of a path applies later', () => {
    expect(claimText({ sub: 'a'.repeat(10_000) }, 'sub')).toMatchObject({ ok: true })
  })
})
