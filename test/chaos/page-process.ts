// The process that a share of the pages lives in, so that stopping it stops them as a frozen browser would.
import { seededRandom } from '../tools/seeded-random.js'
import { Page } from './page.js'
import { Recorder } from './record.js'
import { repeat, type Step, type WorkloadContext } from './workload.js'
import { takeLock } from './workload-lock.js'
import { bePresent } from './workload-presence.js'
import { holdByRecipe, leadByRecipe } from './workload-recipes.js'
import { burst, takeNumber, useRegister } from './workload-registers.js'

export interface PageProcessSettings {
  pages: string[]
  url: string
  token: string
  sessionTimeoutMs: number
  seed: number
  startedAt: number
  recordFile: string
}

/** Each page does a few of these at the same time: all of the first, and one of each of the others. */
const EVERY_PAGE: Step[] = [useRegister, bePresent]
const SOME: Step[] = [
  takeLock({ lock: 'short-1', longestHoldMs: 500 }),
  takeLock({ lock: 'short-2', longestHoldMs: 500 }),
  takeLock({ lock: 'election', longestHoldMs: 8_000 }),
  takeNumber,
  burst,
]
const RECIPES: Step[] = [
  holdByRecipe({ lock: 'recipe-lock', longestHoldMs: 500 }),
  leadByRecipe({ lock: 'recipe-election', longestHoldMs: 8_000 }),
]

const settings = JSON.parse(process.argv[2] ?? '') as PageProcessSettings
const record = new Recorder(settings.recordFile)
const stop = new AbortController()

async function live(name: string, index: number): Promise<void> {
  const page = new Page({ ...settings, name, record })
  const seed = settings.seed * 1000 + index
  const context = (loop: number): WorkloadContext => ({
    page,
    record,
    random: seededRandom(seed * 10 + loop),
    startedAt: settings.startedAt,
    stopping: stop.signal,
  })
  await page.client.connect()
  await page.create(`/chaos/scratch/${name}`, page.unique())
  const one = (steps: Step[]) => steps[index % steps.length] as Step
  const steps = [...EVERY_PAGE, one(SOME), one(RECIPES)]
  await Promise.all(steps.map((step, loop) => repeat(step, context(loop))))
  await page.close()
}

process.once('message', () => stop.abort())
// Without its parent the run is over.
process.once('disconnect', () => process.exit(1))
await Promise.all(settings.pages.map(live))
record.close()
process.exit(0)
