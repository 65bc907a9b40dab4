import { describe, expect, it } from 'vitest'
import { Allowance } from '../../../../server/src/limits/allowance.js'

const RATE = { perSecond: 8, burst: 3 }

describe('an allowance', () => {
  it('gives its burst at once and then no more than its rate', () => {
    const allowance = new Allowance(RATE, 5_000)
    expect([1, 2, 3, 4].map(() => allowance.take(5_000))).toEqual([0, 0, 0, 125])
    expect(allowance.take(5_062.5)).toBe(63)
    expect(allowance.take(5_125)).toBe(0)
    expect(allowance.take(5_125)).toBe(125)
  })

  it('takes nothing where it has to wait, however often it is asked', () => {
    const allowance = new Allowance({ perSecond: 8, burst: 1 }, 0)
    allowance.take(0)
    for (let at = 0; at < 50; at += 1) expect(allowance.take(62.5)).toBe(63)
    expect(allowance.take(125)).toBe(0)
  })

  it('saves up no more than its burst', () => {
    const allowance = new Allowance(RATE, 0)
    const now = 3_600_000
    expect([1, 2, 3, 4].map(() => allowance.take(now))).toEqual([0, 0, 0, 125])
  })

  it('lets what has been used already run up a debt, and says when it is paid', () => {
    const allowance = new Allowance(RATE, 0)
    expect(allowance.spend(2, 0)).toBe(0)
    expect(allowance.msUntilOne(0)).toBe(0)
    expect(allowance.spend(1, 0)).toBe(0)
    expect(allowance.spend(16, 0)).toBe(2_000)
    expect(allowance.spend(0, 1_500)).toBe(500)
    expect(allowance.msUntilOne(1_500)).toBe(625)
    expect(allowance.spend(0, 2_000)).toBe(0)
    expect(allowance.take(2_000)).toBe(125)
  })

  it('rounds waits up, so that whoever waits as long as told is not told to wait again', () => {
    const allowance = new Allowance({ perSecond: 3, burst: 1 }, 0)
    allowance.take(0)
    const waitMs = allowance.take(0)
    expect(waitMs).toBe(334)
    expect(allowance.take(waitMs)).toBe(0)
  })
})
