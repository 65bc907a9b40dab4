import { describe, expect, it } from 'vitest'
import { CheckPace } from '../../../../server/src/views/check-pace.js'

describe('the pace of checks', () => {
  /** A round of a second, in which all views together may read a thousand nodes. */
  function open(...views: number[]) {
    const pace = new CheckPace(1_000, 1_000)
    for (const nodes of views) pace.change(null, nodes)
    return pace
  }

  it('is the same for all while all of them can be read in time', () => {
    const pace = open(900, 10, 90)
    expect([900, 10].map((nodes) => pace.roundMs(nodes))).toEqual([1_000, 1_000])
  })

  it('is slower beyond, for those with more than their part alone', () => {
    const pace = open(10_000, 10, 500, 100)
    expect(pace.roundMs(10)).toBe(1_000)
    expect(pace.roundMs(100)).toBe(1_000)
    expect(pace.roundMs(500)).toBe(2_000)
    expect(pace.roundMs(10_000)).toBe(40_000)
  })

  it('never reads more than so many a second, whatever views there are', () => {
    for (const views of [
      [5_000, 5_000],
      Array(500).fill(20),
      [100_000, ...Array(50).fill(30)],
    ] as number[][]) {
      const pace = open(...views)
      const perSecond = views.reduce((sum, nodes) => sum + (nodes * 1_000) / pace.roundMs(nodes), 0)
      expect(perSecond).toBeLessThanOrEqual(1_001)
    }
  })

  it('is as it was when what was too much is gone', () => {
    const pace = open(500)
    pace.change(null, 5_000)
    pace.change(5_000, 6_000)
    expect(pace.roundMs(600)).toBeGreaterThan(1_000)
    pace.change(6_000, null)
    expect(pace.roundMs(600)).toBe(1_000)
  })
})
