import { grouped, type History, type Violation } from './history.js'
import { type Row, timeOf } from './record.js'

/** How much of the record is shown around a violation, each side. */
const AROUND_MS = 1_500
/** Enough to see what happened; the rest is in the file. */
const MAX_ROWS = 60

/** What happened in a run, as a table for people. */
export function summary(history: History, violations: Violation[]): string {
  const { calls, states, sessions, faults, settings } = history
  const count = (items: { toString(): string }[]) => String(items.length)
  const lines: [string, string][] = [...grouped(faults, ({ name }) => name)]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, rows]) => [`fault: ${name}`, count(rows)])
  const outcome = (wanted: string) => count(calls.filter((call) => call.outcome === wanted))
  const connected = states.filter(({ state }) => state === 'CONNECTED').length
  lines.push(
    ['seed', String(settings.seed)],
    ['faults', count(faults)],
    ['calls', count(calls)],
    ['  ok', outcome('ok')],
    ['  failed, not executed', outcome('not_executed')],
    ['  failed, outcome unknown', outcome('unknown')],
    ['watch events', count(history.events)],
    ['transactions', count(history.transactions)],
    ['sessions opened', count(sessions)],
    ['  resumed', String(connected - sessions.length)],
    ['  expired', count(states.filter(({ reason }) => reason === 'expired'))],
    ['locks held', count(history.holds)],
    ['  by recipes', count(history.tenures)],
    ['longest unavailability', `${Math.round(longestUnavailabilityMs(history))} ms`],
    ['violations', count(violations)],
  )
  return lines.map(([name, value]) => `${name.padEnd(44)}${value.padStart(12)}`).join('\n')
}

/** The longest time in which no page completed a call. */
export function longestUnavailabilityMs({ calls, settings }: Pick<History, 'calls' | 'settings'>): number {
  const ends = calls.filter(({ outcome }) => outcome === 'ok').map(({ end }) => end)
  const times = [...ends.filter((end) => end < settings.calmTo), settings.calmTo]
  return times.reduce((longest, time, index) => Math.max(longest, time - (times[index - 1] ?? time)), 0)
}

/** A violation with the part of the record around it: first the rows that concern all pages or its own. */
export function explain({ rule, message, at }: Violation, history: History): string {
  const page = /^(p\d+-\d+):/.exec(message)?.[1]
  const { calls, events, states, sessions, holds, tenures, silences, faults } = history
  const rows: Row[] = [
    ...calls,
    ...events,
    ...states,
    ...sessions,
    ...holds,
    ...tenures,
    ...silences,
    ...faults,
  ]
  const near = rows
    .filter(
      (row) => (row.kind === 'fault' ? row.from < at + AROUND_MS : true) && timeOf(row) > at - AROUND_MS,
    )
    .filter((row) => row.kind === 'fault' || timeOf(row) < at + AROUND_MS)
    .filter((row) => page === undefined || !('page' in row) || row.page === page)
    .sort((a, b) => timeOf(a) - timeOf(b))
    .slice(0, MAX_ROWS)
  return [`${rule}: ${message}`, ...near.map((row) => `    ${JSON.stringify(row)}`)].join('\n')
}
