import type { Acl, MultiPart as WirePart } from '../protocol.js'
import type { MakeCall } from '../session/calls.js'
import type { Limits } from '../session/pending.js'
import { type DataInput, readStat, type Stat, writeData } from './node-data.js'
import {
  type CreateOptions,
  createOperations,
  type NodeOperations,
  statOf,
  type VersionOptions,
  withStat,
} from './operations.js'

/** An identity of a session, as access control lists name it. */
export interface SessionIdentity {
  scheme: string
  id: string
}

/** One part of a multi, with the fields that the operation of this name takes. */
export type MultiPart =
  | ({ op: 'create'; path: string; data?: DataInput } & Omit<CreateOptions, keyof Limits>)
  | ({ op: 'setData'; path: string; data: DataInput } & Omit<VersionOptions, keyof Limits>)
  /** `check` changes nothing: the node must exist and, where a version is given, have it. */
  | ({ op: 'check' | 'delete'; path: string } & Omit<VersionOptions, keyof Limits>)

/** The result of one part of a multi that was executed. A `create` has a Stat if the ensemble sends one. */
export type MultiResult<Part extends MultiPart> = Part extends { op: 'create' }
  ? { path: string; stat?: Stat }
  : Part extends { op: 'setData' }
    ? { stat: Stat }
    : Record<string, never>

/** The results in the order of the parts. */
export type MultiResults<Parts extends readonly MultiPart[]> = {
  -readonly [Index in keyof Parts]: MultiResult<Parts[Index]>
}

/** All operations of ZooKeeper. Each rejects with a ZoogateError. */
export interface AllOperations extends NodeOperations {
  /** The node's access control list and its Stat. */
  getACL(path: string, options?: Limits): Promise<{ acl: Acl[]; stat: Stat }>
  /** Replaces the node's access control list; `version` is the `aversion` of its Stat. */
  setACL(path: string, acl: Acl[], options?: VersionOptions): Promise<Stat>
  /** Resolves when the server has caught up: reads from now on show every write that had finished before. */
  sync(path: string, options?: Limits): Promise<void>
  /** The paths of this session's ephemeral nodes at `prefix` and below, in no order. `prefix` is '/' by default. */
  getEphemerals(prefix?: string, options?: Limits): Promise<string[]>
  /** The identities of this session. Needs ZooKeeper 3.7, else UNIMPLEMENTED. */
  whoAmI(options?: Limits): Promise<SessionIdentity[]>
  /**
   * Executes all parts at once, or none. The results stand in the order of the parts. An error's `part` and `path` name
   * the part that failed. Without parts it resolves without a call.
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

function writePart(part: MultiPart): WirePart {
  return ('data' in part ? { ...part, data: writeData(part.data) } : part) as WirePart
}
