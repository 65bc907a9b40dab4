import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ViewMemory, viewsToEvict } from '../../../../server/src/views/view-memory.js'

describe('the memory of the views', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** A memory of 100, with views of 10 to evict. */
  function open() {
    let evicted = 0
    const memory: ViewMemory = new ViewMemory(100, (isEnough) => {
      while (!isEnough()) {
        evicted += 1
        memory.hold(-10)
      }
    })
    return { memory, evicted: () => evicted }
  }

  it('evicts nothing at its limit', () => {
    const { memory, evicted } = open()
    memory.hold(100)
    vi.runAllTimers()
    expect(evicted()).toBe(0)
  })

  it('evicts above its limit, in a later turn, until a tenth is free', () => {
    const { memory, evicted } = open()
    memory.hold(101)
    memory.hold(1)
    expect(evicted()).toBe(0)
    vi.runAllTimers()
    expect(memory.bytes).toBe(82)
    expect(evicted()).toBe(2)
  })

  it('evicts nothing where views have freed it meanwhile', () => {
    const { memory, evicted } = open()
    memory.hold(101)
    memory.hold(-1)
    vi.runAllTimers()
    expect(evicted()).toBe(0)
  })
})

/** Subjects, by the numbers of the views that they show. */
const subjectsOf = (...shown: number[][]) =>
  shown.map((numbers) => ({ views: new Map(numbers.map((number) => [number, 1])) }))

describe('the order of eviction', () => {
  it('begins with the largest view of the subject that uses most memory, not with the largest of all', () => {
    const bytes = new Map([
      [1, 100],
      [2, 60],
      [3, 70],
      [4, 10],
    ])
    expect([...viewsToEvict(subjectsOf([1, 4], [2, 3]), bytes)]).toEqual([3, 1, 2, 4])
  })

  it('counts a view that ten subjects share as a tenth for each', () => {
    const bytes = new Map([
      [1, 1000],
      [2, 300],
    ])
    const crowd = Array.from({ length: 10 }, () => [1])
    const [first] = viewsToEvict(subjectsOf(...crowd, [1, 2]), bytes)
    expect(first).toBe(2)
  })

  it('ends when it has named all views', () => {
    expect([...viewsToEvict(subjectsOf(), new Map())]).toEqual([])
    expect([...viewsToEvict(subjectsOf([1]), new Map())]).toEqual([1])
  })
})
