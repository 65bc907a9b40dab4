// Reads services from the nodes of a view. Any data gives a service: backends in any language write here.
//
//   /services/<service>/<instance>     ephemeral, JSON about the process: { host, port, version, started, load, … }
//   /services/<service>/election/<any> ephemeral, its text names an instance; the candidate that came first leads
//
// The zxid of its creation orders the candidates. The sequence numbers of kazoo's, Curator's and zoogate's elections give
// the same order, so the names of the nodes need not be parsed.

import type { ViewedNode } from 'zoogate-client'

export interface Instance {
  /** Name of its node. */
  readonly name: string
  /** The zxid that created its node. The same name with another zxid is another instance. */
  readonly born: bigint
  /** Time of registration in milliseconds since the epoch, by the ensemble's clock. */
  readonly joinedAt: number
  /** Time of start that the process gives, in milliseconds since the epoch. */
  readonly startedAt: number
  /** `host:port`, or the part of it that the process gives. */
  readonly address: string
  readonly version: string
  /** Load from 0 to 1; null when the process gives none. */
  readonly load: number | null
  /** Counts the changes of its data. */
  readonly revision: number
  /** Simulated for the demo. */
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
/** A Date holds at most 8.64e15 ms. */
const MAX_TIME = 8.64e15

/** @param root the path above all services */
export function readServices(root: string, nodes: ReadonlyMap<string, ViewedNode>): Service[] {
  const found = new Map<string, { instances: Instance[]; candidates: ViewedNode[] }>()
  for (const [path, node] of nodes) {
    const [name = '', child, grandchild, ...deeper] = path.slice(root.length + 1).split('/')
    if (name === '' || deeper.length > 0) continue
    const service = found.get(name) ?? { instances: [], candidates: [] }
    found.set(name, service)
    // Instances and candidates are ephemeral: their nodes go with their processes.
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
    // A process without JSON is an instance all the same.
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
