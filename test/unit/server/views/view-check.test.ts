import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CHECKED_AT_ONCE, CheckPace, ViewCheck } from '../../../../server/src/views/view-check.js'

const EVERY_MS = 30_000

describe('the check of a view', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Checks a view whose nodes the test may change, and takes nodes whenever the check is due. */
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

  it('reads a small view at once, its own node first, once a round', () => {
    const { taken } = open(2)
    vi.advanceTimersByTime(EVERY_MS * 2)
    const whole = ['', 'n0', 'n1']
    expect(taken).toEqual([
      { atMs: EVERY_MS, paths: whole },
      { atMs: EVERY_MS * 2, paths: whole },
    ])
  })

  it('reads a large view a few nodes at a time, and each node once a round', () => {
    const count = 5 * CHECKED_AT_ONCE - 1
    const { taken } = open(count)
    vi.advanceTimersByTime(EVERY_MS)
    expect(taken.map(({ paths }) => paths.length)).toEqual(Array(5).fill(CHECKED_AT_ONCE))
    vi.advanceTimersByTime(EVERY_MS / 5)
    expect(taken.at(-1)?.paths[0]).toBe('')
    expect(new Set(taken.slice(0, 5).flatMap(({ paths }) => paths)).size).toBe(count + 1)
  })

  it('reads nodes that are added during a round', () => {
    const { taken, paths } = open(2 * CHECKED_AT_ONCE - 1)
    vi.advanceTimersByTime(EVERY_MS / 2)
    paths.add('late')
    vi.advanceTimersByTime(EVERY_MS)
    const looks = taken.flatMap(({ paths }) => paths)
    const before = looks.slice(0, looks.indexOf('late'))
    expect(before.filter((path) => path === '')).toHaveLength(1)
    expect(before).toContain('n0')
  })

  it('spreads views that began together, none beyond the end of a round', () => {
    const [soon, late] = [open(1, () => 0.99), open(1, () => 0)]
    vi.advanceTimersByTime(EVERY_MS)
    expect(soon.taken[0]?.atMs).toBeLessThan(late.taken[0]?.atMs as number)
    expect(late.taken[0]?.atMs).toBe(EVERY_MS)
  })

  it('gives no node before it is due, nor after it has stopped', () => {
    const { check, taken } = open(1)
    expect(check.take(1, () => ['n0'])).toEqual([])
    check.stop()
    vi.advanceTimersByTime(EVERY_MS * 2)
    expect(taken).toEqual([])
  })
})

describe('the pace of checks', () => {
  /** A round of a second, in which all views together may read a thousand nodes. @param views their node counts */
  function open(...views: number[]) {
    const pace = new CheckPace(1_000, 1_000)
    for (const nodes of views) pace.change(null, nodes)
    return pace
  }

  it('gives all views the same round while all nodes can be read in it', () => {
    const pace = open(900, 10, 90)
    expect([900, 10].map((nodes) => pace.roundMs(nodes))).toEqual([1_000, 1_000])
  })

  it('gives a longer round only to views with more nodes than their share where there are too many', () => {
    const pace = open(10_000, 10, 500, 100)
    expect(pace.roundMs(10)).toBe(1_000)
    expect(pace.roundMs(100)).toBe(1_000)
    expect(pace.roundMs(500)).toBe(2_000)
    expect(pace.roundMs(10_000)).toBe(40_000)
  })

  it('never reads more nodes a second than the limit, for any sizes of views', () => {
    for (const views of [
      [5_000, 5_000],
      Array(500).fill(20),
      [100_000, ...Array(50).fill(30)],
    ] as number[][]) {
      const pace = open(...views)
      const perSecond = views.reduce((sum, nodes) => sum + (nodes * 1_000) / pace.roundMs(nodes), 0)
      expect(perSecond).toBeLessThanOrEqual(1_001)
    }
  })

  it('shortens the round again when a large view has ended', () => {
    const pace = open(500)
    pace.change(null, 5_000)
    pace.change(5_000, 6_000)
    expect(pace.roundMs(600)).toBeGreaterThan(1_000)
    pace.change(6_000, null)
    expect(pace.roundMs(600)).toBe(1_000)
  })
})
