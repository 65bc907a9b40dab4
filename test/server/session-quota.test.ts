import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../server/src/limits.js'
import { SessionQuota } from '../../server/src/session-quota.js'
import { heapAfterCollection } from '../heap.js'

function quota(limits: object, random = 0) {
  const lag = { ms: 0 }
  return {
    lag,
    sessions: new SessionQuota(
      { ...DEFAULT_LIMITS, ...limits },
      () => lag.ms,
      () => random,
    ),
  }
}

describe('the quota of sessions', () => {
  it('is so many for one subject below one chroot', () => {
    const { sessions } = quota({ maxSessionsPerSubject: 2 })
    sessions.opened('ada', '/a')
    expect(sessions.refusal('ada', '/a')).toBeNull()
    sessions.opened('ada', '/a')
    expect(sessions.refusal('ada', '/a')).toEqual({
      limit: 'maxSessionsPerSubject',
      message: 'this subject holds 2 sessions here already; close some of its pages',
      retryAfterMs: 5_000,
    })
    expect(sessions.refusal('ada', '/b')).toBeNull()
    expect(sessions.refusal('grace', '/a')).toBeNull()
    sessions.ended('ada', '/a')
    expect(sessions.refusal('ada', '/a')).toBeNull()
    sessions.opened('ada', '/a')
    expect(sessions.refusal('ada', '/a')).not.toBeNull()
  })

  it('begins anew for a subject that has none left', () => {
    const { sessions } = quota({ maxSessionsPerSubject: 1 })
    sessions.opened('ada', '')
    sessions.ended('ada', '')
    expect(sessions.refusal('ada', '')).toBeNull()
    sessions.opened('ada', '')
    expect(sessions.refusal('ada', '')?.limit).toBe('maxSessionsPerSubject')
  })

  it('keeps nothing of subjects that are gone', () => {
    const { sessions } = quota({})
    const before = heapAfterCollection()
    for (let at = 0; at < 50_000; at += 1) {
      sessions.opened(`subject ${at}`, '/tenants/a')
      sessions.ended(`subject ${at}`, '/tenants/a')
    }
    expect(heapAfterCollection() - before).toBeLessThan(1_000_000)
    expect(sessions.refusal('ada', '')).toBeNull()
  })

  it('is so many in all', () => {
    const { sessions } = quota({ maxSessions: 2 })
    sessions.opened('ada', '')
    expect(sessions.refusal('mary', '')).toBeNull()
    sessions.opened('grace', '')
    expect(sessions.refusal('mary', '')?.limit).toBe('maxSessions')
    sessions.ended('ada', '')
    expect(sessions.refusal('mary', '')).toBeNull()
  })

  it('is none while the event loop is later than it may be', () => {
    const { lag, sessions } = quota({ maxEventLoopLagMs: 50 })
    lag.ms = 50
    expect(sessions.refusal('ada', '')).toBeNull()
    lag.ms = 51
    expect(sessions.refusal('ada', '')?.limit).toBe('maxEventLoopLagMs')
  })

  it('spreads those who come back', () => {
    const { sessions } = quota({ maxSessions: 1 }, 0.5)
    sessions.opened('ada', '')
    expect(sessions.refusal('grace', '')?.retryAfterMs).toBe(7_500)
  })
})
