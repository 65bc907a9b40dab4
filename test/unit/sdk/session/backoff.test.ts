import { describe, expect, it } from 'vitest'
import { type Backoff, createBackoff } from '../../../../client-sdk/src/session/dialer.js'

const take = (backoff: Backoff, count: number) => Array.from({ length: count }, () => backoff.waitMs())

describe('the backoff', () => {
  it('does not wait before the first attempt, then doubles up to five seconds', () => {
    expect(
      take(
        createBackoff(() => 1),
        8,
      ),
    ).toEqual([0, 100, 300, 700, 1_500, 3_100, 5_000, 5_000])
  })

  it('waits anything from nothing to the bound', () => {
    const parts = [0, 0.25, 0.5]
    expect(
      take(
        createBackoff(() => parts.shift() ?? 1),
        4,
      ),
    ).toEqual([0, 25, 150, 700])
  })

  it('starts with at most 100 ms after a reset, and stays bounded after a thousand attempts', () => {
    const backoff = createBackoff(() => 1)
    expect(Math.max(...take(backoff, 2_000))).toBe(5_000)
    backoff.reset()
    expect(backoff.waitMs()).toBe(100)
  })
})
