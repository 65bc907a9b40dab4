import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PathPattern } from '../../../../server/src/access/patterns.js'
import { AccessPolicy, type Scope } from '../../../../server/src/access/rights.js'
import type { AccessRule, Right } from '../../../../server/src/access/rules.js'
import { pathProblem, withChroot } from '../../../../server/src/wire/path.js'

// Short and of few letters, so that patterns and paths meet.
const name = fc.stringMatching(/^[ab:-]{1,3}$/)
const part = fc.oneof(
  name,
  fc.constant('*'),
  fc.tuple(name, name).map(([head, tail]) => `${head}*${tail}`),
)
const pattern = fc
  .tuple(fc.array(part, { maxLength: 3 }), fc.boolean())
  .map(([parts, deep]) => `/${[...parts, ...(deep ? ['**'] : [])].join('/')}`)
const path = fc.array(name, { maxLength: 4 }).map((names) => `/${names.join('/')}`)
const right = fc.constantFrom<Right>('get', 'watch', 'write')
const rule = fc.record({ path: pattern, allow: fc.array(right, { minLength: 1, maxLength: 2 }) })

/** The meaning of a pattern, as a regular expression. */
function model({ path }: AccessRule): RegExp {
  if (path === '/**') return /^/
  const parts = path.split('/').slice(1)
  const deep = parts.at(-1) === '**'
  const fixed = (deep ? parts.slice(0, -1) : parts).map((text) =>
    text.replace('*', text === '*' ? '[^/]+' : '[^/]*'),
  )
  return new RegExp(`^/${fixed.join('/')}${deep ? '(/.*)?' : ''}$`)
}

const modelAllows = (rules: AccessRule[], wanted: Right, path: string) =>
  rules.some((given) => given.allow.includes(wanted) && model(given).test(path))

function allows(rules: AccessRule[], wanted: Right, path: string, scope: Scope = 'node'): boolean {
  return new AccessPolicy('rules', rules)
    .rightsOf({ claims: {}, rules: [] })
    .allows({ right: wanted, path, scope })
}

const below = (path: string, names: string[]) => [...(path === '/' ? [] : [path]), ...names].join('/')
const under = (path: string, names: string[]) => (path === '/' ? `/${names.join('/')}` : below(path, names))

describe('access by any rules to any path', () => {
  it('matches the model', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), right, path, (rules, wanted, path) => {
        expect(allows(rules, wanted, path)).toBe(modelAllows(rules, wanted, path))
      }),
      { numRuns: 3000 },
    )
  })

  it('implies access to each node when it is given to a subtree, to children or to a numbered path', () => {
    const rest = fc.array(name, { minLength: 1, maxLength: 3 })
    const number = fc.integer().map((n) => String(n).padStart(10, '0'))
    let granted = 0
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 4 }),
        right,
        path,
        rest,
        number,
        (rules, wanted, at, names, n) => {
          const implied: [Scope, string[]][] = [
            ['subtree', [at, under(at, names)]],
            ['children', [at, under(at, names.slice(0, 1))]],
            ['sequence', [`${at}${n}`]],
          ]
          for (const [scope, paths] of implied) {
            if (!allows(rules, wanted, at, scope)) continue
            granted += 1
            for (const path of paths) expect(modelAllows(rules, wanted, path)).toBe(true)
          }
        },
      ),
      { numRuns: 5000 },
    )
    // Without any grants the test would prove nothing.
    expect(granted).toBeGreaterThan(100)
  })

  it('never grows when a rule or a right is taken away', () => {
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), right, path, (rules, wanted, path) => {
        if (!allows(rules, wanted, path)) {
          expect(allows(rules.slice(1), wanted, path)).toBe(false)
          const fewer = rules.map((given) => ({ ...given, allow: given.allow.slice(0, 1) }))
          expect(allows(fewer, wanted, path)).toBe(false)
        }
      }),
    )
  })
})

describe('a claim of any content', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.stringMatching(/^[ab:*/.${}-]{0,6}$/),
    fc.constantFrom('..', '.', '*', '**', '/', '', '\u0000', '${sub}'),
  )

  it('gives one subject no node of another', () => {
    const shapes = [
      '/${sub}',
      '/${sub}:*',
      '/*:${sub}',
      '/x-${sub}-*',
      '/${sub}--*',
      '/r/*--${sub}',
      '/${sub}:${sub}',
    ]
    const text = fc.stringMatching(/^[ab:-]{0,4}$/)
    const pair = fc.oneof(
      fc.tuple(hostile, hostile),
      fc.tuple(text, text).map(([a, more]): [string, string] => [a, a + more]),
      fc.tuple(text, text).map(([a, more]): [string, string] => [a, more + a]),
    )
    let compared = 0
    fc.assert(
      fc.property(fc.constantFrom(...shapes), pair, fc.boolean(), text, (shape, [a, b], turned, free) => {
        const [owner, other] = turned ? [b, a] : [a, b]
        fc.pre(a !== b)
        const owned = new PathPattern(shape).bind({ sub: owner })
        const foreign = new PathPattern(shape).bind({ sub: other })
        if (!owned.ok || !foreign.ok) return
        compared += 1
        // A node of the owner: the wildcard filled with any text that stays within one part.
        const node = shape
          .replace('*', () => free)
          .replaceAll('${sub}', () => owner)
          .slice(1)
          .split('/')
        expect(owned.pattern.covers(node, 'node')).toBe(true)
        expect(foreign.pattern.covers(node, 'node')).toBe(false)
      }),
      { numRuns: 5000 },
    )
    expect(compared).toBeGreaterThan(500)
  })

  it('fits the one path that holds it unchanged, or none', () => {
    fc.assert(
      fc.property(hostile, path, (sub, other) => {
        const binding = new PathPattern('/rooms/${sub}').bind({ sub })
        const own = `/rooms/${sub}`
        const usable = sub !== '' && !sub.includes('/') && pathProblem(own, 100) === null
        expect(binding.ok).toBe(usable)
        if (!binding.ok) return
        expect(binding.pattern.covers(['rooms', sub], 'node')).toBe(true)
        expect(binding.pattern.covers(other.slice(1).split('/'), 'node')).toBe(other === own)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('any path that a page names', () => {
  it('stays below the chroot as ZooKeeper sees it, or is refused', () => {
    const asked = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.stringMatching(/^[/.a%2\\]{1,12}$/),
      fc.constantFrom(
        '/..',
        '/../b',
        '/a/../../b',
        '//',
        '/.',
        '/a/',
        '/a\u0000',
        '/%2e%2e/b',
        '/\u2024\u2024/b',
      ),
    )
    fc.assert(
      fc.property(asked, (path) => {
        if (pathProblem(path, 100) !== null) return
        const absolute = withChroot('/tenants/a', path)
        expect(absolute === '/tenants/a' || absolute.startsWith('/tenants/a/')).toBe(true)
        expect(absolute).not.toMatch(/\/\/|\/$|\/\.\.?(\/|$)/)
        expect(absolute).not.toContain('\u0000')
      }),
      { numRuns: 5000 },
    )
  })
})
