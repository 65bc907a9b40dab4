import { expect, it } from 'vitest'
import { contendersOf, newPrefix } from '../../../../client-sdk/src/recipes/queue.js'

it('a queue orders contenders of all layouts by their number, and leaves out other nodes', () => {
  const children = [
    'ffff__lock__0000000007',
    '_c_aaaa-lock-0000000003',
    'aaaa__lock__0000000012',
    'note',
    'aaaa__rlock__0000000001',
    'aaaa__lock__00000000',
    'member:0000000002',
  ]
  expect(contendersOf(children)).toEqual([
    '_c_aaaa-lock-0000000003',
    'ffff__lock__0000000007',
    'aaaa__lock__0000000012',
  ])
})

it("Numbers of a counter that has overflowed stand where kazoo's sorting puts them", () => {
  const children = ['a__lock__2147483647', 'b__lock__-2147483648', 'c__lock__-2147483647']
  expect(contendersOf(children)).toEqual([
    'c__lock__-2147483647',
    'b__lock__-2147483648',
    'a__lock__2147483647',
  ])
})

it('each contender has a prefix of its own', () => {
  const prefixes = Array.from({ length: 100 }, (_, at) => newPrefix(at % 2 ? 'kazoo' : 'curator'))
  expect(new Set(prefixes).size).toBe(100)
})
