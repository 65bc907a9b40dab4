import { expect, it } from 'vitest'
import { Arrivals } from '../../bench/arrivals.js'

it('a change has arrived when the last viewer has it', () => {
  const complete: number[] = []
  const arrivals = new Arrivals(2, (change) => complete.push(change))
  arrivals.add(0, 1)
  arrivals.add(0, 2)
  expect(complete).toEqual([])
  arrivals.add(1, 1)
  expect(complete).toEqual([1])
  arrivals.add(1, 2)
  expect(complete).toEqual([1, 2])
})

it('a viewer that skips a change counts as having it', () => {
  const complete: number[] = []
  const arrivals = new Arrivals(2, (change) => complete.push(change))
  arrivals.add(0, 1)
  arrivals.add(1, 3)
  expect(complete).toEqual([1])
  arrivals.add(0, 3)
  expect(complete).toEqual([1, 2, 3])
})

it('a change that reaches a viewer again, or late, counts once', () => {
  const complete: number[] = []
  const arrivals = new Arrivals(2, (change) => complete.push(change))
  arrivals.add(0, 2)
  arrivals.add(0, 1)
  arrivals.add(0, 2)
  expect(complete).toEqual([])
})
