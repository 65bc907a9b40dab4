import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  type Revocation,
  Revocations,
  readRevocation,
  revocationName,
  subjectKey,
} from '../../../../server/src/revocation/revocation.js'

describe('the name of a revocation', () => {
  it.each([true, false])('holds all of it, closeSessions %s included', (closeSessions) => {
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
  ])('is never %j', (name) => {
    expect(readRevocation(name)).toBeNull()
  })

  // Gateways of several releases share the names.
  it('consists of the key, the two times and the fate of the sessions', () => {
    const name = `${'x'.repeat(43)}.${'1'.repeat(15)}.${'2'.repeat(15)}`
    const parts = { key: 'x'.repeat(43), at: 111_111_111_111_111, until: 222_222_222_222_222 }
    expect(readRevocation(`${name}.close`)).toEqual({ ...parts, closeSessions: true })
    expect(readRevocation(`${name}.detach`)).toEqual({ ...parts, closeSessions: false })
    expect(revocationName({ ...parts, closeSessions: true })).toBe(`${name}.close`)
    expect(revocationName({ ...parts, closeSessions: false })).toBe(`${name}.detach`)
  })
})

describe('the key of a subject', () => {
  it('is a digest of its own kind, which hides the subject', () => {
    expect(subjectKey('ada')).toBe(createHash('sha256').update('zoogate subjectada').digest('base64url'))
    expect(subjectKey('ada')).toMatch(/^[\w-]{43}$/)
    expect(subjectKey('ada')).not.toBe(subjectKey('Ada'))
  })
})

describe('a set of revocations', () => {
  const AT = 1_767_225_600_000
  const MINUTE_MS = 60_000
  const revocation = (subject: string, fields: Partial<Revocation> = {}): Revocation => ({
    key: subjectKey(subject),
    at: AT,
    until: AT + MINUTE_MS,
    closeSessions: true,
    ...fields,
  })
  const setOf = (...revocations: Revocation[]) => new Revocations(revocations.map(revocationName))

  it('revokes tokens issued up to its time and the tolerance, and tokens that do not say when', () => {
    const set = setOf(revocation('ada'))
    const judge = (issuedAt: number | null, toleranceMs = 0) =>
      set.judge('ada', issuedAt, toleranceMs, AT + 10_000)
    expect([null, AT - 1, AT, AT + 1].map((at) => judge(at))).toEqual([
      'revoked',
      'revoked',
      'revoked',
      'good',
    ])
    expect([judge(AT + 5_000, 5_000), judge(AT + 5_001, 5_000)]).toEqual(['revoked', 'good'])
    expect(set.judge('eve', null, 0, AT)).toBe('good')
  })

  it('refuses tokens from the future, with and without a revocation', () => {
    for (const set of [setOf(), setOf(revocation('ada'))]) {
      const judge = (issuedAt: number) => set.judge('eve', issuedAt, 5_000, AT)
      expect([judge(AT + 5_000), judge(AT + 5_001), judge(1e300)]).toEqual(['good', 'ahead', 'ahead'])
    }
  })

  it('accepts tokens again from the end of a revocation on', () => {
    const set = setOf(revocation('ada'))
    const at = (now: number) => [set.judge('ada', 0, 0, now), set.sizeAt(now)]
    expect(at(AT + MINUTE_MS - 1)).toEqual(['revoked', 1])
    expect(at(AT + MINUTE_MS)).toEqual(['good', 0])
  })

  it('judges by the latest times of all revocations of a subject, in any order', () => {
    const early = revocation('ada', { until: AT + 3 * MINUTE_MS })
    const late = revocation('ada', { at: AT + MINUTE_MS, until: AT + 2 * MINUTE_MS })
    for (const set of [setOf(early, late), setOf(late, early)]) {
      expect(set.judge('ada', AT + MINUTE_MS, 0, AT + 3 * MINUTE_MS - 1)).toBe('revoked')
      expect(set.judge('ada', AT + MINUTE_MS + 1, 0, AT + 2 * MINUTE_MS)).toBe('good')
    }
  })

  it('leaves out names of other nodes', () => {
    const set = new Revocations(['keep', revocationName(revocation('ada'))])
    expect([set.sizeAt(AT), set.has('keep'), set.has(revocationName(revocation('ada')))]).toEqual([
      1,
      false,
      true,
    ])
  })

  it('names revocations that are new and have not ended', () => {
    const [ada, eve, ended] = [revocation('ada'), revocation('eve'), revocation('mallory', { until: AT })]
    const set = setOf(ada, ended).with(eve)
    expect(set.newSince(null, AT)).toEqual([ada, eve])
    expect(set.newSince(setOf(ada), AT)).toEqual([eve])
    expect(set.newSince(set, AT)).toEqual([])
  })

  it('replaces earlier revocations of the subject and ended ones, and never ends before them', () => {
    const long = revocation('ada', { until: AT + 60 * MINUTE_MS })
    const ended = revocation('eve', { until: AT + 1_000 })
    const other = revocation('mallory')
    const now = AT + 1_000
    const [second, superseded] = setOf(long, ended, other).revoke('ada', now, MINUTE_MS, false)
    expect(second).toEqual(revocation('ada', { at: now, until: long.until, closeSessions: false }))
    expect(superseded).toEqual([long, ended].map(revocationName))
    expect(setOf().revoke('ada', AT, MINUTE_MS, true)).toEqual([revocation('ada'), []])
  })
})
