import type { Acl } from '../protocol.js'
import type { MakeCall } from '../session/calls.js'
import type { Limits } from '../session/pending.js'
import { type MultiPart, type MultiResults, writePart } from './multi.js'
import { createOperations, type NodeOperations, statOf, type VersionOptions, withStat } from './operations.js'
import { readStat, type Stat } from './stat.js'

/** Who a session is to ZooKeeper, as access control lists name it. */
export interface SessionIdentity {
  scheme: string
  id: string
}

/** All of ZooKeeper's operations. Each rejects with a ZoogateError. */
export interface AllOperations extends NodeOperations {
  /** Who may do what with the node, and its Stat. */
  getACL(path: string, options?: Limits): Promise<{ acl: Acl[]; stat: Stat }>
  /** Replaces the node's access control list; `version` is the `aversion` of its Stat. */
  setACL(path: string, acl: Acl[], options?: VersionOptions): Promise<Stat>
  /** Resolves when the server has caught up: reads from now on show every write that had finished before. */
  sync(path: string, options?: Limits): Promise<void>
  /** The paths of this session's ephemeral nodes at `prefix` and below, in no order. `prefix` is '/' by default. */
  getEphemerals(prefix?: string, options?: Limits): Promise<string[]>
  /** Who this session is. Needs ZooKeeper 3.7, else UNIMPLEMENTED. */
  whoAmI(options?: Limits): Promise<SessionIdentity[]>
  /**
   * Does all parts at once, or none. The results stand in the order of the parts. An error's `part` and `path` name
   * the part that failed. Without parts there is nothing to ask.
   */
  multi<const Parts extends readonly MultiPart[]>(
    parts: Parts,
    options?: Limits,
  ): Promise<MultiResults<Parts>>
}

export function createAllOperations(call: MakeCall): AllOperations {
  return {
    ...createOperations(call),
    getACL: (path, options) => call('getACL', path, options, withStat),
    setACL: (path, acl, options) => call('setACL', path, { ...options, acl }, statOf),
    sync: (path, options) => call('sync', path, options, () => undefined),
    getEphemerals: (prefix = '/', options) => call('getEphemerals', prefix, options, ({ paths }) => paths),
    whoAmI: (options) => call('whoAmI', undefined, options, ({ identities }) => identities),
    // The gateway answers with one result for each part, of its kind.
    multi: (async (parts: readonly MultiPart[], options?: Limits) =>
      parts.length > 0
        ? call('multi', undefined, { ...options, parts: parts.map(writePart) }, ({ results }) =>
            results.map(({ stat, ...rest }) => (stat ? { ...rest, stat: readStat(stat) } : rest)),
          )
        : []) as AllOperations['multi'],
  }
}
