import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../../../server/src/config/limit-settings.js'
import { type HeldSession, OwnerMarks, SessionRegistry } from '../../../../server/src/session/registry.js'
import { heapAfterCollection } from '../../../tools/heap.js'

function prepare(limits: object = {}, random = 0) {
  const lag = { ms: 0 }
  const clock = { ms: 0 }
  const registry = new SessionRegistry(
    { ...DEFAULT_LIMITS, ...limits },
    { lagMs: () => lag.ms, now: () => clock.ms, random: () => random },
  )
  return { lag, clock, registry, ada: registry.enter('ada', ''), grace: registry.enter('grace', '') }
}

/** A session that writes down what the registry does to it. */
function held(leftBy: HeldSession['leftBy'] = null) {
  const log: string[] = []
  const session = { leftBy, replace: () => log.push('replaced'), endLinger: () => log.push('ended') }
  return { log, session }
}

describe('a subject', () => {
  it('is one object for all pages of one name below one chroot', () => {
    const { registry } = prepare()
    const subject = registry.enter('mary', '/a')
    expect(registry.enter('mary', '/a')).toBe(subject)
    expect(registry.enter('mary', '/b')).not.toBe(subject)
    expect({ ...subject }).toMatchObject({ name: 'mary', chroot: '/a', pages: 2, sessions: 0 })
  })

  it('shares one rate among its pages, which is forgotten with the last page', () => {
    const { registry } = prepare({ maxMessagesPerSecondPerSubject: 100 })
    const [first, second] = [registry.enter('mary', ''), registry.enter('mary', '')]
    first.rate.spend(200, 0, 0)
    expect(second.rate.wait(0)).toEqual({ limit: 'maxMessagesPerSecondPerSubject', ms: 10 })
    registry.leave(first)
    expect(registry.enter('mary', '').rate.wait(0)).not.toBeNull()
    registry.leave(first)
    registry.leave(second)
    expect(registry.enter('mary', '').rate.wait(0)).toBeNull()
  })

  it('stays known while it has a page, a session or a detached session', () => {
    const { registry, clock } = prepare()
    const before = registry.subjects
    const subject = registry.enter('mary', '')
    registry.opened(subject, null)
    registry.leave(subject)
    expect(registry.subjects).toBe(before + 1)
    registry.ended(subject, { id: '0x1', forMs: 5_000 })
    expect(registry.enter('mary', '')).toBe(subject)
    registry.leave(subject)
    clock.ms = 6_000
    expect(registry.detached).toBe(0)
    expect(registry.subjects).toBe(before)
  })

  it('stays known while it keeps a slot at the attach gate, and is forgotten by a later search', () => {
    const { registry, clock } = prepare()
    const before = registry.subjects
    const subject = registry.enter('mary', '')
    subject.attaching = 1
    registry.leave(subject)
    for (const ms of [1_000, 2_000]) {
      clock.ms = ms
      expect(registry.detached).toBe(0)
      expect(registry.enter('mary', '')).toBe(subject)
      registry.leave(subject)
    }
    subject.attaching = 0
    clock.ms = 3_000
    expect(registry.detached).toBe(0)
    expect(registry.subjects).toBe(before)
  })

  it('leaves nothing behind when it is gone', () => {
    const { registry, ada } = prepare()
    const before = heapAfterCollection()
    for (let at = 0; at < 50_000; at += 1) {
      const subject = registry.enter(`subject ${at}`, '/tenants/a')
      registry.opened(subject, null)
      registry.ended(subject, null)
      registry.leave(subject)
    }
    expect(heapAfterCollection() - before).toBeLessThan(1_000_000)
    expect(registry.refusal(ada)).toBeNull()
  })
})

describe('the session quota', () => {
  it('spreads the return of refused pages at random, by the clock of the process', () => {
    const registry = new SessionRegistry({ ...DEFAULT_LIMITS, maxSessions: 1 }, { lagMs: () => 0 })
    const ada = registry.enter('ada', '')
    registry.opened(ada, null)
    registry.ended(ada, { id: '0x1', forMs: 60_000 })
    const waits = Array.from({ length: 20 }, () => registry.refusal(ada)?.retryAfterMs ?? 0)
    expect(new Set(waits).size).toBeGreaterThan(1)
    for (const ms of waits) expect(ms >= 5_000 && ms <= 10_000).toBe(true)
  })

  it('bounds the sessions of one subject below one chroot', () => {
    const { registry, ada, grace } = prepare({ maxSessionsPerSubject: 2 })
    registry.opened(ada, null)
    expect(registry.refusal(ada)).toBeNull()
    registry.opened(ada, null)
    expect(registry.refusal(ada)).toEqual({
      limit: 'maxSessionsPerSubject',
      message: 'this subject has 2 sessions here already; close some of its pages',
      retryAfterMs: 5_000,
    })
    expect(registry.refusal(registry.enter('ada', '/b'))).toBeNull()
    expect(registry.refusal(grace)).toBeNull()
    registry.ended(ada, null)
    expect(registry.refusal(ada)).toBeNull()
    registry.opened(ada, null)
    expect(registry.refusal(ada)).not.toBeNull()
  })

  it('begins anew for a subject that has no session left', () => {
    const { registry, ada } = prepare({ maxSessionsPerSubject: 1 })
    registry.opened(ada, null)
    registry.ended(ada, null)
    expect(registry.refusal(ada)).toBeNull()
    registry.opened(ada, null)
    expect(registry.refusal(ada)?.limit).toBe('maxSessionsPerSubject')
  })

  it('bounds the sessions of all subjects together', () => {
    const { registry, ada, grace } = prepare({ maxSessions: 2 })
    const mary = registry.enter('mary', '')
    registry.opened(ada, null)
    expect(registry.refusal(mary)).toBeNull()
    registry.opened(grace, null)
    expect(registry.refusal(mary)?.limit).toBe('maxSessions')
    registry.ended(ada, null)
    expect(registry.refusal(mary)).toBeNull()
  })

  it('refuses every new session while the event loop is later than it may be', () => {
    const { lag, registry, ada } = prepare({ maxEventLoopLagMs: 50 })
    lag.ms = 50
    expect(registry.refusal(ada)).toBeNull()
    lag.ms = 51
    expect(registry.refusal(ada)?.limit).toBe('maxEventLoopLagMs')
  })

  it('spreads the return of refused pages', () => {
    const { registry, ada, grace } = prepare({ maxSessions: 1 }, 0.5)
    registry.opened(ada, null)
    expect(registry.refusal(grace)?.retryAfterMs).toBe(7_500)
  })

  it('lets a resume in without room, up to twice the sessions that a subject may open', () => {
    const { lag, registry, ada, grace } = prepare({
      maxSessionsPerSubject: 2,
      maxSessions: 1,
      maxEventLoopLagMs: 1,
    })
    lag.ms = 1_000
    for (const id of ['0x1', '0x2', '0x3', '0x4'] as const) {
      expect(registry.resumeRefusal(ada)).toBeNull()
      registry.opened(ada, id)
    }
    expect(registry.resumeRefusal(ada)).toEqual({
      limit: 'maxSessionsPerSubject',
      message: 'this subject holds 4 sessions here already; close some of its pages, then resume',
      retryAfterMs: 1_000,
    })
    expect(registry.resumeRefusal(grace)).toBeNull()
    registry.ended(ada, { id: '0x1', forMs: 10_000 })
    expect(registry.resumeRefusal(ada)).toBeNull()
  })

  it('spreads the return of pages that wait with a resume', () => {
    const { registry, ada } = prepare({ maxSessionsPerSubject: 1 }, 0.5)
    for (let at = 0; at < 2; at += 1) registry.opened(ada, `0x${at}`)
    expect(registry.resumeRefusal(ada)?.retryAfterMs).toBe(1_500)
  })
})

describe('a detached session', () => {
  it('counts until its timeout has passed', () => {
    const { clock, registry, ada, grace } = prepare({ maxSessionsPerSubject: 1, maxSessions: 1 })
    registry.opened(ada, null)
    registry.ended(ada, { id: '0x1', forMs: 10_000 })
    clock.ms = 9_999
    expect(registry.refusal(ada)?.limit).toBe('maxSessionsPerSubject')
    expect(registry.refusal(grace)?.limit).toBe('maxSessions')
    clock.ms = 11_000
    expect(registry.refusal(ada)).toBeNull()
    expect(registry.refusal(grace)).toBeNull()
  })

  it('counts each for its own time', () => {
    const { clock, registry, ada } = prepare({ maxSessionsPerSubject: 2 })
    for (const [id, forMs] of [
      ['0x1', 5_000],
      ['0x2', 10_000],
    ] as const) {
      registry.opened(ada, null)
      registry.ended(ada, { id, forMs })
    }
    clock.ms = 4_999
    expect(registry.refusal(ada)).not.toBeNull()
    clock.ms = 5_000
    expect(registry.refusal(ada)).toBeNull()
    expect(ada.detached.size).toBe(1)
  })

  it('is one of several, of which a resume takes its own', () => {
    const { registry, ada } = prepare({ maxSessionsPerSubject: 3 })
    for (const id of ['0x1', '0x2'] as const) {
      registry.opened(ada, null)
      registry.ended(ada, { id, forMs: 10_000 })
    }
    registry.opened(ada, '0x2')
    expect([...ada.detached.keys()]).toEqual(['0x1'])
    expect(registry.detached).toBe(1)
  })

  it('counts once, however often it is detached and resumed', () => {
    const { clock, registry, ada } = prepare({ maxSessionsPerSubject: 2 })
    for (let round = 0; round < 5; round++) {
      registry.opened(ada, '0x1')
      expect(registry.refusal(ada)).toBeNull()
      registry.ended(ada, { id: '0x1', forMs: 10_000 })
      expect(registry.refusal(ada)).toBeNull()
      clock.ms += 100
    }
    expect(registry.detached).toBe(1)
    clock.ms = 10_399
    expect(registry.detached).toBe(1)
    clock.ms = 11_400
    expect(registry.detached).toBe(0)
  })

  it('counts as one more each time where its id has not arrived', () => {
    const { registry, ada } = prepare({ maxSessionsPerSubject: 3 })
    for (let round = 0; round < 2; round++) {
      registry.opened(ada, null)
      registry.ended(ada, { id: null, forMs: 10_000 })
    }
    expect(registry.detached).toBe(2)
    expect(registry.refusal(ada)).toBeNull()
    registry.opened(ada, '0x7')
    expect(registry.refusal(ada)).not.toBeNull()
  })

  it('is kept up to a bound for each subject, whatever tokens the subject brings', () => {
    const { registry, ada } = prepare({ maxSessionsPerSubject: 2 })
    for (let at = 1; at <= 50; at++) {
      registry.opened(ada, `0x${at.toString(16)}`)
      registry.ended(ada, { id: `0x${at.toString(16)}`, forMs: 10_000 })
    }
    expect(registry.detached).toBe(4)
  })

  it('is forgotten by a later search where its page never comes back', () => {
    const { clock, registry, ada } = prepare()
    for (let at = 0; at < 100; at++) {
      const subject = registry.enter(`subject ${at}`, '')
      registry.opened(subject, null)
      registry.ended(subject, { id: '0x1', forMs: 5_000 })
      registry.leave(subject)
    }
    const before = registry.subjects
    clock.ms = 6_000
    registry.opened(ada, null)
    registry.ended(ada, { id: '0x1', forMs: 5_000 })
    expect(registry.detached).toBe(1)
    expect(registry.subjects).toBe(before - 100)
  })
})

describe('the session registry', () => {
  it('replaces the session that held an id before', () => {
    const { registry } = prepare()
    const [older, newer] = [held(), held()]
    registry.take('0x1', older.session)
    registry.take('0x1', older.session)
    expect(older.log).toEqual([])
    registry.take('0x1', newer.session)
    expect([older.log, newer.log, registry.size]).toEqual([['replaced'], [], 1])
    registry.drop('0x1', older.session)
    expect(registry.size).toBe(1)
    registry.drop('0x1', newer.session)
    expect(registry.size).toBe(0)
  })

  it('ends the lingers of the holders that it is asked for, and of no connected page', () => {
    const { registry } = prepare()
    const [ada, grace, here] = [
      held({ subject: 'ada', issuedAt: 1 }),
      held({ subject: 'grace', issuedAt: null }),
      held(),
    ]
    for (const [at, { session }] of [ada, grace, here].entries()) registry.take(`0x${at}`, session)
    registry.endLingers(({ subject }) => subject === 'ada')
    expect([ada.log, grace.log, here.log]).toEqual([['ended'], [], []])
    registry.endLingers()
    expect([ada.log, grace.log, here.log]).toEqual([['ended', 'ended'], ['ended'], []])
  })
})

describe('the mark of an owner', () => {
  const session = Buffer.from('1234567890abcdef', 'hex')

  it('is the same for one session, and another for each other session', () => {
    const marks = new OwnerMarks()
    expect(marks.of(Buffer.from(session))).toBe(marks.of(session))
    expect(marks.of(Buffer.alloc(8))).not.toBe(marks.of(session))
  })

  it('is short, is another on each gateway, and does not show the id of the session', () => {
    const [one, other] = [new OwnerMarks().of(session), new OwnerMarks().of(session)]
    expect(Buffer.from(one, 'base64url')).toHaveLength(8)
    expect(one).not.toBe(other)
    expect(one).not.toBe(session.toString('base64url'))
  })
})
