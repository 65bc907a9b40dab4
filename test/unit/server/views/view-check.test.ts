import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CheckPace } from '../../../../server/src/views/check-pace.js'
import { CHECKED_AT_ONCE, ViewCheck } from '../../../../server/src/views/view-check.js'

const EVERY_MS = 30_000

describe('a check of a view', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Checks a view whose nodes the test may change, and takes what is due when it is. */
  function open(count: number, random = () => 0) {
    const paths = new Set(Array.from({ length: count }, (_, at) => `n${at}`))
    const taken: { atMs: number; paths: string[] }[] = []
    const startedAt = Date.now()
    const due = () => {
      const found = check.take(paths.size, () => paths)
      taken.push({ atMs: Date.now() - startedAt, paths: found })
    }
    const check = new ViewCheck(new CheckPace(EVERY_MS, 2_000), due, random)
    check.restart(count)
    return { check, paths, taken }
  }

  it('looks at a small view as a whole, once in so long, at its own node first', () => {
    const { taken } = open(2)
    vi.advanceTimersByTime(EVERY_MS * 2)
    const whole = ['', 'n0', 'n1']
    expect(taken).toEqual([
      { atMs: EVERY_MS, paths: whole },
      { atMs: EVERY_MS * 2, paths: whole },
    ])
  })

  it('looks at a large one a few nodes at a time, and at each once in so long', () => {
    const count = 5 * CHECKED_AT_ONCE - 1
    const { taken } = open(count)
    vi.advanceTimersByTime(EVERY_MS)
    expect(taken.map(({ paths }) => paths.length)).toEqual(Array(5).fill(CHECKED_AT_ONCE))
    vi.advanceTimersByTime(EVERY_MS / 5)
    expect(taken.at(-1)?.paths[0]).toBe('')
    expect(new Set(taken.slice(0, 5).flatMap(({ paths }) => paths)).size).toBe(count + 1)
  })

  it('takes in nodes that come while it goes through them', () => {
    const { taken, paths } = open(2 * CHECKED_AT_ONCE - 1)
    vi.advanceTimersByTime(EVERY_MS / 2)
    paths.add('late')
    vi.advanceTimersByTime(EVERY_MS)
    const looks = taken.flatMap(({ paths }) => paths)
    const before = looks.slice(0, looks.indexOf('late'))
    expect(before.filter((path) => path === '')).toHaveLength(1)
    expect(before).toContain('n0')
  })

  it('keeps views that began together from going on together, and none waits longer', () => {
    const [soon, late] = [open(1, () => 0.99), open(1, () => 0)]
    vi.advanceTimersByTime(EVERY_MS)
    expect(soon.taken[0]?.atMs).toBeLessThan(late.taken[0]?.atMs as number)
    expect(late.taken[0]?.atMs).toBe(EVERY_MS)
  })

  it('has nothing to give before it is time, nor after it has stopped', () => {
    const { check, taken } = open(1)
    expect(check.take(1, () => ['n0'])).toEqual([])
    check.stop()
    vi.advanceTimersByTime(EVERY_MS * 2)
    expect(taken).toEqual([])
  })
})
