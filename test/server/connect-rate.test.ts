import { expect, it } from 'vitest'
import { ConnectRate } from '../../server/src/connect-rate.js'

function rate(maxAddresses: number) {
  const clock = { now: 0 }
  return { clock, connects: new ConnectRate({ perSecond: 1, burst: 2 }, maxAddresses, () => clock.now) }
}

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
