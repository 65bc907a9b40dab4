import { describe, expect, it } from 'vitest'
import { type AccessRule, isAllowed } from '../../server/src/access.js'

const rules: AccessRule[] = [
  { path: '/rooms/*', allow: ['read'] },
  { path: '/rooms/*/members/**', allow: ['read', 'create', 'delete'] },
  { path: '/mine', allow: ['write'] },
]

describe('access in mode rules', () => {
  it.each([
    ['getData', '/rooms/1', true],
    ['getChildren', '/rooms/1', true],
    ['exists', '/rooms/1', true],
    ['getData', '/rooms', false],
    ['getData', '/rooms/1/secret', false],
    ['create', '/rooms/1', false],
    ['create', '/rooms/1/members', true],
    ['create', '/rooms/1/members/a/b/c', true],
    ['setData', '/rooms/1/members/a', false],
    ['delete', '/rooms/1/members/a', true],
    ['setData', '/mine', true],
    ['getData', '/mine', false],
    ['setData', '/mine/below', false],
    ['getData', '/', false],
  ] as const)('%s on %s: %s', (op, path, allowed) => {
    expect(isAllowed('rules', rules, op, path)).toBe(allowed)
  })

  it('forbids everything without a rule', () => {
    expect(isAllowed('rules', [], 'exists', '/')).toBe(false)
  })

  it('takes ** alone for everything, the root included', () => {
    const all: AccessRule[] = [{ path: '/**', allow: ['read'] }]
    expect(isAllowed('rules', all, 'getChildren', '/')).toBe(true)
    expect(isAllowed('rules', all, 'getData', '/a/b')).toBe(true)
  })
})

describe('access in mode open', () => {
  it('allows everything', () => {
    expect(isAllowed('open', [], 'delete', '/x')).toBe(true)
  })
})
