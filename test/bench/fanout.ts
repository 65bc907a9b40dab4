import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { now } from '../chaos/record.js'
import { waitUntil } from '../tools/wait-until.js'
import { type RealEnsemble, realEnsemble } from '../tools/zookeeper/real-ensemble.js'
import { distributionOf, type Figures, SESSION_TIMEOUT_MS } from './figures.js'
import { type Load, loadBeyondIdle, readLoad, readWatches } from './load.js'
import { payloadOf } from './payload.js'
import { type ChangingMember, classic, type Subject, socketIo, zoogate } from './subject.js'
import { buildViewers, type Told, Viewers } from './viewers.js'

export interface FanoutSettings {
  /** Viewers of the room. */
  pages: number
  /** Changes that count, in each round. */
  changes: number
  rounds: number
}

export type FanoutResult = Record<Subject['name'], Figures>

/** As fast as a cursor that is shown moving. */
const INTERVAL_MS = 50
/** Changes ahead of the measured ones, in each round: compilers and caches shall have settled. */
const MOST_WARM_UP_CHANGES = 40
/** Measures the idle load: timers, the server's log, garbage collection. */
const IDLE_MS = 2_000
/** Beside the module folder, so that the built files find the packages. */
const BUILDS = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url))

/** One round of one subject. */
interface Round {
  fromAcknowledgement: number[]
  fromCall: number[]
  load: Omit<Load, 'at'>
  /** Of all notices to the viewers. */
  notices: number
  watches: number
}

/** One member changes and all others look: by views, by watches, and by socket.io. */
export async function runFanout(settings: FanoutSettings): Promise<FanoutResult> {
  const folder = mkdtempSync(join(BUILDS, 'zoogate-bench-'))
  const ensemble = await realEnsemble(1, {
    jvmHeapMb: 1_024,
    extraConfig: { maxSessionTimeout: SESSION_TIMEOUT_MS },
  })
  const subjects: Subject[] = []
  try {
    const scripts = await buildViewers(folder)
    subjects.push(await zoogate(ensemble), await classic(ensemble), await socketIo(scripts.socketIo))
    const rounds = new Map<Subject['name'], Round[]>(subjects.map(({ name }) => [name, []]))
    for (let round = 0; round < settings.rounds; round++) {
      // Each is first once, so that the garbage of a round in the server's heap burdens all alike.
      for (const index of subjects.keys()) {
        const subject = subjects[(round + index) % subjects.length] as Subject
        rounds.get(subject.name)?.push(await runRound(ensemble, subject, scripts.viewers, settings))
      }
    }
    const figures = subjects.map((subject) => [
      subject.name,
      figuresOf(rounds.get(subject.name) ?? [], subject, settings),
    ])
    return Object.fromEntries(figures) as FanoutResult
  } finally {
    await Promise.all(subjects.map((subject) => subject.close()))
    await ensemble.close()
    rmSync(folder, { recursive: true })
  }
}

async function runRound(
  ensemble: RealEnsemble,
  subject: Subject,
  script: string,
  { pages, changes }: FanoutSettings,
): Promise<Round> {
  const member = await subject.enter(payloadOf(0))
  const viewers = new Viewers(script, { ...subject.viewers, subject: subject.name, count: pages })
  try {
    await viewers.ready()
    const read = () => readLoad({ ensemble, brokerPid: subject.brokerPid, viewersPid: viewers.pid })
    const warmUp = Math.min(MOST_WARM_UP_CHANGES, changes)
    await change(member, 1, warmUp)
    const { notices } = await viewers.told(warmUp)
    const watches = await readWatches(ensemble)
    const idle = { from: await read(), to: await delay(IDLE_MS).then(read) }

    const from = await read()
    const times = await change(member, warmUp + 1, changes)
    const last = await viewers.told(warmUp + changes)
    const load = loadBeyondIdle(from, await read(), idle)

    const told = await Promise.all(times.map((_, index) => viewers.told(warmUp + 1 + index)))
    const after = (index: number, since: number) => (told[index] as Told).at - since
    const round: Round = {
      fromAcknowledgement: times.map(({ acknowledged }, index) => after(index, acknowledged)),
      fromCall: times.map(({ called }, index) => after(index, called)),
      load,
      notices: last.notices - notices,
      watches,
    }
    await viewers.stop()
    await member.leave()
    // The next subject shall find an idle ensemble.
    await ensemble.waitForSessionEnd()
    return round
  } finally {
    viewers.kill()
  }
}

/** Changes at a steady pace, whether or not the one before is acknowledged. */
async function change(
  member: ChangingMember,
  first: number,
  count: number,
): Promise<{ called: number; acknowledged: number }[]> {
  const start = now()
  const running: Promise<{ called: number; acknowledged: number }>[] = []
  for (let index = 0; index < count; index++) {
    await waitUntil('it is time for the next change', () => now() - start >= index * INTERVAL_MS, {
      intervalMs: 1,
    })
    const called = now()
    running.push(member.change(payloadOf(first + index)).then(() => ({ called, acknowledged: now() })))
  }
  return Promise.all(running)
}

function figuresOf(rounds: Round[], { brokerPid }: Subject, { pages, changes }: FanoutSettings): Figures {
  const all = rounds.length * changes
  const perChange = (of: keyof Round['load']) => rounds.reduce((sum, { load }) => sum + load[of], 0) / all
  return {
    changes: all,
    fromAcknowledgement: distributionOf(rounds.flatMap((round) => round.fromAcknowledgement)),
    fromCall: distributionOf(rounds.flatMap((round) => round.fromCall)),
    noticesPerChange: rounds.reduce((sum, { notices }) => sum + notices, 0) / (all * pages),
    brokerCpuMs: brokerPid === null ? null : perChange('brokerCpuMs'),
    ensembleCpuMs: perChange('ensembleCpuMs'),
    viewersCpuMs: perChange('viewersCpuMs'),
    packets: perChange('packets'),
    watches: Math.max(...rounds.map(({ watches }) => watches)),
  }
}
