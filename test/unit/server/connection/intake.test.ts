import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DEFAULT_LIMITS } from '../../../../server/src/config/limit-settings.js'
import { Intake, type IntakePeer } from '../../../../server/src/connection/intake.js'
import { MessageRate } from '../../../../server/src/limits/rates.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function intake(
  limits: { maxMessagesPerSecond?: number; maxBytesPerSecond?: number; maxMessageBytes?: number } = {},
) {
  const handled: unknown[] = []
  const told: string[] = []
  const outbox = { isFull: false }
  const socket = { pause: () => told.push('pause'), resume: () => told.push('resume') }
  const peer: IntakePeer = {
    openFrame(text) {
      if (text === 'unreadable') page.end()
      return text === 'unreadable' ? ['never'] : (JSON.parse(text) as unknown[])
    },
    handle(message) {
      handled.push(message)
      if (message === 'end') page.end()
    },
    limited: (limit) => told.push(limit),
    readingPaused: () => told.push('reading paused'),
    isOutboxFull: () => outbox.isFull,
  }
  const page = new Intake(socket, peer, {
    maxMessagesPerSecond: 100,
    maxBytesPerSecond: 1_000_000,
    maxMessagesPerSecondPerSubject: 150,
    maxBytesPerSecondPerSubject: 1_000_000,
    maxMessageBytes: 10_000,
    ...limits,
  })
  const take = (messages: unknown[], bytes = 10) => page.take(JSON.stringify(messages), bytes)
  return { page, take, handled, told, outbox }
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, at) => from + at)

describe('the intake of a page', () => {
  it('handles messages within the rate at once, and leaves the socket alone', () => {
    const { take, handled, told } = intake()
    take([1, 2])
    take([3])
    expect(handled).toEqual([1, 2, 3])
    vi.advanceTimersByTime(0)
    expect(told).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('gives other pages their turn after 64 frames and messages', () => {
    const { take, handled, told } = intake({ maxMessagesPerSecond: 1_000 })
    for (const at of numbers(100)) take([at])
    expect(handled).toEqual(numbers(32))
    vi.advanceTimersToNextTimer()
    expect(handled).toEqual(numbers(64))
    vi.advanceTimersToNextTimer()
    vi.advanceTimersToNextTimer()
    expect(handled).toEqual(numbers(100))
    vi.advanceTimersToNextTimer()
    expect(vi.getTimerCount()).toBe(0)
    expect(told).toEqual([])
  })

  it('keeps the order of frames that come while earlier ones wait', () => {
    const { take, handled } = intake({ maxMessagesPerSecond: 1_000 })
    for (const at of numbers(70)) take([at])
    vi.advanceTimersToNextTimer()
    expect(handled).toEqual(numbers(64))
    take([70])
    vi.runAllTimers()
    expect(handled).toEqual(numbers(71))
  })

  it('opens no more than 64 frames in a turn, whatever they hold', () => {
    const { take, handled } = intake()
    for (let at = 0; at < 64; at += 1) take([])
    take([1])
    expect(handled).toEqual([])
    vi.advanceTimersToNextTimer()
    expect(handled).toEqual([1])
  })

  it('handles two seconds of messages at once and the rest at the rate, in order', () => {
    const { take, handled, told } = intake()
    take(numbers(300))
    vi.advanceTimersByTime(10)
    expect(handled).toHaveLength(200)
    expect(told.filter((what) => what !== 'resume')).toEqual(['maxMessagesPerSecond'])
    vi.advanceTimersByTime(500)
    expect(handled.length).toBeGreaterThanOrEqual(245)
    expect(handled.length).toBeLessThanOrEqual(251)
    take(['later'])
    vi.advanceTimersByTime(600)
    expect(handled).toEqual([...numbers(300), 'later'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('reads ahead by one largest frame, then pauses the socket and reports that later messages may be old', () => {
    const { take, told } = intake()
    take(numbers(300))
    vi.advanceTimersByTime(10)
    told.length = 0
    take([300], 9_600)
    take([301], 144)
    // Each frame counts with its overhead: 9,600 + 144 + 2 · 128 bytes.
    expect(told).toEqual([])
    take([302], 0)
    expect(told).toEqual(['pause', 'reading paused'])
    told.length = 0
    vi.advanceTimersByTime(900)
    expect(told).not.toContain('resume')
    vi.advanceTimersByTime(200)
    expect(told).toContain('resume')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('costs a flood no more than fifty timers a second', () => {
    const { take, told } = intake({ maxMessagesPerSecond: 1_000 })
    take(numbers(4_000))
    vi.advanceTimersByTime(50)
    told.length = 0
    vi.advanceTimersByTime(1_000)
    const waits = told.filter((what) => what === 'maxMessagesPerSecond').length
    expect(waits).toBeGreaterThan(20)
    expect(waits).toBeLessThanOrEqual(50)
  })

  it('handles a frame above the rate of bytes once its bytes are paid for', () => {
    const { take, handled, told } = intake({ maxBytesPerSecond: 1_000 })
    take([1], 2_000)
    expect(handled).toEqual([1])
    vi.advanceTimersByTime(0)
    take([2], 500)
    take([3], 100)
    vi.advanceTimersByTime(490)
    expect(handled).toEqual([1])
    expect(told).toEqual(['maxBytesPerSecond'])
    vi.advanceTimersByTime(20)
    expect(handled).toEqual([1, 2])
    vi.advanceTimersByTime(110)
    expect(handled).toEqual([1, 2, 3])
  })

  it('charges the extra cost of messages, and waits for it in the same way', () => {
    const { page, take, handled, told } = intake({ maxBytesPerSecond: 1_000 })
    page.charge(250, 0)
    take([1])
    expect(handled).toEqual([])
    vi.advanceTimersByTime(500)
    expect(handled).toEqual([])
    vi.advanceTimersByTime(50)
    expect(handled).toEqual([1])
    page.charge(0, 4_000)
    take([2])
    vi.advanceTimersByTime(1_900)
    expect(handled).toEqual([1])
    vi.advanceTimersByTime(200)
    expect(handled).toEqual([1, 2])
    expect(told).toContain('maxMessagesPerSecond')
    expect(told).toContain('maxBytesPerSecond')
  })

  it('keeps to the rate of its subject, too', () => {
    const { page, take, handled, told } = intake()
    const limits = { ...DEFAULT_LIMITS, maxMessagesPerSecondPerSubject: 50 }
    page.share(new MessageRate('subject', limits, performance.now()))
    take(numbers(150))
    vi.advanceTimersByTime(10)
    expect(handled).toHaveLength(100)
    expect(told).toContain('maxMessagesPerSecondPerSubject')
    vi.advanceTimersByTime(500)
    expect(handled.length).toBeGreaterThanOrEqual(120)
    expect(handled.length).toBeLessThanOrEqual(127)
  })

  it('waits for the rate that takes longest, and reports old messages where any rate holds them back', () => {
    const { page, take, told } = intake({ maxMessageBytes: 200 })
    const limits = { ...DEFAULT_LIMITS, maxMessagesPerSecondPerSubject: 1_000 }
    page.share(new MessageRate('subject', limits, performance.now()))
    page.charge(300, 0)
    take([1])
    vi.advanceTimersByTime(0)
    expect(told).toContain('maxMessagesPerSecond')
    expect(told).not.toContain('maxMessagesPerSecondPerSubject')
    take([2], 200)
    expect(told.slice(-2)).toEqual(['pause', 'reading paused'])
  })

  it('goes on where the page has read its replies before the turn is over', () => {
    const { take, handled, outbox } = intake()
    outbox.isFull = true
    take([1])
    outbox.isFull = false
    vi.advanceTimersToNextTimer()
    expect(handled).toEqual([1])
  })

  it('charges a frame without a message as one message', () => {
    const { take, handled, told } = intake()
    for (let at = 0; at < 201; at += 1) take([])
    take([1])
    vi.advanceTimersByTime(5)
    expect(handled).toEqual([])
    expect(told).toContain('maxMessagesPerSecond')
    vi.advanceTimersByTime(40)
    expect(handled).toEqual([1])
  })

  it('opens no frame before the rate allows a message of it', () => {
    const { page, told } = intake()
    page.charge(200, 0)
    page.take('unreadable', 10)
    vi.advanceTimersByTime(0)
    expect(told).toContain('maxMessagesPerSecond')
  })

  it('handles nothing for a page with a full outbox until the page has read it', () => {
    const { page, take, handled, outbox } = intake()
    take([1])
    outbox.isFull = true
    take([2])
    vi.advanceTimersByTime(10_000)
    expect(handled).toEqual([1])
    expect(vi.getTimerCount()).toBe(0)
    outbox.isFull = false
    page.outboxDrained()
    expect(handled).toEqual([1, 2])
    page.outboxDrained()
    vi.advanceTimersByTime(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('reports no old messages where only their bytes hold them back', () => {
    const { take, told } = intake({ maxBytesPerSecond: 1_000 })
    take([1], 4_000)
    take([2], 9_000)
    expect(told).toEqual([])
    take([3], 9_000)
    expect(told).toEqual(['pause'])
  })

  it('drops the messages that wait, and reads on, when the connection ends in the middle', () => {
    const { take, handled, told } = intake()
    take([1, 'end', 2])
    take([3])
    vi.runAllTimers()
    expect(handled).toEqual([1, 'end'])
    expect(told).toEqual(['resume'])
  })

  it('drops the messages that wait when a frame is unreadable', () => {
    const { page, take, handled } = intake()
    take([1])
    page.take('unreadable', 10)
    take([2])
    vi.runAllTimers()
    expect(handled).toEqual([1])
  })

  it('leaves no timer behind when the connection ends while it waits', () => {
    const { page, take, handled, told } = intake()
    take(numbers(300))
    vi.advanceTimersByTime(10)
    told.length = 0
    page.end()
    page.end()
    // Later frames are read, for the close frame that may come behind them, and not kept.
    take([1], 20_000)
    page.outboxDrained()
    expect(vi.getTimerCount()).toBe(0)
    expect(handled).toHaveLength(200)
    expect(told).toEqual(['resume'])
  })
})
