import { expect, it } from 'vitest'
import { distributionOf } from '../../bench/figures.js'
import { loadBeyondIdle } from '../../bench/load.js'

it('a percentile is the smallest sample that the share of samples does not exceed', () => {
  const samples = Array.from({ length: 200 }, (_, index) => 200 - index)
  expect(distributionOf(samples)).toEqual({ p50: 100, p99: 198, max: 200 })
  expect(distributionOf([7])).toEqual({ p50: 7, p99: 7, max: 7 })
})

it('a load is counted beyond the load of an idle time of the same length', () => {
  const load = (at: number, all: number) => ({
    at,
    brokerCpuMs: all,
    ensembleCpuMs: 2 * all,
    viewersCpuMs: 3 * all,
    packets: 4 * all,
  })
  const idle = { from: load(0, 0), to: load(1_000, 10) }
  const beyond = loadBeyondIdle(load(2_000, 100), load(5_000, 180), idle)
  expect(beyond).toEqual({ brokerCpuMs: 50, ensembleCpuMs: 100, viewersCpuMs: 150, packets: 200 })
})
