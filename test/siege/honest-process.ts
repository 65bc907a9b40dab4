// The process that all honest pages live in.
import { once } from 'node:events'
import { seededRandom } from '../tools/seeded-random.js'
import { HonestPages, type HonestReport, type HonestSettings } from './honest-pages.js'

/** Its messages; the second one answers each request for a report. */
export type HonestWord =
  | { kind: 'ready'; sessionIds: readonly string[] }
  | { kind: 'report'; report: HonestReport }

const tell = (word: HonestWord) => process.send?.(word)

// Without its parent the siege is over.
process.once('disconnect', () => process.exit(1))
const [settings] = (await once(process, 'message')) as [HonestSettings]
const pages = new HonestPages(seededRandom(settings.seed))
await pages.open(settings)
process.on('message', (word) => {
  if (word === 'stop') pages.stop()
  else tell({ kind: 'report', report: pages.report() })
})
tell({ kind: 'ready', sessionIds: pages.sessionIds })
await pages.live()
process.exit(0)
