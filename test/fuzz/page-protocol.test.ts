import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { heapAfterCollection } from '../tools/heap.js'
import { FUZZ_TIMEOUT_MS, fuzz } from './effort.js'
import { PAGE_SEEDS } from './page-seeds.js'
import { PageStage } from './page-stage.js'
import { pageSteps } from './page-steps.js'

/** What a fuzzer's runs leave behind for good is nothing; the rest is what the collector and the compiler keep. */
const MAX_GROWTH_BYTES = 24 * 1024 * 1024

let stage: PageStage
beforeAll(async () => {
  stage = await PageStage.open()
})
afterAll(() => stage.close())

const anyPage = fc.asyncProperty(pageSteps, (steps) => stage.play(steps))

describe('whatever a page sends,', () => {
  it.each(Object.entries(PAGE_SEEDS))(
    '%s: it is answered once or ended, and learns and changes nothing of others',
    (_, steps) => stage.play(steps),
  )

  it(
    'each call is answered once or the connection ends, nothing of others is learnt or changed, and the heap stays flat',
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
