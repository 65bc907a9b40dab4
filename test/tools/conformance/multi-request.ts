import { OP, RECORD } from '../../../server/src/dev-ensemble/protocol.js'
import { type Cursor, RecordList, type WritableRecord } from '../../../server/src/dev-ensemble/records.js'
import { OPEN, type RawClient } from './raw-client.js'

/** One step of a multi or multiRead: its type and its record. */
export interface Step {
  type: number
  record: WritableRecord
}

export const step = {
  create: (path: string, flags = 0, acl = OPEN, type: number = OP.CREATE): Step => ({
    type,
    record: RECORD.create.of({ path, data: Buffer.alloc(0), acl, flags }),
  }),
  delete: (path: string, version = -1): Step => ({
    type: OP.DELETE,
    record: RECORD.pathAndVersion.of({ path, version }),
  }),
  setData: (path: string, data: string, version = -1): Step => ({
    type: OP.SET_DATA,
    record: RECORD.setData.of({ path, data: Buffer.from(data), version }),
  }),
  check: (path: string, version = -1): Step => ({
    type: OP.CHECK,
    record: RECORD.pathAndVersion.of({ path, version }),
  }),
  getData: (path: string): Step => ({
    type: OP.GET_DATA,
    record: RECORD.pathAndWatch.of({ path, watch: false }),
  }),
  getChildren: (path: string): Step => ({
    type: OP.GET_CHILDREN,
    record: RECORD.pathAndWatch.of({ path, watch: false }),
  }),
}

export function encodeMulti(steps: readonly Step[]): WritableRecord {
  const end = RECORD.multiHeader.of({ type: -1, done: true, err: -1 })
  return new RecordList([
    ...steps.flatMap(({ type, record }) => [RECORD.multiHeader.of({ type, done: false, err: -1 }), record]),
    end,
  ])
}

/** One result: its header and the fields of its body. */
export type Result = { type: number; err: number } & Record<string, unknown>

export async function multi(
  client: RawClient,
  steps: readonly Step[],
  type: number = OP.MULTI,
): Promise<{ err: number; zxid: bigint; results: Result[] }> {
  const { err, zxid, body } = await client.call(type, encodeMulti(steps))
  if (err !== 0) return { err, zxid, results: [] }
  const results: Result[] = []
  for (;;) {
    const header = RECORD.multiHeader.read(body)
    if (header.done) return { err, zxid, results }
    const record = BODIES.get(header.type)
    results.push({ type: header.type, err: header.err, ...record?.read(body) })
  }
}

const BODIES = new Map<number, { read(cursor: Cursor): object }>([
  [OP.CREATE, RECORD.path],
  [OP.CREATE2, RECORD.pathAndStat],
  [OP.SET_DATA, RECORD.stat],
  [OP.GET_DATA, RECORD.dataAndStat],
  [OP.GET_CHILDREN, RECORD.children],
  [OP.ERROR, RECORD.error],
])
