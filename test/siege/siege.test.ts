import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { metric } from '../tools/gateway/gateway-metrics.js'
import { endRuns, type Run, serveProcess, webSocketOf } from '../tools/gateway/gateway-process.js'
import { InspectedHeap } from '../tools/gateway/inspected-heap.js'
import { describeWith } from '../tools/requirements.js'
import { waitUntil } from '../tools/wait-until.js'
import { Kazoo } from '../tools/zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../tools/zookeeper/real-ensemble.js'
import { DOOR_ATTACKS } from './attacks-on-the-door.js'
import { TOKEN_ATTACKS } from './attacks-with-a-token.js'
import { type HonestReport, nameOf, roomOf } from './honest-pages.js'
import { type Honest, SiegeProcesses } from './processes.js'

interface Siege {
  minutes: number
  pages: number
  seed: number
}

/** Set by `npm run siege`; without it, a run of a quarter of a minute. */
const { minutes, pages, seed } = JSON.parse(
  process.env.ZOOGATE_SIEGE ?? '{"minutes":0.25,"pages":300,"seed":1}',
) as Siege

const SIEGE_MS = minutes * 60_000
/** The same load without attackers, to compare with. */
const CALM_MS = Math.max(5_000, SIEGE_MS / 5)
/** Sessions that attackers left behind end by their timeout. */
const SETTLE_MS = 60_000
/** The session in which the gateway watches the nodes of its views. */
const OWN_SESSIONS = 1
/** Between two measurements of memory. */
const LOOK_MS = 1_000
/** Servers that start, sessions that open, and the end of everything. */
const AROUND_MS = 300_000
/** For code that the compiler keeps after its first use; thousands of sessions that leak a kilobyte each would be more. */
const MAX_HEAP_GROWTH_BYTES = 12 * 1024 * 1024
const MIB = 1024 * 1024

const ATTACKS = Object.keys({ ...DOOR_ATTACKS, ...TOKEN_ATTACKS }).sort()

const RULES = [
  { path: '/rooms/**', allow: ['read'] },
  { path: '/rooms/*/${sub}', allow: ['create:ephemeral', 'write'] },
]

const percentile = (sorted: number[], share: number) =>
  Number((sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN).toFixed(1))
const summary = ({ latenciesMs, interruptions }: HonestReport) =>
  `${latenciesMs.length} changes, p50/p99 ${percentile(latenciesMs, 0.5)}/${percentile(latenciesMs, 0.99)} ms, ` +
  `${interruptions} interruptions`
const mib = (bytes: number) => `${Math.round(bytes / MIB)} MiB`

describeWith('zookeeper', 'kazoo')(`a gateway that holds ${pages} honest sessions`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'zoogate-siege-'))
  let ensemble: RealEnsemble
  let gateway: Run
  let http: string
  let processes: SiegeProcesses
  let honest: Honest
  let heap: InspectedHeap

  beforeAll(async () => {
    ensemble = await realEnsemble(1, { tickTimeMs: 2_000, jvmHeapMb: 512 })
    const kazoo = await Kazoo.connect(ensemble.connectString)
    for (const path of [
      '/attack',
      '/rooms',
      ...new Set(Array.from({ length: pages }, (_, at) => roomOf(at))),
    ]) {
      await kazoo.create(path)
    }
    await kazoo.close()
    const rules = join(folder, 'rules.json')
    writeFileSync(rules, JSON.stringify(RULES))
    gateway = serveProcess(ensemble.connectString, {
      NODE_OPTIONS: '--inspect=127.0.0.1:0',
      ZOOGATE_ACCESS: 'rules',
      ZOOGATE_RULES_FILE: rules,
      ZOOGATE_LOG_LEVEL: 'error',
    })
    http = await gateway.listening()
    heap = await InspectedHeap.of(gateway.stderr)
    processes = await SiegeProcesses.build()
    honest = await processes.honest({ url: webSocketOf(http), count: pages, seed })
  }, AROUND_MS)
  afterAll(async () => {
    processes.end()
    heap.close()
    await endRuns()
    await ensemble.close()
    rmSync(folder, { recursive: true })
  })

  /** @returns the most memory that it had */
  async function watch(ms: number): Promise<number> {
    const until = performance.now() + ms
    let most = 0
    while (performance.now() < until) {
      most = Math.max(most, gateway.residentBytes())
      await delay(LOOK_MS)
    }
    return most
  }

  const sessions = () => metric(http, 'zoogate_sessions')

  /** Waits until none are left over; its error says how many there are. */
  async function quiet(leftOver: () => Promise<number>, what: string): Promise<void> {
    let left = Number.NaN
    const none = async () => {
      left = await leftOver()
      return left === 0
    }
    await waitUntil(`there are no ${what}`, none, { timeoutMs: SETTLE_MS }).catch((error) => {
      throw new Error(`${(error as Error).message}: ${left}`)
    })
  }

  it(
    `loses none of them to ${minutes} minutes of hostile load, and its memory is back afterwards (seed ${seed})`,
    async () => {
      await watch(CALM_MS)
      const calm = await honest.report()
      const heapBefore = await heap.usedAfterCollection()
      const residentBefore = gateway.residentBytes()

      const attackers = processes.attackers({ http, url: webSocketOf(http), seed })
      const residentMost = await watch(SIEGE_MS)
      const attacked = await attackers.stop()
      const besieged = await honest.report()
      const refused = (await (await fetch(`${http}/metrics`)).text())
        .split('\n')
        .filter((line) => line.startsWith('zoogate_limited_total{'))

      console.log(
        [
          `before: ${summary(calm)}; heap ${mib(heapBefore)}, resident ${mib(residentBefore)}`,
          `under attack: ${summary(besieged)}; resident ${mib(residentMost)} at most`,
          ...besieged.losses.slice(0, 10),
          `rounds: ${JSON.stringify(attacked.rounds)}`,
          ...refused,
        ].join('\n'),
      )
      await quiet(async () => (await sessions()) - pages, 'sessions of attackers, here')
      await quiet(
        async () => (await ensemble.sessions()).size - pages - OWN_SESSIONS,
        'sessions of attackers, in the ensemble',
      )
      await watch(CALM_MS)
      const after = await honest.report()
      const heapAfter = await heap.usedAfterCollection()
      const residentAfter = gateway.residentBytes()

      console.log(`after: ${summary(after)}; heap ${mib(heapAfter)}, resident ${mib(residentAfter)}`)
      const reports = [calm, besieged, after]
      expect(reports.flatMap(({ losses }) => losses)).toEqual([])
      expect(reports.map(({ interruptions }) => interruptions)).toEqual([0, 0, 0])
      expect(attacked.failures).toEqual([])
      expect(Object.keys(attacked.rounds).sort()).toEqual(ATTACKS)
      // ZooKeeper's own word: each honest node is still there, and still the same session's.
      const owners = await ensemble.ephemerals()
      const expected = honest.sessionIds.map((id, at): [string, string] => [
        `${roomOf(at)}/${nameOf(at)}`,
        id,
      ])
      expect(new Map([...owners].sort())).toEqual(new Map(expected.sort()))
      expect(heapAfter - heapBefore).toBeLessThan(MAX_HEAP_GROWTH_BYTES)
      expect(residentAfter).toBeLessThan(residentMost)
    },
    SIEGE_MS + 2 * CALM_MS + 2 * SETTLE_MS + AROUND_MS,
  )
})
