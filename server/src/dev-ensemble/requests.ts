import { MultiRefused, readMulti } from './multi.js'
import { ERR, OP, Refusal } from './protocol.js'
import { READS, type Reading } from './reads.js'
import { type Cursor, MalformedRecord, type WritableRecord } from './records.js'
import { type ReadStep, WRITES, type Writing } from './writes.js'

export interface Answer {
  err: number
  /** null if `err` is not 0, and for requests that are answered without a body. */
  body: WritableRecord | null
}

/** Everything that a request may need. */
export type Asking = Reading & Omit<Writing, 'change'>

/** Whether a request of this type is a transaction, which takes a zxid. */
export function isWrite(type: number): boolean {
  return readStepOf(type) !== undefined
}

/** Serves one request. The cursor is behind the request's header. */
export function serve(type: number, request: Cursor, asking: Asking): Answer {
  try {
    const readStep = readStepOf(type)
    if (readStep === undefined) return { err: ERR.OK, body: read(type, request, asking) }
    const written = asking.state.transact((change) => readStep(request)({ ...asking, change }))
    return { err: ERR.OK, body: written.body }
  } catch (error) {
    if (error instanceof MultiRefused) return { err: ERR.OK, body: error.body }
    if (error instanceof Refusal) return { err: error.err, body: null }
    if (error instanceof MalformedRecord) return { err: ERR.MARSHALLING_ERROR, body: null }
    throw error
  }
}

function read(type: number, request: Cursor, asking: Asking): WritableRecord | null {
  const read = READS.get(type)
  if (read === undefined) throw new Refusal(ERR.UNIMPLEMENTED)
  return read(request, asking)
}

function readStepOf(type: number): ReadStep | undefined {
  return type === OP.MULTI ? readMulti : WRITES.get(type)
}
