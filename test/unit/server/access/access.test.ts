import { describe, expect, it } from 'vitest'
import type { Operation } from 'zoogate-client/protocol'
import { accessRefusal, needOfView } from '../../../../server/src/access/access.js'
import { AccessPolicy } from '../../../../server/src/access/rights.js'
import type { AccessRule } from '../../../../server/src/access/rules.js'
import { OPERATIONS, type Row } from '../../../../server/src/session/operations.js'

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
  const rights = (given = rules) =>
    new AccessPolicy('rules', given).rightsOf({ claims: { sub: 'ada' }, rules: [] })
  const everything = () => new AccessPolicy('open').rightsOf({ claims: {}, rules: [] })
  const refusal = (call: { op: string; [field: string]: unknown }, allowed = rights()) =>
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
