import type { Direction } from '../tools/tcp-proxy.js'
import type { FaultScope } from './record.js'
import type { Stage } from './stage.js'

/** Something to break, and how to mend it. */
export interface Fault {
  name: string
  scope: FaultScope
  /** Milliseconds between breaking and mending. */
  lastsMs: number
  /** Nothing else is broken meanwhile: what comes of it must be this fault's doing. */
  isAlone?: true
  break(): Promise<void>
  mend(): Promise<void>
}

/** Draws one fault; 0 up to 1 comes from `random`, so that a seed gives the same faults each time. */
export type FaultSource = (stage: Stage, random: () => number, sessionTimeoutMs: number) => Promise<Fault>

export type WeightedSources = readonly { weight: number; source: FaultSource }[]

const between = (random: () => number, low: number, high: number) => low + random() * (high - low)

function pick<T>(random: () => number, from: readonly T[]): T {
  const picked = from[Math.floor(random() * from.length)]
  if (picked === undefined) throw new RangeError('there is nothing to pick from')
  return picked
}

/** Draws by weight. */
export function drawFault(sources: WeightedSources, random: () => number): FaultSource {
  let left = random() * sources.reduce((sum, { weight }) => sum + weight, 0)
  for (const { weight, source } of sources) {
    left -= weight
    if (left < 0) return source
  }
  throw new RangeError('random() must stay below 1')
}

// ---- the ensemble: one server at a time, except for "all down" ----

type Role = 'leader' | 'follower'

async function serverOf(stage: Stage, role: Role, random: () => number): Promise<number> {
  const leader = await stage.ensemble.leader()
  const followers = [0, 1, 2].filter((index) => index !== leader)
  const follower = pick(random, followers)
  return role === 'leader' ? leader : follower
}

const killServer =
  (role: Role): FaultSource =>
  async (stage, random) => {
    const index = await serverOf(stage, role, random)
    return {
      name: `kill ${role}`,
      scope: 'ensemble',
      lastsMs: between(random, 500, 6_000),
      break: () => stage.ensemble.kill(index),
      mend: () => stage.ensemble.start(index).then(() => stage.ensemble.waitForQuorum()),
    }
  }

const freezeServer =
  (role: Role): FaultSource =>
  async (stage, random) => {
    const index = await serverOf(stage, role, random)
    return {
      name: `freeze ${role}`,
      scope: 'ensemble',
      lastsMs: between(random, 1_000, 6_000),
      break: () => stage.ensemble.freeze(index),
      mend: () => stage.ensemble.thaw(index).then(() => stage.ensemble.waitForQuorum()),
    }
  }

const allDown: FaultSource = async ({ ensemble }, random) => ({
  name: 'all servers down',
  scope: 'ensemble',
  lastsMs: between(random, 500, 3_000),
  break: async () => {
    await Promise.all([0, 1, 2].map((index) => ensemble.kill(index)))
  },
  mend: async () => {
    await Promise.all([0, 1, 2].map((index) => ensemble.start(index)))
    await ensemble.waitForQuorum()
  },
})

export const ENSEMBLE_FAULTS: WeightedSources = [
  { weight: 3, source: killServer('leader') },
  { weight: 3, source: killServer('follower') },
  { weight: 3, source: freezeServer('leader') },
  { weight: 2, source: freezeServer('follower') },
  { weight: 1, source: allDown },
]

// ---- gateways, links and pages ----

const killGateway: FaultSource = async ({ gateways }, random) => {
  const gateway = pick(random, gateways)
  return {
    name: 'kill gateway',
    scope: 'gateway',
    lastsMs: between(random, 200, 4_000),
    break: () => gateway.kill(),
    mend: () => gateway.start(),
  }
}

const drainGateway: FaultSource = async ({ gateways }, random) => {
  const gateway = pick(random, gateways)
  return {
    name: 'drain gateway',
    scope: 'gateway',
    lastsMs: between(random, 200, 2_000),
    break: () => gateway.drain(),
    mend: () => gateway.start(),
  }
}

const freezeGateway: FaultSource = async ({ gateways }, random) => {
  const gateway = pick(random, gateways)
  return {
    name: 'freeze gateway',
    scope: 'gateway',
    lastsMs: between(random, 500, 6_000),
    break: () => gateway.freeze(),
    mend: async () => gateway.thaw(),
  }
}

/** Half of the faults of links hit a gateway's pages, the others its way to one server. */
const linkOf = ({ gateways }: Stage, random: () => number) => {
  const { front, backs } = pick(random, gateways)
  return random() < 0.5 ? { link: front, end: 'pages' } : { link: pick(random, backs), end: 'server' }
}

const cutLink: FaultSource = async (stage, random) => {
  const { link, end } = linkOf(stage, random)
  const reset = random() < 0.5
  return {
    name: `cut gateway–${end}${reset ? ' with resets' : ''}`,
    scope: 'gateway',
    lastsMs: between(random, 100, 5_000),
    break: () => link.cut({ reset }),
    mend: () => link.restore(),
  }
}

const DIRECTIONS: readonly (Direction | 'both')[] = ['up', 'down', 'both']

const stallLink: FaultSource = async (stage, random) => {
  const { link, end } = linkOf(stage, random)
  const direction = pick(random, DIRECTIONS)
  return {
    name: `stall gateway–${end} ${direction}`,
    scope: 'gateway',
    lastsMs: between(random, 500, 8_000),
    break: async () => link.stall(direction === 'both' ? {} : { direction }),
    mend: () => link.restore(),
  }
}

/** Shorter than the session timeout: the pages keep their sessions. */
const freezePages: FaultSource = async ({ processes }, random, sessionTimeoutMs) => {
  const victim = pick(random, processes)
  return {
    name: 'freeze pages',
    scope: { process: processes.indexOf(victim) },
    lastsMs: between(random, 500, sessionTimeoutMs / 2),
    break: () => victim.freeze(),
    mend: async () => victim.thaw(),
  }
}

/**
 * So long that the sessions have to be gone well before the pages wake up. Alone, since a new leader would start
 * the sessions' clocks anew.
 */
export const freezePagesPastTheirTimeout: FaultSource = async (stage, random, sessionTimeoutMs) => ({
  ...(await freezePages(stage, random, sessionTimeoutMs)),
  name: 'freeze pages past their timeout',
  lastsMs: 2 * sessionTimeoutMs,
  isAlone: true,
})

export const EDGE_FAULTS: WeightedSources = [
  { weight: 3, source: killGateway },
  { weight: 1, source: drainGateway },
  { weight: 2, source: freezeGateway },
  { weight: 3, source: cutLink },
  { weight: 3, source: stallLink },
  { weight: 2, source: freezePages },
  { weight: 1, source: freezePagesPastTheirTimeout },
]
