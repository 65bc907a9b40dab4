import type { MultiPart as WirePart } from '../protocol.js'
import type { Limits } from '../session/pending.js'
import { type DataInput, writeData } from './node-data.js'
import type { CreateOptions, VersionOptions } from './operations.js'
import type { Stat } from './stat.js'

/** One part of a multi, with the fields that the operation of this name takes. */
export type MultiPart =
  | ({ op: 'create'; path: string; data?: DataInput } & Omit<CreateOptions, keyof Limits>)
  | ({ op: 'setData'; path: string; data: DataInput } & Omit<VersionOptions, keyof Limits>)
  /** `check` changes nothing: the node must exist and, where a version is given, have it. */
  | ({ op: 'check' | 'delete'; path: string } & Omit<VersionOptions, keyof Limits>)

/** What a part gives when all are done. A `create` has a Stat where the ensemble sends one. */
export type MultiResult<Part extends MultiPart> = Part extends { op: 'create' }
  ? { path: string; stat?: Stat }
  : Part extends { op: 'setData' }
    ? { stat: Stat }
    : Record<string, never>

/** The results in the order of the parts. */
export type MultiResults<Parts extends readonly MultiPart[]> = {
  -readonly [Index in keyof Parts]: MultiResult<Parts[Index]>
}

export function writePart(part: MultiPart): WirePart {
  return ('data' in part ? { ...part, data: writeData(part.data) } : part) as WirePart
}
