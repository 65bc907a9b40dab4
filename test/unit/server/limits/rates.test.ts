import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../../../server/src/config/limit-settings.js'
import { MessageRate, TokenBucket } from '../../../../server/src/limits/rates.js'

const RATE = { perSecond: 8, burst: 3 }

describe('a token bucket', () => {
  it('gives its burst at once and then no more than its rate', () => {
    const bucket = new TokenBucket(RATE, 5_000)
    expect([1, 2, 3, 4].map(() => bucket.take(5_000))).toEqual([0, 0, 0, 125])
    expect(bucket.take(5_062.5)).toBe(63)
    expect(bucket.take(5_125)).toBe(0)
    expect(bucket.take(5_125)).toBe(125)
  })

  it('keeps its tokens while a caller has to wait, however often it asks', () => {
    const bucket = new TokenBucket({ perSecond: 8, burst: 1 }, 0)
    bucket.take(0)
    for (let at = 0; at < 50; at += 1) expect(bucket.take(62.5)).toBe(63)
    expect(bucket.take(125)).toBe(0)
  })

  it('saves up no more than its burst', () => {
    const bucket = new TokenBucket(RATE, 0)
    const now = 3_600_000
    expect([1, 2, 3, 4].map(() => bucket.take(now))).toEqual([0, 0, 0, 125])
  })

  it('runs up a debt for tokens that are used already, and says when it is paid', () => {
    const bucket = new TokenBucket(RATE, 0)
    expect(bucket.spend(2, 0)).toBe(0)
    expect(bucket.msUntil(1, 0)).toBe(0)
    expect(bucket.spend(1, 0)).toBe(0)
    expect(bucket.spend(16, 0)).toBe(2_000)
    expect(bucket.spend(0, 1_500)).toBe(500)
    expect(bucket.msUntil(1, 1_500)).toBe(625)
    expect(bucket.spend(0, 2_000)).toBe(0)
    expect(bucket.take(2_000)).toBe(125)
  })

  it('rounds waits up, so that a caller that waits as long as it is told does not wait again', () => {
    const bucket = new TokenBucket({ perSecond: 3, burst: 1 }, 0)
    bucket.take(0)
    const waitMs = bucket.take(0)
    expect(waitMs).toBe(334)
    expect(bucket.take(waitMs)).toBe(0)
  })
})

const LIMITS = {
  ...DEFAULT_LIMITS,
  maxMessagesPerSecond: 100,
  maxBytesPerSecond: 1_000,
  maxMessagesPerSecondPerSubject: 200,
  maxBytesPerSecondPerSubject: 2_000,
}

describe('a message rate', () => {
  it('lets two seconds of messages through at once, and then each when its token is there', () => {
    const rate = new MessageRate('page', LIMITS, 0)
    rate.spend(199, 0, 0)
    expect(rate.wait(0)).toBeNull()
    rate.spend(1, 0, 0)
    expect(rate.wait(0)).toEqual({ limit: 'maxMessagesPerSecond', ms: 10 })
    expect(rate.wait(10)).toBeNull()
  })

  it('lets two seconds of bytes through at once, and then nothing before the debt is paid', () => {
    const rate = new MessageRate('page', LIMITS, 0)
    rate.spend(1, 2_000, 0)
    expect(rate.wait(0)).toBeNull()
    rate.spend(1, 500, 0)
    expect(rate.wait(0)).toEqual({ limit: 'maxBytesPerSecond', ms: 500 })
    expect([rate.wait(499), rate.wait(500)]).toEqual([expect.anything(), null])
  })

  it('names the limit that takes longest to pay', () => {
    const rate = new MessageRate('subject', LIMITS, 0)
    rate.spend(400, 2_001, 0)
    expect(rate.wait(0)).toEqual({ limit: 'maxMessagesPerSecondPerSubject', ms: 5 })
    const even = new MessageRate('page', LIMITS, 0)
    even.spend(200, 2_010, 0)
    expect(even.wait(0)).toEqual({ limit: 'maxMessagesPerSecond', ms: 10 })
    rate.spend(0, 20_000, 0)
    expect(rate.wait(0)).toEqual({ limit: 'maxBytesPerSecondPerSubject', ms: 9_001 })
  })

  it('tells too many messages from too many bytes', () => {
    const rate = new MessageRate('page', LIMITS, 0)
    rate.spend(0, 10_000, 0)
    expect(rate.hasTooManyMessages(0)).toBe(false)
    rate.spend(200, 0, 0)
    expect(rate.hasTooManyMessages(0)).toBe(true)
  })
})
