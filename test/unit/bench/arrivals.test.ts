import { expect, it } from 'vitest'
import { Arrivals } from '../../bench/arrivals.js'

it('tells of a change when the last viewer has been told of it', () => {
  const everybody: number[] = []
  const arrivals = new Arrivals(2, (change) => everybody.push(change))
  arrivals.add(0, 1)
  arrivals.add(0, 2)
  expect(everybody).toEqual([])
  arrivals.add(1, 1)
  expect(everybody).toEqual([1])
  arrivals.add(1, 2)
  expect(everybody).toEqual([1, 2])
})

it('takes who skips a change for told of it', () => {
  const everybody: number[] = []
  const arrivals = new Arrivals(2, (change) => everybody.push(change))
  arrivals.add(0, 1)
  arrivals.add(1, 3)
  expect(everybody).toEqual([1])
  arrivals.add(0, 3)
  expect(everybody).toEqual([1, 2, 3])
})

it('counts what a viewer is told again, or late, once', () => {
  const everybody: number[] = []
  const arrivals = new Arrivals(2, (change) => everybody.push(change))
  arrivals.add(0, 2)
  arrivals.add(0, 1)
  arrivals.add(0, 2)
  expect(everybody).toEqual([])
})
