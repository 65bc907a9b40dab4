import { startDevEnsemble } from '../../../server/src/dev-ensemble/index.js'
import { type WaitOptions, waitUntil } from '../wait-until.js'
import { realEnsemble } from '../zookeeper/real-ensemble.js'

export const TICK_MS = 500
/** Beyond the usual 20 ticks, so that a test can ask for a session that does not expire while it runs. */
const MAX_SESSION_TIMEOUT_MS = 120_000

/** Three servers, with what the board's tests do to them and ask of them, whichever ensemble it is. */
export interface BoardEnsemble {
  readonly connectString: string
  readonly ports: readonly number[]
  /** At once, as a crash does. */
  killServer(index: number): Promise<void>
  /** Resolves when the servers run; together, since none serves without a majority. */
  startServers(indexes: readonly number[]): Promise<void>
  /** Waits until every server that runs serves. */
  waitForQuorum(): Promise<void>
  /** The server that has an open connection of this session; null while none has. */
  holder(session: string): Promise<number | null>
  waitForSessionEnd(session: string, wait?: WaitOptions): Promise<void>
  close(): Promise<void>
}

export async function startRealServers(): Promise<BoardEnsemble> {
  const ensemble = await realEnsemble(3, {
    tickTimeMs: TICK_MS,
    extraConfig: { maxSessionTimeout: MAX_SESSION_TIMEOUT_MS },
  })
  return {
    connectString: ensemble.connectString,
    ports: ensemble.servers.map(({ port }) => port),
    killServer: (index) => ensemble.kill(index),
    startServers: async (indexes) => {
      await Promise.all(indexes.map((index) => ensemble.start(index)))
    },
    waitForQuorum: () => ensemble.waitForQuorum(),
    holder: (session) => ensemble.holder(session),
    waitForSessionEnd: (session, wait) => ensemble.waitForSessionEnd(session, wait),
    close: () => ensemble.close(),
  }
}

export async function startInMemory(): Promise<BoardEnsemble> {
  const ensemble = await startDevEnsemble({
    servers: 3,
    tickTimeMs: TICK_MS,
    maxSessionTimeoutMs: MAX_SESSION_TIMEOUT_MS,
  })
  return {
    connectString: ensemble.connectString,
    ports: ensemble.ports,
    killServer: (index) => ensemble.stopServer(index),
    startServers: async (indexes) => {
      await Promise.all(indexes.map((index) => ensemble.startServer(index)))
    },
    waitForQuorum: async () => {
      await waitUntil('a server leads', () => ensemble.leader !== null)
    },
    holder: async (session) => ensemble.serverOf(session),
    waitForSessionEnd: async (session, wait) => {
      await waitUntil(
        `the ensemble holds no session ${session}`,
        () => !ensemble.sessions().includes(session),
        { timeoutMs: 30_000, ...wait },
      )
    },
    close: () => ensemble.close(),
  }
}
