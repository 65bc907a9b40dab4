import { describe, expect, it } from 'vitest'
import type { Operation } from 'zoogate-client/protocol'
import {
  AccessPolicy,
  accessRefusal,
  type Need,
  needOfView,
  type Rights,
} from '../../../../server/src/access/rights.js'
import {
  type AccessRule,
  accessRuleSchema,
  RIGHT_BITS,
  type Right,
} from '../../../../server/src/access/rules.js'
import { OPERATIONS, type Row } from '../../../../server/src/session/operations.js'

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

/** The needs of a call, as the row of its operation states them. */
const needsOf = ({ op, ...fields }: { op: string; [field: string]: unknown }) =>
  (OPERATIONS[op as Operation] as Row<Operation>).needs(fields as never)

describe('the needs of a call', () => {
  const needs = needsOf

  it('are one right on its path', () => {
    expect(needs({ op: 'create', path: '/a' })).toEqual([
      { right: 'create:persistent', path: '/a', scope: 'node' },
    ])
    expect(needs({ op: 'setData', path: '/a', data: '' })).toEqual([{ right: 'write', path: '/a' }])
    expect(needs({ op: 'delete', path: '/a' })).toEqual([{ right: 'delete', path: '/a' }])
    expect(needs({ op: 'setACL', path: '/a', acl: [] })).toEqual([{ right: 'acl', path: '/a' }])
    for (const op of ['exists', 'getData', 'getChildren', 'getACL', 'sync']) {
      expect(needs({ op, path: '/a' })).toEqual([{ right: 'get', path: '/a' }])
    }
  })

  it('include watching for a read that sets a watch', () => {
    for (const op of ['exists', 'getData', 'getChildren']) {
      expect(needs({ op, path: '/a', watch: true })).toEqual([{ right: 'read', path: '/a' }])
      expect(needs({ op, path: '/a', watch: false })).toEqual([{ right: 'get', path: '/a' }])
    }
  })

  it.each([
    ['persistent', 'node'],
    ['ephemeral', 'node'],
    ['container', 'node'],
    ['ttl', 'node'],
    ['persistent_sequential', 'sequence'],
    ['ephemeral_sequential', 'sequence'],
    ['ttl_sequential', 'sequence'],
  ])('include, for a create with the mode %s, this mode on the %s', (mode, scope) => {
    const need = { right: `create:${mode}`, path: '/a', scope }
    expect(needs({ op: 'create', path: '/a', mode })).toEqual([need])
    expect(needs({ op: 'multi', parts: [{ op: 'create', path: '/a', mode }] })).toEqual([
      { ...need, part: 0 },
    ])
  })

  it('include the right acl for a create with a list of its own, unless the list lets the world take part', () => {
    const acl = (...permissions: string[]) => [{ scheme: 'world', id: 'anyone', permissions }]
    const both = (scope: string) => [
      { right: scope === 'node' ? 'create:persistent' : 'create:persistent_sequential', path: '/a', scope },
      { right: 'acl', path: '/a', scope },
    ]
    for (const own of [
      acl('read'),
      acl('create', 'delete'),
      [{ scheme: 'auth', id: '', permissions: ['read', 'create', 'delete'] }],
      [{ scheme: 'world', id: 'somebody', permissions: ['read', 'create', 'delete'] }],
      [{ scheme: 'digest', id: 'anyone', permissions: ['read', 'create', 'delete'] }],
    ]) {
      expect(needs({ op: 'create', path: '/a', acl: own })).toEqual(both('node'))
      const mode = 'persistent_sequential'
      expect(needs({ op: 'multi', parts: [{ op: 'create', path: '/a', mode, acl: own }] })).toEqual(
        both('sequence').map((need) => ({ ...need, part: 0 })),
      )
    }
    const shared = [{ scheme: 'auth', id: '', permissions: ['admin'] }, ...acl('delete', 'read', 'create')]
    expect(needs({ op: 'create', path: '/a', acl: shared })).toEqual(both('node').slice(0, 1))
  })

  it('include the needs of every part of a multi', () => {
    const parts = [
      { op: 'check', path: '/c' },
      { op: 'create', path: '/d' },
      { op: 'setData', path: '/e', data: '' },
      { op: 'delete', path: '/f' },
    ]
    expect(needs({ op: 'multi', parts })).toEqual([
      { right: 'get', path: '/c', part: 0 },
      { right: 'create:persistent', path: '/d', scope: 'node', part: 1 },
      { right: 'write', path: '/e', part: 2 },
      { right: 'delete', path: '/f', part: 3 },
    ])
  })

  it('cover everything below for a recursive watch', () => {
    expect(needs({ op: 'addWatch', path: '/a', recursive: true })).toEqual([
      { right: 'watch', path: '/a', scope: 'subtree' },
    ])
    expect(needs({ op: 'addWatch', path: '/a' })).toEqual([{ right: 'watch', path: '/a', scope: 'node' }])
  })

  it('include reading all nodes that a view shows', () => {
    const children = { right: 'read', path: '/a', scope: 'children' }
    expect(needs({ op: 'openView', path: '/a' })).toEqual([children])
    expect(needs({ op: 'openView', path: '/a', depth: 'children' })).toEqual([children])
    expect(needs({ op: 'openView', path: '/a', depth: 'subtree' })).toEqual([
      { ...children, scope: 'subtree' },
    ])
    expect(needOfView({ path: '/a' })).toEqual(children)
  })

  it('are only a valid path for questions of a session about itself', () => {
    expect(needs({ op: 'whoAmI' })).toEqual([])
    expect(needs({ op: 'closeView', view: 1 })).toEqual([])
    expect(needs({ op: 'getEphemerals', path: '/a' })).toEqual([{ right: null, path: '/a' }])
    expect(needs({ op: 'removeWatch', path: '/a' })).toEqual([{ right: null, path: '/a' }])
  })
})

describe('a call', () => {
  const rules: AccessRule[] = [
    { path: '/**', allow: ['get'] },
    { path: '/rooms/*/${sub}:*', allow: ['create', 'write', 'delete'] },
  ]
  const everything = () => new AccessPolicy('open').rightsOf({ claims: {}, rules: [] })
  const refusal = (call: { op: string; [field: string]: unknown }, allowed = rights(rules)) =>
    accessRefusal(needsOf(call), allowed, 40)

  it('is refused with FORBIDDEN, the path and the missing right when no rule allows it', () => {
    expect(refusal({ op: 'delete', path: '/rooms/1/ada:1' })).toBe(null)
    expect(refusal({ op: 'delete', path: '/rooms/1/bob:1' })).toEqual({
      code: 'FORBIDDEN',
      path: '/rooms/1/bob:1',
      message: 'the access rules do not allow delete on this path; ask the operator of the gateway',
      retryable: false,
      outcome: 'not_executed',
    })
  })

  it('is refused as a whole, with the index of the part, when one part of a multi is forbidden', () => {
    const own = { op: 'setData', path: '/rooms/1/ada:1', data: '' }
    expect(refusal({ op: 'multi', parts: [own, { op: 'check', path: '/x' }] })).toBe(null)
    for (const op of ['delete', 'setData', 'create']) {
      expect(refusal({ op: 'multi', parts: [own, own, { op, path: '/rooms/1/bob:1' }] })).toMatchObject({
        code: 'FORBIDDEN',
        path: '/rooms/1/bob:1',
        part: 2,
      })
    }
  })

  it('is refused when its recursive watch reaches a forbidden node', () => {
    const watching = (path: string) => rights([{ path, allow: ['read'] }])
    const call = { op: 'addWatch', path: '/rooms', recursive: true }
    expect(refusal(call, watching('/rooms/**'))).toBe(null)
    for (const path of ['/rooms', '/rooms/*', '/rooms/1/**']) {
      expect(refusal(call, watching(path))).toMatchObject({
        code: 'FORBIDDEN',
        message: expect.stringContaining('watch on this path and everything below it'),
      })
    }
  })

  it.each([
    '/a/',
    '//',
    '/a//b',
    '/..',
    '/a/../b',
    '/.',
    'a',
    '',
    '/a\u0000',
    '/a\ud83d\ude00',
    '/\uff0e\uff0e\ufff0',
  ])('is refused with BAD_REQUEST for the path %j, even in mode open', (path) => {
    for (const op of ['getData', 'delete', 'sync', 'getEphemerals', 'removeWatch']) {
      expect(refusal({ op, path }, everything())).toMatchObject({ code: 'BAD_REQUEST', path })
    }
  })

  it('is refused with BAD_REQUEST and a shortened path when the path is longer than the limit', () => {
    expect(refusal({ op: 'getData', path: `/${'a'.repeat(39)}` })).toBe(null)
    expect(refusal({ op: 'getData', path: `/${'a'.repeat(40)}` })).toMatchObject({
      code: 'BAD_REQUEST',
      path: `/${'a'.repeat(39)}`,
    })
  })

  it('is refused when it would put a number behind the root, which would be a node beside the chroot', () => {
    const parts = [{ op: 'create', path: '/', mode: 'persistent_sequential' }]
    expect(refusal({ op: 'multi', parts }, everything())).toMatchObject({
      code: 'BAD_REQUEST',
      part: 0,
      message: 'a sequential node needs a name before its number',
    })
    expect(refusal({ op: 'create', path: '/' }, everything())).toBe(null)
    expect(refusal({ op: 'create', path: '/a', mode: 'ttl_sequential' }, everything())).toBe(null)
  })
})
