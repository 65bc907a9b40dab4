import { type Checker, grouped, isAnswered } from '../history.js'
import type { CallRow } from '../record.js'
import { findNonLinearizable, IMPOSSIBLE, type Model, type Operation } from './linearizability.js'

/** A node that several pages write and read: null while it does not exist. */
type Register = { version: number; value: string } | null

/** What a page asked for; a read asks for nothing. */
type Input = { op: 'create' | 'setData'; value: string; expected: number | null } | { op: 'read' }

/** What it was told. */
type Output = { code: 'OK'; version: number; value: string } | { code: string }

/** ZooKeeper's rules for one node: each write counts its version up, a conditional one only where it matches. */
export const REGISTER: Model<Register, Input, Output> = {
  initial: null,
  key: (state) => JSON.stringify(state),
  step(state, input, output) {
    const { after, code } = apply(state, input)
    // Its outcome is unknown: it took effect in every way that this state allows.
    if (output === null) return after
    if (output.code !== code) return IMPOSSIBLE
    if (!('version' in output)) return after
    return after?.version === output.version && after.value === output.value ? after : IMPOSSIBLE
  },
}

function apply(state: Register, input: Input): { after: Register; code: string } {
  if (input.op === 'create') {
    if (state !== null) return { after: state, code: 'NODE_EXISTS' }
    return { after: { version: 0, value: input.value }, code: 'OK' }
  }
  if (state === null) return { after: state, code: 'NO_NODE' }
  if (input.op === 'read') return { after: state, code: 'OK' }
  if (input.expected !== null && input.expected !== state.version)
    return { after: state, code: 'BAD_VERSION' }
  return { after: { version: state.version + 1, value: input.value }, code: 'OK' }
}

/** Writes, conditional writes and fresh reads of each register are linearizable; so no version is given twice. */
export const registersAreLinearizable: Checker = ({ calls }) => {
  const relevant = calls.filter(({ path }) => path.startsWith('/chaos/registers/'))
  return [...grouped(relevant, ({ path }) => path)].flatMap(([path, rows]) => {
    const took = rows.filter((row) => takesPart(row)).sort((a, b) => startOf(a) - startOf(b))
    const observed = new Set(took.filter(({ outcome }) => outcome === 'ok').map(({ value }) => value))
    const stuck = findNonLinearizable(
      REGISTER,
      took.map((row) => operationOf(row, observed)),
    )
    const row = stuck === null ? undefined : took[stuck]
    if (row === undefined) return []
    const message = `${path} has no linear history: none goes past ${row.op} of ${row.page} (${JSON.stringify(row)})`
    return [{ rule: 'registersAreLinearizable', message, at: row.end }]
  })
}

/** Reads that are not fresh may show the past; calls that were not executed say nothing. */
function takesPart(row: CallRow): boolean {
  if (row.op === 'getData') return row.freshSince !== undefined
  return isAnswered(row) || row.outcome === 'unknown'
}

const startOf = ({ freshSince, start }: CallRow) => freshSince ?? start

function operationOf(row: CallRow, observed: ReadonlySet<string | undefined>): Operation<Input, Output> {
  const { op, value = '', expected = null, version = -1, code = 'OK' } = row
  const start = startOf(row)
  if (!isAnswered(row)) {
    // Values that no read has shown are made equal, so that the search need not tell such writes apart.
    const written = observed.has(value) ? value : 'unseen'
    const input: Input = { op: op === 'create' ? op : 'setData', value: written, expected }
    return { input, output: null, start, end: Number.POSITIVE_INFINITY }
  }
  const input: Input = op === 'create' || op === 'setData' ? { op, value, expected } : { op: 'read' }
  return { input, output: code === 'OK' ? { code, version, value } : { code }, start, end: row.end }
}
