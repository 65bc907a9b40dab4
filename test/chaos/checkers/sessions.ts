import { type Checker, grouped, type History, sessionKey, type Violation } from '../history.js'
import type { FaultRow } from '../record.js'

/** Rounding of clocks, and processes that wait for their turn on a busy machine. */
const MARGIN_MS = 1_500
/** What a fault still costs after it was mended: an election, a redial, an attach. */
const AFTERMATH_MS = 2_000

/** Nothing is done in a session's name after it was closed. */
export const endedSessionsDoNothing: Checker = ({ transactions, settings }) => {
  const ended = new Map<string, number>()
  return transactions.flatMap(({ session, type, zxid, wallMs, path }) => {
    const end = ended.get(session)
    if (type === 'closeSession') ended.set(session, zxid)
    if (end === undefined || type === 'other') return []
    const message = `${session} ended at ${end}, but ${type} ${path} was executed for it at ${zxid}`
    return [{ rule: 'endedSessionsDoNothing', message, at: wallMs - settings.wallOffsetMs }]
  })
}

/** A session belongs to one page. */
export const sessionsHaveOnePage: Checker = ({ sessions }) =>
  [...grouped(sessions, ({ id }) => id)].flatMap(([id, rows]) => {
    const other = rows.find((row) => sessionKey(row) !== sessionKey(rows[0] as typeof row))
    if (other === undefined) return []
    const message = `${id} was the session of ${sessionKey(rows[0] as typeof other)} and of ${sessionKey(other)}`
    return [{ rule: 'sessionsHaveOnePage', message, at: other.at }]
  })

interface Life {
  page: string
  id: string
  openedAt: number
  /** When the ensemble closed it; Infinity where it did not within the record. */
  endedAt: number
}

function lives({ sessions, transactions, settings }: History): Life[] {
  const closings = transactions.filter(({ type }) => type === 'closeSession')
  const closedAt = new Map(closings.map(({ session, wallMs }) => [session, wallMs - settings.wallOffsetMs]))
  return sessions.map(({ page, id, at }) => {
    return { page, id, openedAt: at, endedAt: closedAt.get(id) ?? Number.POSITIVE_INFINITY }
  })
}

const concerns = ({ scope }: FaultRow, page: string) =>
  typeof scope === 'string' || page.startsWith(`p${scope.process}-`)

/** A killed follower keeps no clocks and holds nothing up; a page that does not run is what ghosts are about. */
const mayProlong = ({ name, scope }: FaultRow) => typeof scope === 'string' && name !== 'kill follower'

/**
 * An ephemeral node is gone, with its session, within the session timeout, a tick and a heartbeat round of its page's
 * last message. A fault may hold messages up, and makes new leaders, which start every clock anew: then the time
 * counts from its end.
 */
export const noGhosts: Checker = (history) => {
  const { sessionTimeoutMs, tickTimeMs, calmTo } = history.settings
  const allowedMs = sessionTimeoutMs + tickTimeMs + sessionTimeoutMs / 3 + MARGIN_MS
  const silent = grouped(history.silences, ({ page }) => page)
  /** A fault moves the deadline only if it begins before it has passed. */
  const deadline = (lastHeardAt: number) =>
    history.faults
      .filter(mayProlong)
      .reduce(
        (at, { from, to }) => (from < at ? Math.max(at, to + AFTERMATH_MS + allowedMs) : at),
        lastHeardAt + allowedMs,
      )
  return lives(history).flatMap(({ page, id, openedAt, endedAt }) =>
    (silent.get(page) ?? [])
      // The pages' own end is recorded as a silence without one.
      .map(({ from, to }) => ({ from, livedUntil: Math.min(endedAt, to, Math.max(from, calmTo)) }))
      .filter(({ from, livedUntil }) => openedAt <= from && livedUntil > deadline(from))
      .map(({ from, livedUntil }) => {
        const lived = `lived for ${Math.round(livedUntil - from)} ms after its page was last heard`
        const late = `${Math.round(livedUntil - deadline(from))} ms too long`
        return { rule: 'noGhosts', message: `${page}: ${id} ${lived}, ${late}`, at: livedUntil }
      }),
  )
}

/**
 * No session expires whose page and ensemble were well: for less than a third of the timeout before its end something
 * was broken that the page depends on.
 */
export const noSessionIsLostWithoutCause: Checker = (history) => {
  const { sessionTimeoutMs, tickTimeMs } = history.settings
  const expired = new Set(history.states.filter(({ reason }) => reason === 'expired').map(sessionKey))
  const keyOf = new Map(history.sessions.map((session) => [session.id, sessionKey(session)]))
  return lives(history).flatMap(({ page, id, endedAt }): Violation[] => {
    if (!expired.has(keyOf.get(id) ?? '')) return []
    const from = endedAt - sessionTimeoutMs - tickTimeMs
    const faults = history.faults.filter((fault) => concerns(fault, page))
    const disturbedMs = coveredMs(faults, from, endedAt)
    if (disturbedMs > sessionTimeoutMs / 3) return []
    const message = `${page}: ${id} expired although only ${Math.round(disturbedMs)} ms of its last timeout were disturbed`
    return [{ rule: 'noSessionIsLostWithoutCause', message, at: endedAt }]
  })
}

/** How much of a time span lay within faults or their aftermath. */
function coveredMs(faults: FaultRow[], from: number, to: number): number {
  let covered = 0
  let reached = from
  for (const fault of faults) {
    const start = Math.max(reached, fault.from)
    const end = Math.min(to, fault.to + AFTERMATH_MS)
    if (end <= start) continue
    covered += end - start
    reached = end
  }
  return covered
}

/** While a session lives, its ephemeral node is there for its own page. */
export const ephemeralsStay: Checker = ({ calls }) => {
  const presence = calls.filter(
    ({ path, outcome }) => path.startsWith('/chaos/presence/') && outcome === 'ok',
  )
  return [...grouped(presence, ({ path }) => path).values()].flatMap((rows) => {
    let created = 0
    return rows
      .sort((a, b) => a.arrived - b.arrived)
      .flatMap(({ op, page, path, czxid = 0, end }): Violation[] => {
        const before = created
        if (op === 'create') created = czxid
        if (op !== 'exists' || before === 0 || czxid === before) return []
        const message = `${page}: ${path}, created at ${before}, was ${czxid === 0 ? 'gone' : `another one of ${czxid}`}`
        return [{ rule: 'ephemeralsStay', message, at: end }]
      })
  })
}

/** When all is mended, every page works again. */
export const everyPageRecovers: Checker = ({ calls, states, settings: { calmFrom, calmTo } }) => {
  const worked = calls.filter(
    ({ outcome, start, end }) => outcome === 'ok' && start > calmFrom && end < calmTo,
  )
  const recovered = new Set(worked.map(({ page }) => page))
  return [...new Set(states.map(({ page }) => page))]
    .filter((page) => !recovered.has(page))
    .map((page) => ({
      rule: 'everyPageRecovers',
      message: `${page}: no call succeeded within ${Math.round(calmTo - calmFrom)} ms without a fault`,
      at: calmTo,
    }))
}
