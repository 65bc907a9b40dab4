// What the tree says about services. Whatever the nodes hold, services come out: backends in any language write here.
//
//   /services/<service>/<instance>     ephemeral, JSON about the process: { host, port, version, started, load, … }
//   /services/<service>/election/<any> ephemeral, its text names an instance; whoever came first leads
//
// The order of coming is the order of the creating transactions, which is what the sequence numbers of kazoo's,
// Curator's and zoogate's elections say too, so their names need not be understood.

import type { ViewedNode } from 'zoogate-client'

export interface Instance {
  /** Name of its node. */
  readonly name: string
  /** The transaction that created its node: another one under the same name is another instance. */
  readonly born: bigint
  /** When it registered, in milliseconds since the epoch, by the ensemble's clock. */
  readonly joinedAt: number
  /** When the process says that it started, in milliseconds since the epoch. */
  readonly startedAt: number
  /** `host:port`, or what is known of it. */
  readonly address: string
  readonly version: string
  /** How busy, from 0 to 1; null where it does not say. */
  readonly load: number | null
  /** Counts the changes of its data. */
  readonly revision: number
  /** It is played for the demo. */
  readonly simulated: boolean
}

export interface Service {
  readonly name: string
  /** By name. */
  readonly instances: readonly Instance[]
  /** The instance that leads, by name; null without one. */
  readonly leader: string | null
}

const ELECTION = 'election'
/** A Date holds 8.64e15 ms at most; beyond it there is no time to show. */
const MAX_TIME = 8.64e15

/** @param root the path that services are below */
export function readServices(root: string, nodes: ReadonlyMap<string, ViewedNode>): Service[] {
  const found = new Map<string, { instances: Instance[]; candidates: ViewedNode[] }>()
  for (const [path, node] of nodes) {
    const [name = '', child, grandchild, ...deeper] = path.slice(root.length + 1).split('/')
    if (name === '' || deeper.length > 0) continue
    const service = found.get(name) ?? { instances: [], candidates: [] }
    found.set(name, service)
    // Only what goes with its process can be an instance or a candidate.
    if (child === undefined || node.stat.owner === null) continue
    if (grandchild === undefined) service.instances.push(readInstance(child, node))
    else if (child === ELECTION) service.candidates.push(node)
  }
  return [...found]
    .map(([name, { instances, candidates }]) => ({
      name,
      instances: instances.sort(byName),
      leader: candidates.sort(byBirth)[0]?.text() ?? null,
    }))
    .sort(byName)
}

function readInstance(name: string, node: ViewedNode): Instance {
  const { host, port, version, started, load, simulated } = fieldsOf(node)
  const { ctime, czxid, version: revision } = node.stat
  return {
    name,
    born: czxid,
    joinedAt: ctime,
    startedAt: isNumber(started, 0, MAX_TIME) ? started : ctime,
    address: [host, port].filter((part) => typeof part === 'string' || typeof part === 'number').join(':'),
    version: typeof version === 'string' ? version : '',
    load: isNumber(load, 0, 1) ? load : null,
    revision,
    simulated: simulated === true,
  }
}

type Fields = Partial<Record<'host' | 'port' | 'version' | 'started' | 'load' | 'simulated', unknown>>

function fieldsOf(node: ViewedNode): Fields {
  try {
    const value: unknown = node.json()
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    // Not JSON: it is there all the same.
    return {}
  }
}

function isNumber(value: unknown, from: number, to: number): value is number {
  return typeof value === 'number' && value >= from && value <= to
}

function byName(one: { name: string }, other: { name: string }): number {
  return one.name < other.name ? -1 : 1
}

function byBirth(one: ViewedNode, other: ViewedNode): number {
  return one.stat.czxid < other.stat.czxid ? -1 : 1
}
