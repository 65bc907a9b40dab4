import { describe, expect, it } from 'vitest'
import type { BoundPattern, Reach } from '../../../../server/src/access/bound-pattern.js'
import { PathPattern } from '../../../../server/src/access/path-pattern.js'
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

  it('may be as long as its limit', () => {
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
  ])('%j is, with its values, %j', (text, expected) => {
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
  ])('fits no path where the claims are %j', (claims, message) => {
    expect(problem('/rooms/${sub}', claims)).toContain(message)
  })

  it('finds a claim by its whole name before it looks inside others, and only what the token itself holds', () => {
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

  it('takes a value for text, whatever it looks like', () => {
    expect(covers('/a/*', '/a/x')).toBe(true)
    for (const sub of ['*', '**', '${sub}', 'a*', '%2e%2e', '$&', '.*']) {
      const pattern = bound('/rooms/${sub}', { sub })
      expect(pattern.covers(['rooms', sub], 'node')).toBe(true)
      expect(pattern.covers(['rooms', 'x'], 'node')).toBe(false)
      expect(pattern.covers(['rooms', sub, 'x'], 'node')).toBe(false)
    }
  })

  // Otherwise ada's names, `ada:…`, would hold those of a subject `ada:x`.
  it.each([
    ['/${sub}:*', 'ada:x', ':'],
    ['/*:${sub}', 'x:ada', ':'],
    ['/${sub}:-*', 'ada:', ':'],
    ['/*-:${sub}', ':ada', ':'],
    ['/${sub}-${org}', 'ada-x', '-'],
    ['/${sub}-at-${org}.*', 'ada-x', '-'],
    ['/*.${org}-${sub}', 'ada-x', '-'],
  ])('%j fits no path of %j, whose name holds what separates it', (text, sub, separator) => {
    const message = `the claim sub holds "${separator}", which is what separates it in this pattern`
    expect(problem(text, { sub, org: 'o' })).toBe(message)
    expect(problem(text, { sub: 'ada', org: 'o' })).toBe(null)
  })

  it('takes every name where nothing else in the part varies', () => {
    for (const text of ['/user-${sub}', '/${sub}-user', '/a-${sub}-b/*', '/*-x/${sub}']) {
      expect(problem(text, { sub: '550e-8400' })).toBe(null)
      expect(problem(text, { sub: 'null' })).toBe(null)
    }
    // Only what comes before the `*` is told by what follows it.
    expect(problem('/${sub}:${org}', { sub: 'a', org: 'b:c' })).toBe(null)
    expect(problem('/x-${sub}:*', { sub: 'a-b' })).toBe(null)
  })
})

describe('a pattern covers', () => {
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
  ])('with %j the node %j: %s', (text, path, expected) => {
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
  ])('with %j every child of %j: %s', (text, path, expected) => {
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
  ])('with %j everything below %j: %s', (text, path, expected) => {
    expect(covers(text, path, 'below')).toBe(expected)
  })

  it.each([
    ['/q/job-*', '/q/job-', true],
    ['/q/*', '/q/job-', true],
    ['/q/**', '/q/job-', true],
    ['/q/job-*/**', '/q/job-', true],
    ['/q/job-*', '/q/task-', false],
    // Right as it is given, but not what it becomes.
    ['/q/job-', '/q/job-', false],
    ['/q/*-', '/q/job-', false],
    // It is the last part that gets the number.
    ['/a/q/job-*', '/a/q/job-', true],
    ['/a/q*/job-', '/a/q/job-', false],
    ['/q/job-*1', '/q/job-1', false],
    // Becomes /q0000000001, which is not in /q.
    ['/q/**', '/q', false],
    ['/**', '/', false],
    ['/', '/', false],
    // Right as what it becomes, but not as it is given.
    ['/q/job-0*', '/q/job-', false],
  ])('with %j whatever number comes behind %j: %s', (text, path, expected) => {
    expect(covers(text, path, 'numbered')).toBe(expected)
  })
})
