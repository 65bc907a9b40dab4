import { setTimeout as delay } from 'node:timers/promises'
import { seededRandom } from '../tools/seeded-random.js'
import {
  drawFault,
  EDGE_FAULTS,
  ENSEMBLE_FAULTS,
  type Fault,
  type FaultSource,
  freezePagesPastTheirTimeout,
  type WeightedSources,
} from './faults.js'
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
  const { shortest, longest } = options.calmMs
  /** What each lane is doing, and the fault that wants to be alone. */
  const busy: Promise<void>[] = []
  let alone: Promise<void> = Promise.resolve()

  const inflict = async (fault: Fault) => {
    const { name, scope } = fault
    const from = now()
    await fault.break()
    await delay(fault.lastsMs)
    await fault.mend()
    record.add({ kind: 'fault', name, scope, from, to: now() })
  }
  const step = async (source: FaultSource, random: () => number, other: number) => {
    const fault = await source(stage, random, options.sessionTimeoutMs)
    const inflicted = (fault.isAlone ? Promise.resolve(busy[other]) : Promise.resolve()).then(() =>
      inflict(fault),
    )
    if (fault.isAlone) alone = inflicted
    await inflicted
  }
  const run = async (lane: number, sources: WeightedSources, first: FaultSource | null) => {
    const random = seededRandom(options.seed * 2 + lane)
    for (let source = first ?? drawFault(sources, random); ; source = drawFault(sources, random)) {
      await delay(shortest + random() * (longest - shortest))
      await alone
      if (now() > end) return
      const taken = step(source, random, 1 - lane)
      busy[lane] = taken
      await taken
    }
  }
  // No run without the one fault that shows ghosts.
  await Promise.all([run(0, ENSEMBLE_FAULTS, null), run(1, EDGE_FAULTS, freezePagesPastTheirTimeout)])
}
