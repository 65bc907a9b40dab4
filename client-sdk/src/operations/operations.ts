import type { Acl, CreateMode, WireStat } from '../protocol.js'
import type { MakeCall } from '../session/calls.js'
import type { Limits } from '../session/pending.js'
import type { Watcher } from '../session/watcher.js'
import { type DataInput, type NodeContent, readContent, writeData } from './node-data.js'
import { readStat, type Stat } from './stat.js'

export interface CreateOptions extends Limits {
  /**
   * `ephemeral` nodes go with the session; `sequential` ones get a number appended; a `container` goes some time after
   * its last child; a `ttl` node goes when it was not changed for `ttlMs` and has no children. The last needs an
   * ensemble that has `extendedTypesEnabled`, else UNIMPLEMENTED.
   * @default 'persistent'
   */
  mode?: CreateMode
  /** Who may do what with the node. Default: the gateway's. */
  acl?: Acl[]
  /** Milliseconds, 1 to 1,099,511,627,775: required by the two ttl modes, and refused by the others. */
  ttlMs?: number
}

export interface VersionOptions extends Limits {
  /** The version that the node must have; otherwise BAD_VERSION. Default: any. */
  version?: number
}

export interface ReadOptions extends Limits {
  /**
   * Called once when what was read changes. Set when the answer arrives; survives a resume, not the session. All
   * paths with a watch travel in one message when the session is resumed, so keep them to thousands: a message
   * larger than the gateway reads is refused, with growing pauses between the attempts, until the session expires.
   */
  watch?: Watcher
}

/** What most pages need of ZooKeeper's operations. Each rejects with a ZoogateError. */
export interface NodeOperations {
  /** Creates a node. Sequential modes append a number: use the `path` that comes back. */
  create(path: string, data?: DataInput, options?: CreateOptions): Promise<{ path: string; stat: Stat }>
  /** Deletes a node that has no children. */
  delete(path: string, options?: VersionOptions): Promise<void>
  /** The node's Stat, or null if there is no such node; `watch` then tells when it is created. */
  exists(path: string, options?: ReadOptions): Promise<Stat | null>
  /** The node's data and Stat. */
  getData(path: string, options?: ReadOptions): Promise<NodeContent>
  /** Replaces the node's data. */
  setData(path: string, data: DataInput, options?: VersionOptions): Promise<Stat>
  /** The names of the node's children, in no order, and its Stat. */
  getChildren(path: string, options?: ReadOptions): Promise<{ children: string[]; stat: Stat }>
}

export const statOf = ({ stat }: { stat: WireStat }) => readStat(stat)
export const withStat = <R extends { stat: WireStat }>(result: R) => ({ ...result, stat: statOf(result) })

export function createOperations(call: MakeCall): NodeOperations {
  return {
    create: (path, data, options) => call('create', path, { ...options, data: writeData(data) }, withStat),
    delete: (path, options) => call('delete', path, options, () => undefined),
    exists: (path, options) => call('exists', path, options, ({ stat }) => stat && readStat(stat)),
    getData: (path, options) =>
      call('getData', path, options, ({ data, stat }) => ({ ...readContent(data), stat: readStat(stat) })),
    setData: (path, data, options) => call('setData', path, { ...options, data: writeData(data) }, statOf),
    getChildren: (path, options) => call('getChildren', path, options, withStat),
  }
}
