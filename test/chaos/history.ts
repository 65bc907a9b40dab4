import type {
  CallRow,
  EventRow,
  FaultRow,
  HoldRow,
  Row,
  SessionRow,
  SilenceRow,
  StateRow,
  TenureRow,
} from './record.js'
import type { Transaction } from './transaction-log.js'

export interface RunSettings {
  seed: number
  sessionTimeoutMs: number
  tickTimeMs: number
  /** How many page processes share the pages; page `p2-…` lives in process 2. */
  processes: number
  /** Wall clock minus `now()`, in milliseconds: servers date their transactions by the wall. */
  wallOffsetMs: number
  /** When the last fault was healed, and when the pages were told to stop. */
  calmFrom: number
  calmTo: number
}

/** Everything that is known of one run, by kind and in order of time. */
export interface History {
  settings: RunSettings
  calls: CallRow[]
  events: EventRow[]
  states: StateRow[]
  sessions: SessionRow[]
  silences: SilenceRow[]
  holds: HoldRow[]
  tenures: TenureRow[]
  faults: FaultRow[]
  transactions: Transaction[]
}

/** A property that did not hold. */
export interface Violation {
  rule: string
  /** A sentence that names page, path and numbers. */
  message: string
  /** `now()` of the place in the record to look at. */
  at: number
}

export type Checker = (history: History) => Violation[]

export function historyOf(settings: RunSettings, rows: Row[], transactions: Transaction[]): History {
  const of = <K extends Row['kind']>(kind: K) =>
    rows.filter((row): row is Extract<Row, { kind: K }> => row.kind === kind)
  return {
    settings,
    calls: of('call').sort((a, b) => a.end - b.end),
    events: of('event'),
    states: of('state'),
    sessions: of('session'),
    silences: of('silence'),
    holds: of('hold').sort((a, b) => a.from - b.from),
    tenures: of('tenure').sort((a, b) => a.from - b.from),
    faults: of('fault').sort((a, b) => a.from - b.from),
    transactions,
  }
}

/** Which session a row belongs to. */
export function sessionKey({ page, epoch }: { page: string; epoch: number }): string {
  return `${page}/${epoch}`
}

export function grouped<T>(items: T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

/** The ensemble has answered: it did the call, or said why it would not. */
const ANSWERS = ['NO_NODE', 'NODE_EXISTS', 'BAD_VERSION', 'NOT_EMPTY', 'NO_CHILDREN_FOR_EPHEMERALS']

export function isAnswered({ outcome, code = '' }: CallRow): boolean {
  return outcome === 'ok' || ANSWERS.includes(code)
}
