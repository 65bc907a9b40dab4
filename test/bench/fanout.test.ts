import { writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { endRuns } from '../tools/gateway/gateway-process.js'
import { describeWith } from '../tools/requirements.js'
import { type FanoutSettings, runFanout } from './fanout.js'
import { fanoutTable } from './fanout-table.js'

/** Set by `npm run bench`; without it, a small load that only shows that the benchmark works. */
const given = process.env.ZOOGATE_BENCH
const { json, ...settings }: FanoutSettings & { json: string | null } =
  given === undefined ? { pages: 50, changes: 20, rounds: 1, json: null } : JSON.parse(given)

/** For one subject's round: its viewers come and go, and slow viewers catch up. */
const ROUND_MS = 180_000
/** The packets of the recipe for each page and change: an event, a request, a reply. */
const PACKETS_OF_A_CLASSIC_VIEWER = 3
/** A server counts a recursive watch in both of its lists, that of data and that of children. */
const COUNTS_OF_A_RECURSIVE_WATCH = 2
/** The change and its answer, the event, a read and its answer, and two to spare for the server's own and the gateway's own session. */
const MOST_PACKETS_OF_A_VIEW = 7

describeWith('zookeeper')('a view, beside the classic recipe and a room of socket.io', () => {
  it(
    `sends a change to ${settings.pages} pages for the requests of one`,
    async () => {
      const result = await runFanout(settings).finally(endRuns)
      console.log(fanoutTable(settings, result))
      if (json !== null) writeFileSync(json, `${JSON.stringify({ settings, result }, null, 2)}\n`)
      // Counts are asserted. Times depend on the machine, and are printed.
      expect(result.zoogate.packets).toBeLessThan(MOST_PACKETS_OF_A_VIEW)
      expect(result.zoogate.watches).toBe(COUNTS_OF_A_RECURSIVE_WATCH)
      expect(result.classic.watches).toBe(2 * settings.pages)
      const answered = settings.pages * PACKETS_OF_A_CLASSIC_VIEWER
      // Viewers that fall behind skip changes; where they keep up, none.
      if (given === undefined) expect(result.classic.packets).toBeGreaterThan(0.9 * answered)
    },
    settings.rounds * 3 * ROUND_MS,
  )
})
