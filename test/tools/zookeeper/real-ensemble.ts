import {
  type FourLetterWordOptions,
  fourLetterWord,
} from '../../../server/src/cli/doctor/four-letter-word.js'
import { stopProcess } from '../process-state.js'
import { type WaitOptions, waitUntil } from '../wait-until.js'
import { type LocalZooKeeper, type LocalZooKeeperOptions, startLocalZooKeeper } from './local-zookeeper.js'

export { fourLetterWord }

export type Mode = 'leader' | 'follower' | 'standalone'

/** Real servers, with the faults and questions of fault tests. Servers are named by their index. */
export interface RealEnsemble extends LocalZooKeeper {
  /** `127.0.0.1:port` of one server. */
  address(index: number): string
  /** SIGKILL; resolves when the process is gone. */
  kill(index: number): Promise<void>
  /** Starts a killed server on its data; resolves when it serves. */
  start(index: number): Promise<void>
  /** Kills and starts. */
  restart(index: number): Promise<void>
  /** SIGSTOP; resolves when the process stands still. Its sockets stay open and the kernel still accepts. */
  freeze(index: number): Promise<void>
  /** SIGCONT. */
  thaw(index: number): Promise<void>
  /** The answer of one server to a four-letter word. */
  ask(index: number, word: string, options?: FourLetterWordOptions): Promise<string>
  /** The mode that the server tells; null where it does not serve or does not answer within 1 s. */
  mode(index: number): Promise<Mode | null>
  /** The server that leads, once there is one. A lone server leads itself. */
  leader(wait?: WaitOptions): Promise<number>
  /** Waits for a leader and for every server that is not stopped or frozen to serve. */
  waitForQuorum(wait?: WaitOptions): Promise<void>
  /** Every session that the ensemble holds, alive or about to expire, as `0x…`. */
  sessions(): Promise<Set<string>>
  /** The session that owns each ephemeral node, by path. */
  ephemerals(): Promise<Map<string, string>>
  /** Waits until the ensemble holds this session no more; without one, until it holds none at all. */
  waitForSessionEnd(id?: string, wait?: WaitOptions): Promise<void>
  /** The server that has an open connection of this session; null while none has. */
  holder(id: string): Promise<number | null>
}

/** Starts real ZooKeeper servers and waits for their quorum. */
export async function realEnsemble(
  servers: 1 | 3 = 1,
  options: Omit<LocalZooKeeperOptions, 'servers'> = {},
): Promise<RealEnsemble> {
  const local = await startLocalZooKeeper({ ...options, servers })
  const frozen = new Set<number>()

  const server = (index: number) => {
    const found = local.servers[index]
    if (found === undefined) throw new Error(`there is no server ${index}; the ensemble has ${servers}`)
    return found
  }
  const ask = (index: number, word: string, wordOptions?: FourLetterWordOptions) =>
    fourLetterWord(server(index).port, word, wordOptions)
  const reachable = () => {
    const indexes = [...local.servers.keys()]
    return indexes.filter((index) => !server(index).stopped && !frozen.has(index))
  }

  const mode = async (index: number): Promise<Mode | null> => {
    const answer = await ask(index, 'srvr', { timeoutMs: 1000 }).catch(() => '')
    return (/^Mode: (\w+)$/m.exec(answer)?.[1] as Mode | undefined) ?? null
  }
  const modes = () => Promise.all(reachable().map(async (index) => ({ index, mode: await mode(index) })))
  const leads = ({ mode }: { mode: Mode | null }) => mode === 'leader' || mode === 'standalone'
  const leader = (wait?: WaitOptions) =>
    waitUntil('a server leads', async () => (await modes()).find(leads)?.index, {
      timeoutMs: 20_000,
      ...wait,
    })

  const sessions = async () => parseSessions(await ask(await leader(), 'dump'))

  const kill = (index: number) =>
    server(index)
      .kill('SIGKILL')
      .finally(() => frozen.delete(index))
  const start = (index: number) => server(index).start()

  return {
    ...local,
    address: (index) => `127.0.0.1:${server(index).port}`,
    kill,
    start,
    restart: (index) => kill(index).then(() => start(index)),
    freeze: async (index) => {
      const { pid } = server(index)
      if (pid === null) throw new Error(`server ${index} is stopped: there is nothing to freeze`)
      await stopProcess(pid)
      frozen.add(index)
    },
    thaw: async (index) => {
      await server(index).kill('SIGCONT')
      frozen.delete(index)
    },
    ask,
    mode,
    leader,
    waitForQuorum: async (wait) => {
      await waitUntil(
        'all running servers serve under one leader',
        async () => {
          const found = await modes()
          return found.every(({ mode }) => mode !== null) && found.filter(leads).length === 1
        },
        { timeoutMs: 30_000, ...wait },
      )
    },
    sessions,
    ephemerals: async () => parseEphemerals(await ask(await leader(), 'dump')),
    waitForSessionEnd: async (id, wait) => {
      const what = id === undefined ? 'the ensemble holds no session' : `the ensemble holds no session ${id}`
      const hasEnded = async () => {
        // While a leader is being elected no server answers this.
        const held = await sessions().catch(() => null)
        return held !== null && (id === undefined ? held.size === 0 : !held.has(id))
      }
      await waitUntil(what, hasEnded, { timeoutMs: 30_000, ...wait })
    },
    holder: async (id) => {
      for (const index of reachable()) {
        const connections = await ask(index, 'cons').catch(() => '')
        if (connections.includes(`sid=${id},`)) return index
      }
      return null
    },
  }
}

/** The part of a leader's `dump` between two of its headings. */
function section(dump: string, from: string, to: string): string {
  const start = dump.indexOf(from)
  const end = dump.indexOf(to)
  if (start === -1 || end === -1) throw new Error(`a dump without '${from}' and '${to}':\n${dump}`)
  return dump.slice(start, end)
}

export function parseSessions(dump: string): Set<string> {
  const lines = section(dump, 'SessionTracker dump:', 'ephemeral nodes dump:').matchAll(
    /^\s+(0x[0-9a-f]+)\b/gm,
  )
  return new Set([...lines].map(([, id]) => id as string))
}

export function parseEphemerals(dump: string): Map<string, string> {
  const owners = new Map<string, string>()
  let owner = ''
  for (const line of section(dump, 'ephemeral nodes dump:', 'Connections dump:').split('\n')) {
    const heading = /^(0x[0-9a-f]+):$/.exec(line)
    if (heading !== null) owner = heading[1] as string
    else if (line.startsWith('\t')) owners.set(line.slice(1), owner)
  }
  return owners
}
