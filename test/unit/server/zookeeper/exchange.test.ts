import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Deadline } from '../../../../server/src/zookeeper/exchange.js'

let passed: number[]
let deadline: Deadline
let start: number

beforeEach(() => {
  vi.useFakeTimers()
  start = performance.now()
  passed = []
  // To the nearest ten: the judgement comes one immediate after the timer.
  deadline = new Deadline(() => passed.push(Math.round((performance.now() - start) / 10) * 10))
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a deadline', () => {
  it('passes once, at its time', async () => {
    deadline.set(100)
    await vi.advanceTimersByTimeAsync(99)
    expect(passed).toEqual([])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(passed).toEqual([100])
  })

  it('passes at the last time set if it moves on, with one timer at a time', async () => {
    deadline.set(100)
    for (let i = 0; i < 10; i++) {
      await vi.advanceTimersByTimeAsync(50)
      deadline.set(100)
      expect(vi.getTimerCount()).toBe(1)
    }
    await vi.advanceTimersByTimeAsync(1_000)
    expect(passed).toEqual([600])
  })

  it('passes at the earlier time if it is brought forward', async () => {
    deadline.set(1_000)
    deadline.set(10)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(passed).toEqual([10])
  })

  it('does not pass if it is cleared, and can be set again', async () => {
    deadline.set(100)
    deadline.clear()
    await vi.advanceTimersByTimeAsync(500)
    expect(passed).toEqual([])
    deadline.set(100)
    await vi.advanceTimersByTimeAsync(500)
    expect(passed).toEqual([600])
  })

  it('does not pass if it moves between its timer and the judgement', async () => {
    deadline.set(100)
    vi.advanceTimersToNextTimer()
    expect(performance.now() - start).toBe(100)
    deadline.set(100)
    await vi.advanceTimersByTimeAsync(50)
    expect(passed).toEqual([])
    await vi.advanceTimersByTimeAsync(500)
    expect(passed).toHaveLength(1)
  })

  it('leaves no timer if it is stopped', () => {
    deadline.set(100)
    deadline.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
