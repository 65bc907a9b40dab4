import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PageHeartbeat } from '../../../../server/src/connection/heartbeat.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function start(timeoutMs: number) {
  const log: string[] = []
  const startedAt = Date.now()
  const at = () => Date.now() - startedAt
  const heartbeat = new PageHeartbeat(
    { sendPing: (id) => log.push(`${at()} ping ${id}`), pageSilent: () => log.push(`${at()} silent`) },
    timeoutMs,
  )
  return { heartbeat, log }
}

describe('a page heartbeat', () => {
  it('asks after a third of the timeout and gives up after two thirds', () => {
    const { log } = start(9000)
    vi.advanceTimersByTime(20_000)
    expect(log).toEqual(['3000 ping 1', '6000 silent'])
  })

  it('counts from the last message, whatever it was', () => {
    const { heartbeat, log } = start(9000)
    vi.advanceTimersByTime(2000)
    heartbeat.heard()
    vi.advanceTimersByTime(2999)
    expect(log).toEqual([])
    vi.advanceTimersByTime(1)
    expect(log).toEqual(['5000 ping 1'])
    heartbeat.heard()
    vi.advanceTimersByTime(3000)
    expect(log).toEqual(['5000 ping 1', '8000 ping 2'])
  })

  it('goes by another timeout at once', () => {
    const { heartbeat, log } = start(30_000)
    vi.advanceTimersByTime(1000)
    heartbeat.setTimeout(3000)
    vi.advanceTimersByTime(1000)
    expect(log).toEqual(['1000 ping 1', '2000 silent'])
  })

  it('tells the timeout that it goes by', () => {
    const { heartbeat } = start(30_000)
    heartbeat.setTimeout(3000)
    expect(heartbeat.timeoutMs).toBe(3000)
  })

  it('changes nothing for the timeout that it has already', () => {
    const { heartbeat, log } = start(9000)
    vi.advanceTimersByTime(3000)
    heartbeat.setTimeout(9000)
    expect(log).toEqual(['3000 ping 1'])
  })

  it.each([
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ])('goes on as before when the clock of the machine is set %s', (_, ms) => {
    const { log } = start(9000)
    const before = Date.now()
    vi.advanceTimersByTime(2000)
    vi.setSystemTime(before + 2000 + ms)
    vi.advanceTimersByTime(4000)
    expect(log.map((line) => line.replace(/^\S+ /, ''))).toEqual(['ping 1', 'silent'])
  })

  it('counts only a pong to a ping that was sent since as the answer to a question', () => {
    const { heartbeat, log } = start(9000)
    vi.advanceTimersByTime(3000)
    const answered = vi.fn()
    heartbeat.ask(answered)
    expect(log).toEqual(['3000 ping 1', '3000 ping 2'])
    heartbeat.pong(1)
    expect(answered).not.toHaveBeenCalled()
    heartbeat.pong(99)
    expect(answered).not.toHaveBeenCalled()
    heartbeat.pong(2)
    heartbeat.pong(2)
    expect(answered).toHaveBeenCalledTimes(1)
  })

  describe('a page heartbeat while reading is paused', () => {
    it('asks at once, and takes no message for a sign of life before the pong', () => {
      const { heartbeat, log } = start(9000)
      expect(heartbeat.heard()).toBe(true)
      heartbeat.readingPaused()
      expect(log).toEqual(['0 ping 1'])
      vi.advanceTimersByTime(2000)
      expect(heartbeat.heard()).toBe(false)
      vi.advanceTimersByTime(4000)
      expect(log).toEqual(['0 ping 1', '3000 ping 2', '6000 silent'])
    })

    it('takes a pong for a sign of life at the time of its ping, and then every message again', () => {
      const { heartbeat, log } = start(9000)
      vi.advanceTimersByTime(1000)
      heartbeat.readingPaused()
      vi.advanceTimersByTime(1000)
      expect(heartbeat.pong(1)).toBe(true)
      vi.advanceTimersByTime(2000)
      // A third after the ping, not after its pong.
      expect(log).toEqual(['1000 ping 1', '4000 ping 2'])
      expect(heartbeat.pong(2)).toBe(false)
      expect(heartbeat.heard()).toBe(true)
    })

    it('asks anew with each pong for as long as reading is paused again', () => {
      const { heartbeat, log } = start(9000)
      heartbeat.readingPaused()
      heartbeat.readingPaused()
      vi.advanceTimersByTime(2000)
      expect(heartbeat.pong(1)).toBe(true)
      expect(log).toEqual(['0 ping 1', '2000 ping 2'])
      expect(heartbeat.heard()).toBe(false)
      vi.advanceTimersByTime(500)
      expect(heartbeat.pong(1)).toBe(false)
      expect(heartbeat.pong(2)).toBe(true)
      expect(heartbeat.heard()).toBe(true)
    })

    it('ignores a pong to a ping that was not sent', () => {
      const { heartbeat } = start(9000)
      heartbeat.readingPaused()
      expect(heartbeat.pong(2)).toBe(false)
      expect(heartbeat.heard()).toBe(false)
    })
  })

  it('does nothing after its stop', () => {
    const { heartbeat, log } = start(9000)
    const answered = vi.fn()
    heartbeat.ask(answered)
    heartbeat.stop()
    heartbeat.pong(1)
    vi.advanceTimersByTime(60_000)
    expect(log).toEqual(['0 ping 1'])
    expect(answered).not.toHaveBeenCalled()
  })
})

describe('the presumed timeout of a page', () => {
  it('is the timeout that the page asks for, between half a second and half a minute', () => {
    const presumed = (askedMs: number) => start(askedMs).heartbeat.timeoutMs
    expect([1, 500, 10_000, 30_000, 2_147_483_647].map(presumed)).toEqual([500, 500, 10_000, 30_000, 30_000])
  })
})
