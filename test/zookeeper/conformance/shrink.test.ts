import { expect, it } from 'vitest'
import { shrink } from '../../tools/conformance/shrink.js'

const numbers = Array.from({ length: 500 }, (_, index) => index)
const needs =
  (...wanted: number[]) =>
  async (list: readonly number[]) =>
    wanted.every((one) => list.includes(one))

it('leaves what it takes to fail, in its order', async () => {
  expect(await shrink(numbers, needs(3, 250, 499))).toEqual([3, 250, 499])
})

it('leaves nothing where nothing is needed', async () => {
  expect(await shrink(numbers, needs())).toEqual([])
})

it('gives what it has found when there is no more time', async () => {
  let trials = 0
  const fails = needs(3, 499)
  const shrunk = await shrink(numbers, async (list) => ++trials <= 5 && fails(list))
  expect(shrunk.length).toBeLessThan(numbers.length)
  expect(await fails(shrunk)).toBe(true)
})
