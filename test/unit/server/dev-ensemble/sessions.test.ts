import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Sessions, sessionPassword } from '../../../../server/src/dev-ensemble/sessions.js'

const TICK_TIME_MS = 500

/** A clock that stands still until it is set. */
function clockAt(nowMs: number) {
  const clock = { nowMs, now: () => clock.nowMs, wallTime: () => 1_700_000_000_000 }
  return clock
}

const sessionsOf = (clock: ReturnType<typeof clockAt>) => new Sessions(clock, TICK_TIME_MS)

it('a session ends at the first end of a tick after its timeout', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100_000 }),
      fc.integer({ min: 1, max: 60_000 }),
      (start, timeoutMs) => {
        const clock = clockAt(start)
        const sessions = sessionsOf(clock)
        const { expiresAt } = sessions.open(0, timeoutMs)
        expect(expiresAt % TICK_TIME_MS).toBe(0)
        expect(expiresAt).toBeGreaterThan(start + timeoutMs)
        expect(expiresAt).toBeLessThanOrEqual(start + timeoutMs + TICK_TIME_MS)
      },
    ),
  )
})

it('a timeout counts from the last sign of life of its session', () => {
  const clock = clockAt(0)
  const sessions = sessionsOf(clock)
  const session = sessions.open(0, 1000)
  clock.nowMs = 1400
  sessions.touch(session)
  clock.nowMs = 2499
  expect(sessions.overdue()).toEqual([])
  clock.nowMs = 2500
  expect(sessions.overdue()).toEqual([session])
})

it('the list of overdue sessions begins with the longest overdue', () => {
  const clock = clockAt(0)
  const sessions = sessionsOf(clock)
  const [long, short] = [sessions.open(0, 3000), sessions.open(0, 1000)]
  clock.nowMs = 10_000
  expect(sessions.overdue()).toEqual([short, long])
})

it('all sessions get their whole timeout again under a new leader', () => {
  const clock = clockAt(0)
  const sessions = sessionsOf(clock)
  sessions.open(0, 1000)
  clock.nowMs = 5000
  sessions.touchAll()
  expect(sessions.overdue()).toEqual([])
})

it('a session has the password that ZooKeeper computes', () => {
  // Recorded from a server of Apache ZooKeeper 3.8.
  expect(sessionPassword(0x1000037bd580000n).toString('hex')).toBe('9a20b31b1f6f1c2108f6859f003a179c')
})
