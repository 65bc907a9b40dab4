import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EventLoopLag } from '../../../../server/src/gateway/event-loop-lag.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Each look comes so many milliseconds later than it should. */
function lagging() {
  let now = 0
  const lag = new EventLoopLag(() => now)
  const look = (lateMs: number) => {
    now += 100 + lateMs
    vi.advanceTimersByTime(100)
    return lag.ms
  }
  return { lag, look }
}

describe('the lag of the event loop', () => {
  it('is nothing while timers are punctual, or early by a hair', () => {
    const { lag, look } = lagging()
    lag.start()
    for (let at = 0; at < 20; at += 1) look(at % 2 === 0 ? 0 : -1)
    expect(lag.ms).toBe(0)
  })

  it('comes to the lateness that lasts, and goes with it', () => {
    const { lag, look } = lagging()
    lag.start()
    for (let at = 0; at < 30; at += 1) look(1_500)
    expect(lag.ms).toBeCloseTo(1_500, -1)
    for (let at = 0; at < 30; at += 1) look(0)
    expect(lag.ms).toBeLessThan(5)
  })

  it('takes no single stall for overload, not even a night of sleep', () => {
    const { lag, look } = lagging()
    lag.start()
    expect(look(8 * 3_600_000)).toBe(800)
    expect(look(0)).toBe(640)
  })

  it('goes by a clock that nobody sets, unless it is given another', () => {
    const lag = new EventLoopLag()
    lag.start()
    vi.setSystemTime(Date.now() + 3_600_000)
    vi.advanceTimersByTime(1_000)
    expect(lag.ms).toBe(0)
    lag.stop()
  })

  it('is not looked at before the start, by one timer after several, and by none after the stop', () => {
    const { lag } = lagging()
    expect(vi.getTimerCount()).toBe(0)
    lag.start()
    lag.start()
    expect(vi.getTimerCount()).toBe(1)
    lag.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
