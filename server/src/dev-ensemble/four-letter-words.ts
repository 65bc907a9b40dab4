import type { EnsembleState } from './state.js'

/** The release that the ensemble behaves as. Clients read the numbers, people the rest. */
const VERSION = '3.8.0-zoogate-dev-ensemble'

/** ZooKeeper's answer while there is no majority. */
export const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests\n'

/** A server's view of itself. */
export interface Status {
  state: EnsembleState
  mode: 'leader' | 'follower' | 'standalone'
  port: number
  tickTimeMs: number
  minSessionTimeoutMs: number
  maxSessionTimeoutMs: number
  connections: readonly { address: string; sessionId: bigint | null }[]
}

type Word = (status: Status) => string

const srvr: Word = ({ state, mode, connections }) =>
  lines([
    `Zookeeper version: ${VERSION}`,
    'Latency min/avg/max: 0/0.0/0',
    `Connections: ${connections.length}`,
    'Outstanding: 0',
    `Zxid: 0x${state.zxid.toString(16)}`,
    `Mode: ${mode}`,
    `Node count: ${state.tree.size}`,
  ])

const cons: Word = ({ connections }) =>
  lines(
    connections.map(({ address, sessionId }) => ` /${address}[1](sid=0x${(sessionId ?? 0n).toString(16)},)`),
  )

const mntr: Word = ({ state, mode, connections }) =>
  lines([
    `zk_version\t${VERSION}`,
    `zk_server_state\t${mode}`,
    `zk_num_alive_connections\t${connections.length}`,
    'zk_outstanding_requests\t0',
    `zk_znode_count\t${state.tree.size}`,
    `zk_watch_count\t${state.watches.data.size + state.watches.children.size}`,
    `zk_ephemerals_count\t${ephemerals(state).reduce((count, [, paths]) => count + paths.length, 0)}`,
    `zk_global_sessions\t${state.sessions.size}`,
  ])

const dump: Word = ({ state }) =>
  lines([
    'SessionTracker dump:',
    ...[...state.sessions].map(({ id }) => `\t0x${id.toString(16)}`),
    'ephemeral nodes dump:',
    ...ephemerals(state).flatMap(([id, paths]) => [
      `0x${id.toString(16)}:`,
      ...paths.map((path) => `\t${path}`),
    ]),
    'Connections dump:',
  ])

const conf: Word = (status) =>
  lines([
    `clientPort=${status.port}`,
    `tickTime=${status.tickTimeMs}`,
    'maxClientCnxns=0',
    `minSessionTimeout=${status.minSessionTimeoutMs}`,
    `maxSessionTimeout=${status.maxSessionTimeoutMs}`,
  ])

const WORDS: Readonly<Record<string, Word>> = {
  ruok: () => 'imok',
  srvr,
  stat: (status) => `${srvr(status)}Clients:\n${cons(status)}`,
  cons,
  mntr,
  dump,
  conf,
  envi: () => lines(['Environment:', `zookeeper.version=${VERSION}`]),
}

/** Every word of four small letters: read as a length, it is longer than any frame may be. */
export function isFourLetterWord(bytes: string): boolean {
  return /^[a-z]{4}$/.test(bytes)
}

export function answerTo(word: string, status: Status): string {
  return WORDS[word]?.(status) ?? `${word} is not one of ${Object.keys(WORDS).join(', ')}\n`
}

function ephemerals(state: EnsembleState): (readonly [session: bigint, paths: string[]])[] {
  return [...state.sessions]
    .map(({ id }) => [id, state.tree.ephemeralsOf(id)] as const)
    .filter(([, paths]) => paths.length > 0)
}

function lines(list: readonly string[]): string {
  return list.map((line) => `${line}\n`).join('')
}
