import { describe, expect, it } from 'vitest'
import { AccessPolicy, type Need, type Rights } from '../../../../server/src/access/rights.js'
import {
  type AccessRule,
  accessRuleSchema,
  RIGHT_BITS,
  type Right,
} from '../../../../server/src/access/rules.js'

const RULES: AccessRule[] = [
  { path: '/rooms/*', allow: ['read'] },
  { path: '/rooms/*/members/**', allow: ['read', 'create', 'delete'] },
  { path: '/mine', allow: ['write', 'acl'] },
]

function rights(rules: AccessRule[], claims: object = { sub: 'ada' }): Rights {
  return new AccessPolicy('rules', rules).rightsOf({ claims: { ...claims }, rules: [] })
}

const allows = (rules: AccessRule[], right: Right, path: string, scope: Need['scope'] = 'node') =>
  rights(rules).allows({ right, path, scope })

describe('rights by rules', () => {
  it.each<[Right, string, boolean]>([
    ['read', '/rooms/1', true],
    ['get', '/rooms/1', true],
    ['watch', '/rooms/1', true],
    ['read', '/rooms', false],
    ['read', '/rooms/1/secret', false],
    ['create', '/rooms/1', false],
    ['create', '/rooms/1/members', true],
    ['create:ephemeral', '/rooms/1/members/a/b/c', true],
    ['write', '/rooms/1/members/a', false],
    ['delete', '/rooms/1/members/a', true],
    ['write', '/mine', true],
    ['acl', '/mine', true],
    ['read', '/mine', false],
    ['write', '/mine/below', false],
    ['read', '/', false],
  ])('decide about %s on %s: %s', (right, path, allowed) => {
    expect(allows(RULES, right, path)).toBe(allowed)
  })

  it('forbid everything without a rule', () => {
    for (const right of Object.keys(RIGHT_BITS) as Right[]) expect(allows([], right, '/')).toBe(false)
  })

  it('allow nothing beyond the named rights', () => {
    const names = Object.keys(RIGHT_BITS) as Right[]
    const single = names.filter((name) => name !== 'read' && name !== 'create')
    for (const given of single) {
      const allowed = names.filter((right) => allows([{ path: '/a', allow: [given] }], right, '/a'))
      expect(allowed).toEqual([given])
    }
    const of = (given: Right) =>
      single.filter((right) => allows([{ path: '/a', allow: [given] }], right, '/a'))
    expect(of('read')).toEqual(['get', 'watch'])
    expect(of('create')).toEqual(single.filter((name) => name.startsWith('create:')))
  })

  it('add up: reading from one rule, watching from another', () => {
    const both: AccessRule[] = [
      { path: '/a/*', allow: ['get'] },
      { path: '/*/b', allow: ['watch'] },
    ]
    expect(allows(both, 'read', '/a/b')).toBe(true)
    expect(allows(both, 'read', '/a/c')).toBe(false)
    expect(allows(both, 'read', '/c/b')).toBe(false)
  })

  it('hold for a node and its children by different rules', () => {
    const node: AccessRule = { path: '/a', allow: ['read'] }
    const children: AccessRule = { path: '/a/*', allow: ['read'] }
    expect(allows([node, children], 'read', '/a', 'children')).toBe(true)
    expect(allows([node], 'read', '/a', 'children')).toBe(false)
    expect(allows([children], 'read', '/a', 'children')).toBe(false)
    expect(allows([{ path: '/a/**', allow: ['read'] }], 'read', '/a', 'children')).toBe(true)
    expect(allows([node, { path: '/a/b', allow: ['read'] }], 'read', '/a', 'children')).toBe(false)
  })

  it('hold for a node and everything below it', () => {
    const node: AccessRule = { path: '/a', allow: ['read'] }
    expect(allows([{ path: '/a/**', allow: ['read'] }], 'read', '/a', 'subtree')).toBe(true)
    expect(allows([node, { path: '/a/*/**', allow: ['read'] }], 'read', '/a', 'subtree')).toBe(true)
    expect(allows([{ path: '/a/*/**', allow: ['read'] }], 'read', '/a', 'subtree')).toBe(false)
    expect(allows([node, { path: '/a/*', allow: ['read'] }], 'read', '/a', 'subtree')).toBe(false)
    expect(allows([{ path: '/a/**', allow: ['read'] }], 'read', '/', 'subtree')).toBe(false)
  })

  it('hold for a path with a number behind it, not for the path alone', () => {
    const queue = (path: string) => allows([{ path, allow: ['create'] }], 'create', '/q/job-', 'sequence')
    expect(['/q/job-*', '/q/**', '/q/job-', '/q/job-/**'].map(queue)).toEqual([true, true, false, false])
  })

  it('come from the rules of the configuration and of the token', () => {
    const policy = new AccessPolicy('rules', [{ path: '/all', allow: ['get'] }])
    const both = policy.rightsOf({ claims: {}, rules: [{ path: '/own', allow: ['write'] }] })
    expect(both.allows({ right: 'get', path: '/all' })).toBe(true)
    expect(both.allows({ right: 'write', path: '/own' })).toBe(true)
    expect(both.allows({ right: 'write', path: '/all' })).toBe(false)
    expect(both.rules?.map(({ origin }) => [origin.source, origin.at])).toEqual([
      ['configuration', 0],
      ['token', 0],
    ])
    const other = policy.rightsOf({ claims: {}, rules: [] })
    expect(other.allows({ right: 'write', path: '/own' })).toBe(false)
  })

  it('allow questions of a session about itself without a rule', () => {
    expect(rights([]).allows({ right: null, path: '/a' })).toBe(true)
  })

  it('allow everything in mode open, without a deciding rule', () => {
    const open = new AccessPolicy('open').rightsOf({ claims: {}, rules: RULES })
    expect(open.allows({ right: 'delete', path: '/x', scope: 'subtree' })).toBe(true)
    expect(open.rules).toBe(null)
    expect(open.unbound).toEqual([])
    expect(open.decidingRules({ right: 'delete', path: '/x' })).toEqual([])
  })
})

describe('a rule with a condition', () => {
  const admins: AccessRule = { path: '/**', allow: ['delete'], when: { role: 'admin', 'org.id': 7 } }
  const allowed = (claims: object) => rights([admins], claims).allows({ right: 'delete', path: '/x' })

  it.each([
    [{ role: 'admin', org: { id: 7 } }, true],
    [{ role: ['editor', 'admin'], org: { id: 7 } }, true],
    [{ role: 'admin', org: { id: '7' } }, false],
    [{ role: 'admin' }, false],
    [{ org: { id: 7 } }, false],
    [{ role: 'administrator', org: { id: 7 } }, false],
    [{ role: ['administrator'], org: { id: 7 } }, false],
    [{ role: { admin: true }, org: { id: 7 } }, false],
    [{}, false],
  ])('applies or not by the claims %j: %s', (claims, expected) => {
    expect(allowed(claims)).toBe(expected)
  })

  it('names the claim that keeps it from applying', () => {
    const { unbound, rules } = rights([admins, { path: '/a', allow: ['get'] }], { role: 'x' })
    expect(rules?.map(({ origin }) => origin.at)).toEqual([1])
    expect(unbound).toEqual([
      { origin: { source: 'configuration', at: 0, rule: admins }, problem: 'the claim role is not "admin"' },
    ])
  })
})

describe('an explanation', () => {
  it('names the rules behind a permission', () => {
    const given: AccessRule[] = [
      { path: '/a/**', allow: ['get'] },
      { path: '/a', allow: ['watch', 'write'] },
      { path: '/a', allow: ['write'] },
      { path: '/b', allow: ['read'] },
      { path: '/${role}', allow: ['read'] },
      { path: '/s', allow: ['get'] },
      { path: '/s/*/**', allow: ['get'] },
    ]
    const places = (need: Need) =>
      rights(given)
        .decidingRules(need)
        .map(({ origin }) => origin.at)
    expect(places({ right: 'read', path: '/a' })).toEqual([0, 1])
    expect(places({ right: 'get', path: '/a', scope: 'subtree' })).toEqual([0])
    expect(places({ right: 'delete', path: '/a' })).toEqual([])
    expect(places({ right: 'get', path: '/s' })).toEqual([5])
    expect(places({ right: 'get', path: '/s', scope: 'subtree' })).toEqual([5, 6])
    expect(places({ right: null, path: '/a' })).toEqual([])
  })
})

describe('the form of a rule', () => {
  it.each([
    [{ path: '/a', allow: ['read'], name: 'n', when: { a: 1, b: 'x', c: true } }, null],
    [{ path: '/a', allow: [] }, 'allow'],
    [{ path: '/a', allow: ['everything'] }, 'allow.0'],
    [{ path: '/a' }, 'allow'],
    [{ allow: ['read'] }, 'path'],
    [{ path: '/a', allow: ['read'], deny: ['write'] }, 'deny'],
    [{ path: '/a', allow: ['read'], when: { a: null } }, 'when.a'],
    [{ path: '/a', allow: ['read'], when: { '': 1 } }, 'when'],
    [{ path: '/a', allow: ['read'], name: '' }, 'name'],
    [{ path: '/a/**/b', allow: ['read'] }, 'the pattern "/a/**/b": a part holds at most one *'],
  ])('is checked for %j, with a fault at: %s', (rule, place) => {
    const checked = accessRuleSchema.safeParse(rule)
    const complaints = checked.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join()
    if (place === null) expect(complaints).toBe(undefined)
    else expect(complaints).toContain(place)
  })
})
