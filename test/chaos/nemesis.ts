import { setTimeout as delay } from 'node:timers/promises'
import { seededRandom } from '../seeded-random.js'
import { drawFault, EDGE_FAULTS, ENSEMBLE_FAULTS } from './faults.js'
import { now, type Recorder } from './record.js'
import type { Stage } from './stage.js'

export interface NemesisOptions {
  seed: number
  /** No fault begins later than this after the start; the last one is mended all the same. */
  durationMs: number
  /** Between the end of one fault and the beginning of the next of the same lane. */
  calmMs: { shortest: number; longest: number }
  sessionTimeoutMs: number
}

/**
 * Breaks things in two lanes at the same time, the servers in one and everything before them in the other. Within a
 * lane there is one fault at a time, so that a minority of servers is down and a gateway is left. Resolves when
 * everything is mended.
 */
export async function runNemesis(stage: Stage, record: Recorder, options: NemesisOptions): Promise<void> {
  const end = now() + options.durationMs
  const lanes = [ENSEMBLE_FAULTS, EDGE_FAULTS].map(async (sources, lane) => {
    const random = seededRandom(options.seed * 2 + lane)
    const { shortest, longest } = options.calmMs
    for (;;) {
      await delay(shortest + random() * (longest - shortest))
      if (now() > end) return
      const fault = await drawFault(sources, random)(stage, random, options.sessionTimeoutMs)
      const { name, scope } = fault
      const from = now()
      await fault.break()
      await delay(fault.lastsMs)
      await fault.mend()
      record.add({ kind: 'fault', name, scope, from, to: now() })
    }
  })
  await Promise.all(lanes)
}
