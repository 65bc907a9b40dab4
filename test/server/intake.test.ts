import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Intake } from '../../server/src/intake.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function intake(limits: { maxMessagesPerSecond?: number; maxBytesPerSecond?: number } = {}) {
  const handled: unknown[] = []
  const told: string[] = []
  const socket = { pause: () => told.push('pause'), resume: () => told.push('resume') }
  const page: Intake = new Intake(socket, {
    limits: { maxMessagesPerSecond: 100, maxBytesPerSecond: 1_000_000, ...limits },
    receive: (message) => {
      handled.push(message)
      if (message === 'end') page.end()
    },
    limited: (limit) => told.push(limit),
    now: () => performance.now(),
  })
  return { page, handled, told }
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, at) => from + at)

describe('the intake of a page', () => {
  it('handles at once, and leaves the socket alone, what is within the rate', () => {
    const { page, handled, told } = intake()
    page.take([1, 2], 10)
    page.take([3], 10)
    expect(handled).toEqual([1, 2, 3])
    vi.advanceTimersByTime(0)
    expect(told).toEqual(['resume'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('lets the others have their turn after 64 messages, in whatever frames they came', () => {
    const { page, handled, told } = intake({ maxMessagesPerSecond: 1_000 })
    for (const at of numbers(100)) page.take([at], 1)
    expect(handled).toEqual(numbers(64))
    expect(told[0]).toBe('pause')
    vi.advanceTimersToNextTimer()
    expect(handled).toEqual(numbers(100))
    vi.advanceTimersToNextTimer()
    expect(told.at(-1)).toBe('resume')
    expect(told).not.toContain('maxMessagesPerSecond')
  })

  it('handles two seconds of messages at once and the rest at the rate, in order, without reading on meanwhile', () => {
    const { page, handled, told } = intake()
    page.take(numbers(300), 300)
    vi.advanceTimersByTime(10)
    expect(handled).toHaveLength(200)
    expect(told).toEqual(['pause', 'maxMessagesPerSecond'])
    vi.advanceTimersByTime(500)
    expect(handled.length).toBeGreaterThanOrEqual(245)
    expect(handled.length).toBeLessThanOrEqual(251)
    // What was read together with the rest waits behind it.
    page.take(['later'], 5)
    vi.advanceTimersByTime(600)
    expect(handled).toEqual([...numbers(300), 'later'])
    expect(told.at(-1)).toBe('resume')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('costs a flood no more than fifty timers a second', () => {
    const { page, told } = intake({ maxMessagesPerSecond: 1_000 })
    page.take(numbers(4_000), 300)
    vi.advanceTimersByTime(50)
    told.length = 0
    vi.advanceTimersByTime(1_000)
    const waits = told.filter((what) => what === 'maxMessagesPerSecond').length
    expect(waits).toBeGreaterThan(20)
    expect(waits).toBeLessThanOrEqual(50)
  })

  it('reads on when the bytes are paid for', () => {
    const { page, handled, told } = intake({ maxBytesPerSecond: 1_000 })
    page.take([1], 2_000)
    vi.advanceTimersByTime(0)
    expect(told).toEqual(['resume'])
    page.take([2], 500)
    expect(handled).toEqual([1, 2])
    vi.advanceTimersByTime(490)
    expect(told).toEqual(['resume', 'pause', 'maxBytesPerSecond'])
    vi.advanceTimersByTime(20)
    expect(told.at(-1)).toBe('resume')
  })

  it('drops what waits, and reads on, when the connection ends in the middle', () => {
    const { page, handled, told } = intake()
    page.take([1, 'end', 2], 10)
    page.take([3], 10)
    vi.runAllTimers()
    expect(handled).toEqual([1, 'end'])
    expect(told.at(-1)).toBe('resume')
  })

  it('leaves no timer behind when the connection ends while it waits', () => {
    const { page, handled, told } = intake()
    page.take(numbers(300), 300)
    vi.advanceTimersByTime(10)
    page.end()
    page.end()
    expect(vi.getTimerCount()).toBe(0)
    expect(handled).toHaveLength(200)
    expect(told.filter((what) => what === 'resume')).toHaveLength(1)
  })
})
