import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readRevocation, revocationName, subjectKey } from '../../../../server/src/revocation/revocation.js'

describe('the name of a revocation', () => {
  it.each([true, false])('says all of it, closeSessions %s included', (closeSessions) => {
    const revocation = { key: subjectKey('ada'), at: 1_767_225_600_000, until: 1_767_312_000_000 }
    const name = revocationName({ ...revocation, closeSessions })
    expect(readRevocation(name)).toEqual({ ...revocation, closeSessions })
    expect(name).not.toContain('/')
    expect(name).not.toContain('ada')
  })

  it.each([
    '',
    'keep',
    'x.1.2.close',
    `${'x'.repeat(43)}.1.2.explode`,
    `${'x'.repeat(43)}.1.-2.close`,
    `${'x'.repeat(43)}.1.2.close.3`,
    `${'x'.repeat(42)}.1.2.close`,
    `${'x'.repeat(44)}.1.2.close`,
    `${'x'.repeat(42)}/.1.2.close`,
    `${'x'.repeat(43)}..2.close`,
    `${'x'.repeat(43)}.1..close`,
    `${'x'.repeat(43)}.1.2.`,
    `${'x'.repeat(43)}.1.2.closed`,
    `${'x'.repeat(43)}.1.a.close`,
    `${'x'.repeat(43)}.a.2.close`,
    `${'x'.repeat(43)}.1.${'9'.repeat(16)}.close`,
    `${'x'.repeat(43)}.${'9'.repeat(16)}.2.close`,
    `${'x'.repeat(43)}x1.2.close`,
    `${'x'.repeat(43)}.1x2.close`,
    `${'x'.repeat(43)}.1.2xclose`,
  ])('is not %j', (name) => {
    expect(readRevocation(name)).toBeNull()
  })

  // Names stay while gateways of several releases read them.
  it('is made of the key, the two times and what becomes of sessions', () => {
    const name = `${'x'.repeat(43)}.${'1'.repeat(15)}.${'2'.repeat(15)}`
    const parts = { key: 'x'.repeat(43), at: 111_111_111_111_111, until: 222_222_222_222_222 }
    expect(readRevocation(`${name}.close`)).toEqual({ ...parts, closeSessions: true })
    expect(readRevocation(`${name}.detach`)).toEqual({ ...parts, closeSessions: false })
    expect(revocationName({ ...parts, closeSessions: true })).toBe(`${name}.close`)
    expect(revocationName({ ...parts, closeSessions: false })).toBe(`${name}.detach`)
  })
})

describe('the key of a subject', () => {
  it('is a digest of its own kind, which tells nobody the subject', () => {
    expect(subjectKey('ada')).toBe(createHash('sha256').update('zoogate subjectada').digest('base64url'))
    expect(subjectKey('ada')).toMatch(/^[\w-]{43}$/)
    expect(subjectKey('ada')).not.toBe(subjectKey('Ada'))
  })
})
