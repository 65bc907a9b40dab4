import { describe, expect, it } from 'vitest'
import type { Call } from 'zoogate-client/protocol'
import { type AccessRule, isAllowed, needsOf, type Right } from '../../server/src/access.js'

const rules: AccessRule[] = [
  { path: '/rooms/*', allow: ['read'] },
  { path: '/rooms/*/members/**', allow: ['read', 'create', 'delete'] },
  { path: '/mine', allow: ['write', 'acl'] },
]

describe('access in mode rules', () => {
  it.each<[Right, string, boolean]>([
    ['read', '/rooms/1', true],
    ['read', '/rooms', false],
    ['read', '/rooms/1/secret', false],
    ['create', '/rooms/1', false],
    ['create', '/rooms/1/members', true],
    ['create', '/rooms/1/members/a/b/c', true],
    ['write', '/rooms/1/members/a', false],
    ['delete', '/rooms/1/members/a', true],
    ['write', '/mine', true],
    ['acl', '/mine', true],
    ['read', '/mine', false],
    ['write', '/mine/below', false],
    ['read', '/', false],
  ])('%s on %s: %s', (right, path, allowed) => {
    expect(isAllowed('rules', rules, { right, path })).toBe(allowed)
  })

  it.each([
    ['/rooms/1/members', true],
    ['/rooms/1/members/a/b', true],
    ['/rooms/1', false],
    ['/rooms', false],
    ['/', false],
  ])('allows reading all of %s: %s', (path, allowed) => {
    expect(isAllowed('rules', rules, { right: 'read', path, subtree: true })).toBe(allowed)
  })

  it('forbids everything without a rule', () => {
    expect(isAllowed('rules', [], { right: 'read', path: '/' })).toBe(false)
  })

  it('takes ** alone for everything, the root included', () => {
    const all: AccessRule[] = [{ path: '/**', allow: ['read'] }]
    for (const path of ['/', '/a/b']) {
      expect(isAllowed('rules', all, { right: 'read', path, subtree: true })).toBe(true)
    }
  })
})

describe('access in mode open', () => {
  it('allows everything', () => {
    expect(isAllowed('open', [], { right: 'delete', path: '/x' })).toBe(true)
  })
})

describe('the needs of a call', () => {
  const needs = (call: object) => needsOf({ type: 'call', id: 1, ...call } as Call)

  it('are one right on its path', () => {
    expect(needs({ op: 'create', path: '/a' })).toEqual([{ right: 'create', path: '/a' }])
    expect(needs({ op: 'setData', path: '/a', data: '' })).toEqual([{ right: 'write', path: '/a' }])
    expect(needs({ op: 'delete', path: '/a' })).toEqual([{ right: 'delete', path: '/a' }])
    expect(needs({ op: 'setACL', path: '/a', acl: [] })).toEqual([{ right: 'acl', path: '/a' }])
    for (const op of ['exists', 'getData', 'getChildren', 'getACL', 'sync']) {
      expect(needs({ op, path: '/a' })).toEqual([{ right: 'read', path: '/a' }])
    }
  })

  it('are those of every part of a multi', () => {
    const parts = [
      { op: 'check', path: '/c' },
      { op: 'create', path: '/d' },
      { op: 'setData', path: '/e', data: '' },
      { op: 'delete', path: '/f' },
    ]
    expect(needs({ op: 'multi', parts })).toEqual([
      { right: 'read', path: '/c' },
      { right: 'create', path: '/d' },
      { right: 'write', path: '/e' },
      { right: 'delete', path: '/f' },
    ])
  })

  it('cover everything below for a recursive watch', () => {
    expect(needs({ op: 'addWatch', path: '/a', recursive: true })).toEqual([
      { right: 'read', path: '/a', subtree: true },
    ])
    expect(needs({ op: 'addWatch', path: '/a' })).toEqual([{ right: 'read', path: '/a', subtree: false }])
  })

  it('are none for what a session asks about itself, but a valid path', () => {
    expect(needs({ op: 'whoAmI' })).toEqual([])
    expect(needs({ op: 'getEphemerals', path: '/a' })).toEqual([{ right: null, path: '/a' }])
    expect(needs({ op: 'removeWatch', path: '/a' })).toEqual([{ right: null, path: '/a' }])
  })
})
