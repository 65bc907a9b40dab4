import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TokenExpiry } from '../../../../server/src/connection/token-expiry.js'

const START = 1_767_225_600_000
beforeEach(() => {
  vi.useFakeTimers({ now: START })
})
afterEach(() => {
  vi.useRealTimers()
})

function start(lifeMs: number | null) {
  const told: [what: string, atMs: number][] = []
  const tell = (what: string) => () => told.push([what, Date.now() - START])
  const expiry = new TokenExpiry(
    { askForToken: tell('ask'), tokenExpired: tell('expired') },
    lifeMs === null ? null : START + lifeMs,
  )
  return { told, expiry }
}

describe('the expiry of a token', () => {
  it.each([
    ['half a minute before the end', 3_600_000, 3_570_000],
    ['when a third is left of a short life', 60_000, 40_000],
    ['when a third is left of a very short life', 900, 600],
    ['at the share where both are the same', 90_000, 60_000],
  ])('asks %s, once, and ends exactly at the end', (_, lifeMs, askAt) => {
    const { told } = start(lifeMs)
    vi.advanceTimersByTime(lifeMs - 1)
    expect(told).toEqual([['ask', askAt]])
    vi.advanceTimersByTime(1)
    expect(told).toEqual([
      ['ask', askAt],
      ['expired', lifeMs],
    ])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends a token that has expired already at once, without asking for another', () => {
    const { told } = start(-5)
    vi.advanceTimersByTime(1)
    expect(told).toEqual([['expired', 1]])
  })

  it('needs no timer for a token that does not expire', () => {
    const { told } = start(null)
    expect(vi.getTimerCount()).toBe(0)
    expect(told).toEqual([])
  })

  it('is not caught out by a life longer than a timer counts', () => {
    const year = 365 * 86_400_000
    const { told } = start(year)
    vi.advanceTimersByTime(2 ** 31)
    expect(told).toEqual([])
    vi.setSystemTime(START + year - 60_000)
    vi.advanceTimersByTime(60_000)
    expect(told.map(([what]) => what)).toEqual(['ask', 'expired'])
  })

  it('notices within a minute that the clock was set', () => {
    const { told } = start(3_600_000)
    vi.setSystemTime(START + 3_600_000)
    vi.advanceTimersByTime(60_000)
    expect(told.map(([what]) => what)).toEqual(['expired'])
  })

  it('begins anew with a fresh token, also with one that does not expire', () => {
    const { told, expiry } = start(90_000)
    vi.advanceTimersByTime(60_000)
    expiry.renew(START + 150_000)
    vi.advanceTimersByTime(60_000)
    expect(told).toEqual([
      ['ask', 60_000],
      ['ask', 120_000],
    ])
    expiry.renew(null)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('asks again when it is told to, unless the end comes first', () => {
    const { told, expiry } = start(90_000)
    vi.advanceTimersByTime(60_000)
    expiry.askAgain(10_000)
    vi.advanceTimersByTime(10_000)
    expiry.askAgain(60_000)
    vi.advanceTimersByTime(60_000)
    expect(told).toEqual([
      ['ask', 60_000],
      ['ask', 70_000],
      ['expired', 90_000],
    ])
  })

  it('is silent once it is stopped', () => {
    const { told, expiry } = start(1_000)
    expiry.stop()
    vi.advanceTimersByTime(2_000)
    expect(told).toEqual([])
  })
})
