import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EventLoopLag, UnreadBytes } from '../../../../server/src/gateway/overload.js'

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

function pages(amounts: number[]) {
  const evicted: number[] = []
  let sums = 0
  const readers = amounts.map((bufferedAmount, at) => ({
    bufferedAmount,
    shed() {
      evicted.push(at)
      // The verdict, while the bytes that wait are not freed yet.
      unread.written(1)
      this.bufferedAmount = 0
    },
  }))
  const unread: UnreadBytes = new UnreadBytes(1_000, () => {
    sums += 1
    return readers
  })
  return { unread, evicted, readers, sums: () => sums }
}

describe('the backlog of all pages', () => {
  it('is summed up only when it may exceed the limit', () => {
    const { unread, sums } = pages([900])
    unread.written(600)
    unread.written(400)
    expect(sums()).toBe(0)
    unread.written(1)
    expect(sums()).toBe(1)
  })

  it('evicts no page when the bytes were read meanwhile', () => {
    const { unread, evicted, sums } = pages([400, 0, 500])
    unread.written(1_001)
    expect(evicted).toEqual([])
    // 900 bytes wait, as the sum has found.
    unread.written(100)
    expect(sums()).toBe(1)
    unread.written(1)
    expect(sums()).toBe(2)
  })

  it('may reach the limit, and falls to three quarters of it after an eviction', () => {
    const full = pages([500, 500])
    full.unread.written(1_001)
    expect(full.evicted).toEqual([])
    const over = pages([500, 250, 251])
    over.unread.written(1_001)
    expect(over.evicted).toEqual([0])
    const exact = pages([251, 750])
    exact.unread.written(1_001)
    expect(exact.evicted).toEqual([1])
    const left = pages([750, 251])
    left.readers[1]!.bufferedAmount = 751
    left.unread.written(1_501)
    expect(left.evicted).toEqual([1])
  })

  it('evicts the pages with the largest backlog until a quarter of the limit is free', () => {
    const { unread, evicted, sums } = pages([100, 600, 300, 5, 400])
    unread.written(1_405)
    expect(evicted).toEqual([1, 4])
    unread.written(593)
    expect(sums()).toBe(1)
    unread.written(1)
    expect(sums()).toBe(2)
    expect(evicted).toEqual([1, 4])
  })
})
