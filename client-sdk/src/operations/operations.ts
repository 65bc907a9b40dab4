import type { Acl, CreateMode, WireStat } from '../protocol.js'
import type { MakeCall } from '../session/calls.js'
import type { Limits } from '../session/pending.js'
import type { Watcher } from '../session/watcher.js'
import { type DataInput, type NodeContent, readContent, readStat, type Stat, writeData } from './node-data.js'

export interface CreateOptions extends Limits {
  /**
   * `ephemeral`: deleted at the end of the session. `sequential`: a number is appended to the name. `container`: deleted
   * some time after its last child. `ttl`: deleted when it has no children and was not changed for `ttlMs`; it needs an
   * ensemble with `extendedTypesEnabled`, else UNIMPLEMENTED.
   * @default 'persistent'
   */
  mode?: CreateMode
  /** The node's access control list. Default: the gateway's. */
  acl?: Acl[]
  /** Milliseconds, 1 to 1,099,511,627,775. Required by the two ttl modes, refused by the others. */
  ttlMs?: number
}

export interface VersionOptions extends Limits {
  /** The version that the node must have; otherwise BAD_VERSION. Default: any. */
  version?: number
}

export interface ReadOptions extends Limits {
  /**
   * Called once, when the result of the read changes. It is set when the answer arrives; it survives a resume, but not
   * the session. A resume sends all watched paths in one message, so keep them to thousands: a message larger than the
   * gateway reads is refused, with growing pauses between the attempts, until the session expires.
   */
  watch?: Watcher
}

/** The operations that most pages need. Each rejects with a ZoogateError. */
export interface NodeOperations {
  /** Creates a node. Sequential modes append a number: use the `path` that comes back. */
  create(path: string, data?: DataInput, options?: CreateOptions): Promise<{ path: string; stat: Stat }>
  /** Deletes a node that has no children. */
  delete(path: string, options?: VersionOptions): Promise<void>
  /** The node's Stat, or null if the node does not exist; `watch` is then called when it is created. */
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
