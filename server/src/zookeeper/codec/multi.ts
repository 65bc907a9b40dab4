import type { WireStat } from 'zoogate-client/protocol'
import { BadFrame, type FrameReader } from './frames.js'
import { type CreateFlags, createType, hasTtl, OP } from './numbers.js'
import {
  type AclEntry,
  acl,
  bool,
  bytes,
  type Decode,
  encodeRequest,
  int,
  long,
  PartRefusal,
  readStat,
  text,
} from './records.js'

/** One part of a transaction. A version of -1 matches any, 0 is 0. */
export type MultiPart =
  | {
      op: 'create'
      path: string
      data: Buffer
      acl: readonly AclEntry[]
      flags: CreateFlags
      /** With flags 5 and 6. */
      ttlMs?: number
    }
  | { op: 'delete'; path: string; version: number }
  | { op: 'setData'; path: string; data: Buffer; version: number }
  | { op: 'check'; path: string; version: number }

/**
 * The result of one part. A create gives the path, and the stat only if the server sends it (3.8 does for containers and
 * nodes with a time to live); a setData gives the stat; delete and check give nothing.
 */
export interface MultiPartResult {
  path?: string
  stat?: WireStat
}

const ERROR = -1
const END = Buffer.concat([int(ERROR), bool(true), int(-1)])

export function encodeMulti(parts: readonly MultiPart[]): Buffer {
  return encodeRequest(OP.MULTI, ...parts.flatMap(encodePart), END)
}

function encodePart(part: MultiPart): Buffer[] {
  const { op, path } = part
  if (op === 'delete') return [header(OP.DELETE), text(path), int(part.version)]
  if (op === 'check') return [header(OP.CHECK), text(path), int(part.version)]
  if (op === 'setData') return [header(OP.SET_DATA), text(path), bytes(part.data), int(part.version)]
  const { flags, ttlMs = 0 } = part
  const fields = [header(createType(flags)), text(path), bytes(part.data), acl(part.acl), int(flags)]
  return hasTtl(flags) ? [...fields, long(ttlMs)] : fields
}

function header(type: number): Buffer {
  return Buffer.concat([int(type), bool(false), int(-1)])
}

/**
 * Reads the answer to a transaction. The answer to a failed one has error 0 in its header and an error for each part: 0
 * before the part that failed, -2 after it.
 */
export const readMulti: Decode<{ results: MultiPartResult[] }> = (frame, sessionId) => {
  const results: MultiPartResult[] = []
  const errors: number[] = []
  for (;;) {
    const type = frame.int()
    const done = frame.bool()
    frame.int() // the header's error, which repeats the one of the body
    if (done) break
    if (type === ERROR) errors.push(frame.int())
    else results.push(readPart(type, frame, sessionId))
  }
  if (errors.length === 0) return { results }
  const part = errors.findIndex((err) => err !== 0)
  const err = errors[part]
  if (err === undefined) throw new BadFrame('a failed transaction in which no part has failed')
  return new PartRefusal(err, part)
}

function readPart(type: number, frame: FrameReader, sessionId: Buffer): MultiPartResult {
  switch (type) {
    case OP.CREATE:
      return { path: frame.text() }
    case OP.CREATE2:
      return { path: frame.text(), stat: readStat(frame, sessionId) }
    case OP.SET_DATA:
      return { stat: readStat(frame, sessionId) }
    case OP.DELETE:
    case OP.CHECK:
      return {}
    default:
      throw new BadFrame(`a result of type ${type} in a transaction`)
  }
}
