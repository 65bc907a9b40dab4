import { expect, it } from 'vitest'
import { shrink } from '../../tools/conformance/shrink.js'

const numbers = Array.from({ length: 500 }, (_, index) => index)
const needs =
  (...wanted: number[]) =>
  async (list: readonly number[]) =>
    wanted.every((one) => list.includes(one))

it('shrinking leaves the elements that the failure needs, in their order', async () => {
  expect(await shrink(numbers, needs(3, 250, 499))).toEqual([3, 250, 499])
})

it('shrinking leaves nothing if the failure needs nothing', async () => {
  expect(await shrink(numbers, needs())).toEqual([])
})

it('shrinking gives its best result when its time is over', async () => {
  let trials = 0
  const fails = needs(3, 499)
  const shrunk = await shrink(numbers, async (list) => ++trials <= 5 && fails(list))
  expect(shrunk.length).toBeLessThan(numbers.length)
  expect(await fails(shrunk)).toBe(true)
})
