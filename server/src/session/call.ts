import type { ErrorReply, Operation, Operations, Reply, Results, WireError } from 'zoogate-client/protocol'
import { accessRefusal } from '../access/access.js'
import type { Rights } from '../access/rights.js'
import type { Limits } from '../limits/limits.js'
import { wireError } from '../wire/errors.js'
import { problemOf } from '../wire/fields.js'
import type { RawCall } from '../wire/protocol.js'
import { errorCodeOf } from '../zookeeper/index.js'
import type { CallRefusal, WatchUse } from './call-limits.js'
import { OPERATIONS, type Outcome, type Row } from './operations.js'

/** A call that has passed every check. */
export interface CheckedCall {
  id: number
  op: Operation
  fields: Operations[Operation]
  row: Row<Operation>
}

/** What a page may do at this moment. */
export interface Caller {
  readonly rights: Rights
  readonly limits: Limits
  readonly watches: WatchUse
}

/** Checks one call: its operation, its fields, the rights that it needs, its limits. It is run only where all hold. */
export function checkCall({ id, op, fields }: RawCall, caller: Caller): CheckedCall | CallRefusal {
  if (!isOperation(op)) return badRequest(`op is one of ${Object.keys(OPERATIONS).join(', ')}`)
  const row = OPERATIONS[op] as Row<Operation>
  const { limits, rights, watches } = caller
  const tooMany = row.count?.(fields, limits)
  if (tooMany) return tooMany
  const parsed = row.schema.safeParse(fields)
  if (!parsed.success) return badRequest(problemOf(parsed.error))
  const checked = parsed.data as Operations[Operation]
  const forbidden = accessRefusal(row.needs(checked), rights, limits.maxPathLength)
  if (forbidden) return { error: forbidden }
  return row.limits?.(checked, limits, watches) ?? { id, op, fields: checked, row }
}

export function isOperation(op: unknown): op is Operation {
  return typeof op === 'string' && Object.hasOwn(OPERATIONS, op)
}

function badRequest(message: string): CallRefusal {
  return { error: wireError('BAD_REQUEST', { message }) }
}

/** The message that answers a call. */
export function replyTo(
  { id, op, fields }: Pick<CheckedCall, 'id' | 'op' | 'fields'>,
  outcome: Outcome<Results[Operation]>,
): Reply | ErrorReply {
  if ('value' in outcome) {
    return 'zxid' in outcome
      ? { type: 'reply', id, zxid: outcome.zxid, result: outcome.value }
      : { type: 'reply', id, result: outcome.value }
  }
  if ('refusal' in outcome) return errorReply(id, outcome.refusal)
  const { err, zxid, part } = outcome
  const error = wireError(errorCodeOf(err), {
    ...pathOf(op, fields, part),
    outcome: outcome.outcome,
    number: err,
  })
  return zxid === null ? errorReply(id, error) : { type: 'error', id, zxid, error }
}

export function errorReply(id: number, error: WireError): ErrorReply {
  return { type: 'error', id, error }
}

/** The path that an error is about, and the part of a multi. */
function pathOf(
  op: Operation,
  fields: Operations[Operation],
  part: number | undefined,
): { path?: string; part?: number } {
  if ('path' in fields) return { path: fields.path }
  if (op !== 'multi' || part === undefined) return {}
  const failed = (fields as Operations['multi']).parts[part]
  return failed ? { path: failed.path, part } : {}
}
