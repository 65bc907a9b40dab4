import { afterEach, expect, it, vi } from 'vitest'
import { ConnectRate } from '../../../../server/src/gateway/connect-rate.js'

function rate(maxAddresses: number) {
  const clock = { now: 0 }
  return { clock, connects: new ConnectRate({ perSecond: 1, burst: 2 }, maxAddresses, () => clock.now) }
}

afterEach(() => {
  vi.useRealTimers()
})

it('counts each address for itself', () => {
  const { clock, connects } = rate(10)
  expect(['a', 'a', 'a', 'b'].map((address) => connects.visit(address))).toEqual([0, 0, 1_000, 0])
  clock.now = 1_000
  expect(['a', 'a', 'b', 'b'].map((address) => connects.visit(address))).toEqual([0, 1_000, 0, 0])
})

it('forgets the address that has not come for longest, and no other', () => {
  const { connects } = rate(2)
  for (const address of ['a', 'a', 'b', 'b', 'a']) connects.visit(address)
  connects.visit('c')
  expect(connects.visit('a')).toBe(1_000)
  expect(connects.visit('b')).toBe(0)
})

it('goes by a clock that nobody sets, unless it is given another', () => {
  vi.useFakeTimers()
  const connects = new ConnectRate({ perSecond: 1, burst: 1 }, 10)
  expect([connects.visit('a'), connects.visit('a')]).toEqual([0, 1_000])
  vi.setSystemTime(Date.now() + 3_600_000)
  expect(connects.visit('a')).toBe(1_000)
  vi.advanceTimersByTime(1_000)
  expect(connects.visit('a')).toBe(0)
})
