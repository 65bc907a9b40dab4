import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { heapAfterCollection } from '../tools/heap.js'
import { FUZZ_TIMEOUT_MS, fuzz } from './effort.js'
import { PAGE_SEEDS } from './page-seeds.js'
import { PageStage } from './page-stage.js'
import { pageSteps } from './page-steps.js'

/** A fuzzer's runs leave nothing behind for good; this is for the collector and the compiler. */
const MAX_GROWTH_BYTES = 24 * 1024 * 1024

let stage: PageStage
beforeAll(async () => {
  stage = await PageStage.open()
})
afterAll(() => stage.close())

const anyPage = fc.asyncProperty(pageSteps, (steps) => stage.play(steps))

describe('a gateway with a hostile page', () => {
  it.each(Object.entries(PAGE_SEEDS))(
    'answers once or ends %s, and shows and changes nothing of others',
    (_, steps) => stage.play(steps),
  )

  it(
    'answers each made-up call once or ends the connection, shows and changes nothing of others, and keeps its heap flat',
    async () => {
      const warmUp = await fuzz(anyPage, 1 / 4)
      const before = heapAfterCollection()
      const runs = await fuzz(anyPage, 3 / 4)
      console.log(`${warmUp + runs} inputs`)
      expect(heapAfterCollection() - before).toBeLessThan(MAX_GROWTH_BYTES)
    },
    FUZZ_TIMEOUT_MS,
  )
})
