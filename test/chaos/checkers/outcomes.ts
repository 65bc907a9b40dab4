import { type Checker, grouped, sessionKey, type Violation } from '../history.js'
import type { CallRow } from '../record.js'

/**
 * What pages were told of their writes is what the servers' logs say: an acknowledged write is there, one that was not
 * executed is not, and none was executed twice.
 */
export const outcomesAreTrue: Checker = ({ calls, sessions, transactions }) => {
  const byValue = grouped(transactions, ({ value }) => value)
  const idOf = new Map(sessions.map((session) => [sessionKey(session), session.id]))
  return calls.flatMap((row): Violation[] => {
    if (row.value === undefined || (row.op !== 'create' && row.op !== 'setData')) return []
    const found = byValue.get(row.value) ?? []
    const violation = (what: string) => [
      { rule: 'outcomesAreTrue', message: `${nameOf(row)} ${what}`, at: row.end },
    ]
    if (found.length > 1) return violation(`was executed ${found.length} times`)
    if (row.outcome === 'not_executed' && found.length > 0)
      return violation('was executed, but failed as not executed')
    if (row.outcome !== 'ok') return []
    const [transaction] = found
    if (transaction === undefined) return violation('was acknowledged, but is in no log')
    if (transaction.zxid !== row.mzxid)
      return violation(`was acknowledged at ${row.mzxid}, executed at ${transaction.zxid}`)
    const id = idOf.get(sessionKey(row))
    return transaction.session === id
      ? []
      : violation(`of session ${id} was executed by ${transaction.session}`)
  })
}

function nameOf({ page, op, path, value, code = 'ok' }: CallRow): string {
  return `${page}: ${op} ${path} of ${value} (${code})`
}
