import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { startDevEnsemble } from '../../../server/src/dev-ensemble/index.js'
import { describeWith } from '../requirements.js'
import { realEnsemble } from '../zookeeper/real-ensemble.js'
import { type ConnectOptions, RawClient } from './raw-client.js'

/** Short, so that expiries are; long enough for a real ensemble on a busy machine. */
export const TICK_TIME_MS = 200

export const CONTAINER_CHECK_INTERVAL_MS = 200

/** Two processes and the start of a JVM: far above any measured time. */
const START_DEADLINE_MS = 60_000

/** Everything that a case may do to an ensemble of either kind. */
export interface Subject {
  readonly ports: readonly number[]
  /** Index of the server that leads. */
  leader(): Promise<number>
  stopServer(index: number): Promise<void>
  startServer(index: number): Promise<void>
  close(): Promise<void>
}

/** Options of both kinds of ensemble. */
export interface SubjectOptions {
  containerCheckIntervalMs?: number
  /** Longer session timeouts that clients ask for become this. @default 20 ticks */
  maxSessionTimeoutMs?: number
}

export async function startInMemory(servers: 1 | 3, options: SubjectOptions = {}): Promise<Subject> {
  const ensemble = await startDevEnsemble({
    servers,
    tickTimeMs: TICK_TIME_MS,
    containerCheckIntervalMs: CONTAINER_CHECK_INTERVAL_MS,
    extendedTypes: true,
    ...options,
  })
  return {
    ports: ensemble.ports,
    leader: async () => {
      if (ensemble.leader === null) throw new Error('no server leads')
      return ensemble.leader
    },
    stopServer: (index) => ensemble.stopServer(index),
    startServer: (index) => ensemble.startServer(index),
    close: () => ensemble.close(),
  }
}

export async function startApache(servers: 1 | 3, options: SubjectOptions = {}): Promise<Subject> {
  const { containerCheckIntervalMs = CONTAINER_CHECK_INTERVAL_MS, maxSessionTimeoutMs } = options
  // The only setting of a server that its file cannot hold.
  process.env.JAVA_TOOL_OPTIONS = `-Dznode.container.checkIntervalMs=${containerCheckIntervalMs}`
  const ensemble = await realEnsemble(servers, {
    tickTimeMs: TICK_TIME_MS,
    extraConfig: {
      extendedTypesEnabled: 'true',
      // Nothing here outlives the run, so nothing waits for the disk.
      forceSync: 'no',
      ...(maxSessionTimeoutMs !== undefined && { maxSessionTimeout: maxSessionTimeoutMs }),
    },
  })
  return {
    ports: ensemble.servers.map(({ port }) => port),
    leader: () => ensemble.leader(),
    stopServer: (index) => ensemble.kill(index),
    startServer: (index) => ensemble.start(index),
    close: () => ensemble.close(),
  }
}

/** The tools of a case: connections that end with it, and a part of the tree of its own. */
export interface Bench {
  readonly subject: Subject
  /** To server 0 by default. */
  connect(options?: ConnectOptions & { server?: number }): Promise<RawClient>
  /** A connection and the path of a new node of the case's own. */
  begin(): Promise<{ zk: RawClient; root: string }>
}

/** Runs the same cases against the in-memory ensemble and against Apache ZooKeeper. */
export function describeEnsembles(title: string, servers: 1 | 3, define: (bench: Bench) => void): void {
  describe(`${title} in memory`, () => define(benchOf(() => startInMemory(servers))))
  describeWith('zookeeper')(`${title} of Apache ZooKeeper`, () => define(benchOf(() => startApache(servers))))
}

function benchOf(start: () => Promise<Subject>): Bench {
  let subject: Subject | undefined
  let roots = 0
  const clients: RawClient[] = []
  beforeAll(async () => {
    subject = await start()
  }, START_DEADLINE_MS)
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.drop()))
  })
  afterAll(() => subject?.close())

  const running = () => {
    if (subject === undefined) throw new Error('the ensemble has not started')
    return subject
  }
  const bench: Bench = {
    get subject() {
      return running()
    },
    connect: async ({ server = 0, ...options } = {}) => {
      const client = await RawClient.connect(running().ports[server] ?? 0, options)
      clients.push(client)
      return client
    },
    begin: async () => {
      const zk = await bench.connect()
      const { err, path } = await zk.create(`/case-${++roots}`)
      if (err !== 0) throw new Error(`the case got no node of its own: ${err}`)
      return { zk, root: path }
    },
  }
  return bench
}
