import { describe, expect, it } from 'vitest'
import { PageRate } from '../../../../server/src/connection/page-rate.js'
import { DEFAULT_LIMITS } from '../../../../server/src/limits/limits.js'

const LIMITS = {
  ...DEFAULT_LIMITS,
  maxMessagesPerSecond: 100,
  maxBytesPerSecond: 1_000,
  maxMessagesPerSecondPerSubject: 200,
  maxBytesPerSecondPerSubject: 2_000,
}

describe('a rate', () => {
  it('lets two seconds of messages through at once, and then one when there is one', () => {
    const rate = PageRate.ofPage(LIMITS, 0)
    rate.spend(199, 0, 0)
    expect(rate.wait(0)).toBeNull()
    rate.spend(1, 0, 0)
    expect(rate.wait(0)).toEqual({ limit: 'maxMessagesPerSecond', ms: 10 })
    expect(rate.wait(10)).toBeNull()
  })

  it('lets two seconds of bytes through at once, and then nothing before the debt is paid', () => {
    const rate = PageRate.ofPage(LIMITS, 0)
    rate.spend(1, 2_000, 0)
    expect(rate.wait(0)).toBeNull()
    rate.spend(1, 500, 0)
    expect(rate.wait(0)).toEqual({ limit: 'maxBytesPerSecond', ms: 500 })
    expect([rate.wait(499), rate.wait(500)]).toEqual([expect.anything(), null])
  })

  it('names what there is most too much of', () => {
    const rate = PageRate.ofSubject(LIMITS, 0)
    rate.spend(400, 2_001, 0)
    expect(rate.wait(0)).toEqual({ limit: 'maxMessagesPerSecondPerSubject', ms: 5 })
    const even = PageRate.ofPage(LIMITS, 0)
    even.spend(200, 2_010, 0)
    expect(even.wait(0)).toEqual({ limit: 'maxMessagesPerSecond', ms: 10 })
    rate.spend(0, 20_000, 0)
    expect(rate.wait(0)).toEqual({ limit: 'maxBytesPerSecondPerSubject', ms: 9_001 })
  })

  it('tells too many messages from too many bytes', () => {
    const rate = PageRate.ofPage(LIMITS, 0)
    rate.spend(0, 10_000, 0)
    expect(rate.hasTooManyMessages(0)).toBe(false)
    rate.spend(200, 0, 0)
    expect(rate.hasTooManyMessages(0)).toBe(true)
  })
})
