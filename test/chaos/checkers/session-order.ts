import { changesByPath } from '../changes.js'
import { type Checker, grouped, type History, isAnswered, sessionKey, type Violation } from '../history.js'
import type { CallRow, EventRow } from '../record.js'

type Arrival = CallRow | EventRow

/** What reached each session, in the order in which it did. */
function arrivals({ calls, events }: History): Arrival[][] {
  const rows: Arrival[] = [...calls, ...events]
  return [...grouped(rows, sessionKey).values()].map((own) => own.sort((a, b) => a.arrived - b.arrived))
}

/** Runs through every session, and collects what `look` objects to. */
function along(history: History, rule: string, look: () => (row: Arrival) => string | null): Violation[] {
  return arrivals(history).flatMap((rows) => {
    const complain = look()
    return rows.flatMap((row) => {
      const message = complain(row)
      return message === null ? [] : [{ rule, message, at: row.kind === 'call' ? row.end : row.at }]
    })
  })
}

/** The newest transaction that a reply shows to its session; 0 where it shows none. */
function zxidOf(row: Arrival): number {
  return row.kind === 'call' && row.outcome === 'ok' ? Math.max(row.mzxid ?? 0, row.czxid ?? 0) : 0
}

/** The ensemble's answers reach a session in the order of its calls. */
export const repliesComeInOrder: Checker = (history) =>
  along(history, 'repliesComeInOrder', () => {
    let last: CallRow | null = null
    return (row) => {
      if (row.kind !== 'call' || !isAnswered(row)) return null
      const before = last
      last = row
      if (before === null || before.issued < row.issued) return null
      return `${row.page}: the answer to call ${row.issued} came after the one to call ${before.issued}`
    }
  })

/** What a session has seen, it never sees older: neither by its own writes nor by others'. */
export const viewsNeverGoBack: Checker = (history) => {
  const changes = changesByPath(history.transactions)
  return along(history, 'viewsNeverGoBack', () => {
    let seen = 0
    return (row) => {
      const before = seen
      seen = Math.max(seen, zxidOf(row))
      if (row.kind !== 'call' || row.outcome !== 'ok' || row.mzxid === undefined) return null
      const newest = changes.get(row.path)?.findLast((zxid) => zxid <= before) ?? 0
      if (row.mzxid >= newest) return null
      const old = `${row.op} ${row.path} showed the state of zxid ${row.mzxid}`
      return `${row.page}: ${old}, but the session had seen ${before} and the node changed at ${newest}`
    }
  })
}

/** A session hears of a change that it watches for before any reply that is as new as the change. */
export const eventsComeFirst: Checker = (history) => {
  const changes = changesByPath(history.transactions)
  return along(history, 'eventsComeFirst', () => {
    /** By name; `due` is the first change after what the read showed. */
    const armed = new Map<string, { path: string; due: number }>()
    return (row) => {
      if (row.kind === 'event') return armed.delete(row.watch) ? null : unexpected(row)
      const zxid = zxidOf(row)
      const late = [...armed].find(([, { due }]) => due <= zxid)
      // Once is enough.
      if (late) late[1].due = Number.POSITIVE_INFINITY
      if (row.watch !== undefined && row.outcome === 'ok' && row.mzxid !== undefined) {
        const { mzxid } = row
        const due = changes.get(row.path)?.find((changed) => changed > mzxid) ?? Number.POSITIVE_INFINITY
        armed.set(row.watch, { path: row.path, due })
      }
      if (!late) return null
      return `${row.page}: saw zxid ${zxid} (${row.op} ${row.path}) before the event for ${late[1].path}`
    }
  })
}

/** Watches on missing nodes are left out: the record does not say how new the absence was. */
function unexpected(row: EventRow): string | null {
  return row.type === 'NodeCreated'
    ? null
    : `${row.page}: the watch ${row.watch} on ${row.path} was not set, or fired twice`
}
