import { rmSync } from 'node:fs'
import { expect, it } from 'vitest'
import { endRuns } from '../tools/gateway/gateway-process.js'
import { describeWith } from '../tools/requirements.js'
import { findViolations } from './checkers/index.js'
import { explain, summary } from './report.js'
import { runChaos } from './run.js'

/** Set by `npm run chaos`; without it, a run of one minute. */
const minutes = process.env.ZOOGATE_CHAOS_MINUTES
const seed = Number(process.env.ZOOGATE_CHAOS_SEED ?? 1)

const DURATION_MS = minutes === undefined ? 60_000 : Number(minutes) * 60_000
const CALM_MS =
  minutes === undefined ? { shortest: 500, longest: 2_500 } : { shortest: 3_000, longest: 9_000 }
/** Servers that start, the last fault, the calm at the end, the stop of all pages, and the checks. */
const AROUND_MS = 150_000
const MAX_EXPLAINED = 5

describeWith('zookeeper', 'kazoo')('pages, gateways and servers under faults', () => {
  it(
    `break no promise (seed ${seed})`,
    async () => {
      const { history, folder } = await runChaos({ seed, durationMs: DURATION_MS, calmMs: CALM_MS }).finally(
        endRuns,
      )
      const violations = findViolations(history)
      console.log(summary(history, violations))
      const shown = violations.slice(0, MAX_EXPLAINED).map((violation) => explain(violation, history))
      expect(violations, `seed ${seed}, record in ${folder}\n${shown.join('\n')}`).toEqual([])
      // Some hundred megabytes, which are of use only after a violation.
      rmSync(folder, { recursive: true })
    },
    DURATION_MS + AROUND_MS,
  )
})
