import type { ErrorReply, Operation, Operations, Reply, Results } from 'zoogate-client/protocol'
import type { Rights } from '../access/rights.js'
import { accessRefusal } from '../access/rights.js'
import type { Limits } from '../limits/limits.js'
import type { Metrics } from '../telemetry/metrics.js'
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

/** The rights and limits of a page at the moment of a call. */
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
  if ('refusal' in outcome) return { type: 'error', id, error: outcome.refusal }
  const { err, zxid, part } = outcome
  const error = wireError(errorCodeOf(err), {
    ...pathOf(op, fields, part),
    outcome: outcome.outcome,
    number: err,
  })
  return { type: 'error', id, ...(zxid !== null && { zxid }), error }
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

/** A page with a session, as its calls need it. */
export interface CallingPage extends Caller {
  readonly metrics: Pick<Metrics, 'answered' | 'limited'>
  readonly session: { run(call: CheckedCall, done: (outcome: Outcome<never>) => void): void }
  reply(message: Reply | ErrorReply): void
}

/** Checks one call of a page, runs it where it may run, and answers it exactly once. */
export function runCall(raw: RawCall, page: CallingPage): void {
  const { metrics } = page
  const call = checkCall(raw, page)
  if ('error' in call) {
    if (call.limit !== undefined) metrics.limited(call.limit)
    if (isOperation(raw.op)) metrics.answered(raw.op, call.error.code)
    page.reply({ type: 'error', id: raw.id, error: call.error })
    return
  }
  page.session.run(call, (outcome) => {
    const message = replyTo(call, outcome)
    metrics.answered(call.op, message.type === 'reply' ? 'OK' : message.error.code)
    page.reply(message)
  })
}

/** Answers a message that has an id, and is no message of the protocol. */
export function refuseMalformed(id: number, message: string, page: Pick<CallingPage, 'reply'>): void {
  page.reply({ type: 'error', id, error: wireError('BAD_REQUEST', { message }) })
}
