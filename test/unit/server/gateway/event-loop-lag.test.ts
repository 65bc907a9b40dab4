import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EventLoopLag } from '../../../../server/src/gateway/event-loop-lag.js'

/** Each measurement comes `lateMs` later than it should. */
function lagging() {
  let now = 0
  const lag = new EventLoopLag(() => now)
  const measure = (lateMs: number) => {
    now += 100 + lateMs
    vi.advanceTimersByTime(100)
    return lag.ms()
  }
  return { lag, measure }
}

describe('the lag of the event loop', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is zero while timers are punctual, or early by a hair', () => {
    const { lag, measure } = lagging()
    lag.start()
    for (let at = 0; at < 20; at += 1) measure(at % 2 === 0 ? 0 : -1)
    expect(lag.ms()).toBe(0)
  })

  it('reaches a lateness that lasts, and falls with it', () => {
    const { lag, measure } = lagging()
    lag.start()
    for (let at = 0; at < 30; at += 1) measure(1_500)
    expect(lag.ms()).toBeCloseTo(1_500, -1)
    for (let at = 0; at < 30; at += 1) measure(0)
    expect(lag.ms()).toBeLessThan(5)
  })

  it('stays low after a single stall, even a night of sleep', () => {
    const { lag, measure } = lagging()
    lag.start()
    expect(measure(8 * 3_600_000)).toBe(800)
    expect(measure(0)).toBe(640)
  })

  it('uses a monotonic clock by default', () => {
    const lag = new EventLoopLag()
    lag.start()
    vi.setSystemTime(Date.now() + 3_600_000)
    vi.advanceTimersByTime(1_000)
    expect(lag.ms()).toBe(0)
    lag.stop()
  })

  it('has no timer before the start, one after several starts, and none after the stop', () => {
    const { lag } = lagging()
    expect(vi.getTimerCount()).toBe(0)
    lag.start()
    lag.start()
    expect(vi.getTimerCount()).toBe(1)
    lag.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
