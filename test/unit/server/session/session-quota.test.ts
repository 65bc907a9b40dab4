import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../../../server/src/limits/limits.js'
import { KeptPlaces } from '../../../../server/src/session/kept-places.js'
import { SessionQuota } from '../../../../server/src/session/session-quota.js'
import { heapAfterCollection } from '../../../tools/heap.js'

function quota(limits: object, random = 0) {
  const lag = { ms: 0 }
  const clock = { ms: 0 }
  return {
    lag,
    clock,
    sessions: new SessionQuota(
      { ...DEFAULT_LIMITS, ...limits },
      () => lag.ms,
      () => random,
      new KeptPlaces(() => clock.ms),
    ),
  }
}

describe('the quota of sessions', () => {
  it('is so many for one subject below one chroot', () => {
    const { sessions } = quota({ maxSessionsPerSubject: 2 })
    sessions.opened('ada', '/a', null)
    expect(sessions.refusal('ada', '/a')).toBeNull()
    sessions.opened('ada', '/a', null)
    expect(sessions.refusal('ada', '/a')).toEqual({
      limit: 'maxSessionsPerSubject',
      message: 'this subject has 2 sessions here already; close some of its pages',
      retryAfterMs: 5_000,
    })
    expect(sessions.refusal('ada', '/b')).toBeNull()
    expect(sessions.refusal('grace', '/a')).toBeNull()
    sessions.ended('ada', '/a', null)
    expect(sessions.refusal('ada', '/a')).toBeNull()
    sessions.opened('ada', '/a', null)
    expect(sessions.refusal('ada', '/a')).not.toBeNull()
  })

  it('begins anew for a subject that has none left', () => {
    const { sessions } = quota({ maxSessionsPerSubject: 1 })
    sessions.opened('ada', '', null)
    sessions.ended('ada', '', null)
    expect(sessions.refusal('ada', '')).toBeNull()
    sessions.opened('ada', '', null)
    expect(sessions.refusal('ada', '')?.limit).toBe('maxSessionsPerSubject')
  })

  it('keeps nothing of subjects that are gone', () => {
    const { sessions } = quota({})
    const before = heapAfterCollection()
    for (let at = 0; at < 50_000; at += 1) {
      sessions.opened(`subject ${at}`, '/tenants/a', null)
      sessions.ended(`subject ${at}`, '/tenants/a', null)
    }
    expect(heapAfterCollection() - before).toBeLessThan(1_000_000)
    expect(sessions.refusal('ada', '')).toBeNull()
  })

  it('is so many in all', () => {
    const { sessions } = quota({ maxSessions: 2 })
    sessions.opened('ada', '', null)
    expect(sessions.refusal('mary', '')).toBeNull()
    sessions.opened('grace', '', null)
    expect(sessions.refusal('mary', '')?.limit).toBe('maxSessions')
    sessions.ended('ada', '', null)
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
    sessions.opened('ada', '', null)
    expect(sessions.refusal('grace', '')?.retryAfterMs).toBe(7_500)
  })

  it('counts what was let go of until its timeout has passed', () => {
    const { clock, sessions } = quota({ maxSessionsPerSubject: 1, maxSessions: 1 })
    sessions.opened('ada', '', null)
    sessions.ended('ada', '', { id: '0x1', forMs: 10_000 })
    clock.ms = 9_999
    expect(sessions.refusal('ada', '')?.limit).toBe('maxSessionsPerSubject')
    expect(sessions.refusal('grace', '')?.limit).toBe('maxSessions')
    clock.ms = 11_000
    expect(sessions.refusal('ada', '')).toBeNull()
    expect(sessions.refusal('grace', '')).toBeNull()
  })

  it('counts a session once, however often it is let go of and taken up', () => {
    const { sessions } = quota({ maxSessionsPerSubject: 2 })
    for (let round = 0; round < 5; round++) {
      sessions.opened('ada', '', '0x1')
      expect(sessions.refusal('ada', '')).toBeNull()
      sessions.ended('ada', '', { id: '0x1', forMs: 10_000 })
      expect(sessions.refusal('ada', '')).toBeNull()
    }
    sessions.opened('ada', '', null)
    sessions.ended('ada', '', { id: null, forMs: 10_000 })
    expect(sessions.refusal('ada', '')).not.toBeNull()
  })

  it('lets a resume in without room, up to twice what a subject may open', () => {
    const { lag, sessions } = quota({ maxSessionsPerSubject: 2, maxSessions: 1, maxEventLoopLagMs: 1 })
    lag.ms = 1_000
    for (const id of ['0x1', '0x2', '0x3', '0x4'] as const) {
      expect(sessions.resumeRefusal('ada', '')).toBeNull()
      sessions.opened('ada', '', id)
    }
    expect(sessions.resumeRefusal('ada', '')).toEqual({
      limit: 'maxSessionsPerSubject',
      message: 'this subject holds 4 sessions here already; close some of its pages, then resume',
      retryAfterMs: 1_000,
    })
    expect(sessions.resumeRefusal('grace', '')).toBeNull()
    sessions.ended('ada', '', { id: '0x1', forMs: 10_000 })
    expect(sessions.resumeRefusal('ada', '')).toBeNull()
  })

  it('keeps no more places of one subject than that, whatever tokens it brings', () => {
    const kept = new KeptPlaces(() => 0)
    const limits = { ...DEFAULT_LIMITS, maxSessionsPerSubject: 2 }
    const sessions = new SessionQuota(
      limits,
      () => 0,
      () => 0,
      kept,
    )
    for (let at = 1; at <= 50; at++) {
      sessions.opened('ada', '', `0x${at.toString(16)}`)
      sessions.ended('ada', '', { id: `0x${at.toString(16)}`, forMs: 10_000 })
    }
    expect(kept.size).toBe(4)
  })

  it('spreads those who have to wait with a resume, too', () => {
    const { sessions } = quota({ maxSessionsPerSubject: 1 }, 0.5)
    for (let at = 0; at < 2; at += 1) sessions.opened('ada', '', `0x${at}`)
    expect(sessions.resumeRefusal('ada', '')?.retryAfterMs).toBe(1_500)
  })
})
