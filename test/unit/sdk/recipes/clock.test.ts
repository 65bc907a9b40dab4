import { afterEach, expect, it, vi } from 'vitest'
import { pageClock } from '../../../../client-sdk/src/recipes/lease.js'

afterEach(() => vi.restoreAllMocks())

it('measures the time that a sleeping machine hides from one of its clocks, and that a clock set back takes away', () => {
  const wall = vi.spyOn(Date, 'now').mockReturnValue(1_000_000)
  const monotonic = vi.spyOn(performance, 'now').mockReturnValue(500)
  const moment = pageClock.now()
  monotonic.mockReturnValue(600)
  wall.mockReturnValue(1_060_000)
  expect(pageClock.since(moment)).toBe(60_000)
  monotonic.mockReturnValue(3_500)
  wall.mockReturnValue(900_000)
  expect(pageClock.since(moment)).toBe(3_000)
})
