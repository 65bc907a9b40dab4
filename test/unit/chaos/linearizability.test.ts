import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  findNonLinearizable,
  IMPOSSIBLE,
  type Model,
  type Operation,
} from '../../chaos/checkers/linearizability.js'
import { REGISTER } from '../../chaos/checkers/registers.js'

type Input = { op: 'write'; value: number } | { op: 'read' } | { op: 'swap'; from: number; value: number }
type Write = Operation<Input, number>

/** A cell: a write gives its value, a read the present value, a swap the value after it. */
const CELL: Model<number, Input, number> = {
  initial: 0,
  key: String,
  step(state, input, output) {
    const swaps = input.op === 'write' || (input.op === 'swap' && input.from === state)
    const after = swaps ? input.value : state
    return output === null || output === after ? after : IMPOSSIBLE
  },
}

const UNKNOWN = { output: null, end: Number.POSITIVE_INFINITY }

/** Tries every order, and every choice of the operations without an outcome that did happen. */
function isLinearizableByForce(operations: Write[], state = CELL.initial): boolean {
  if (operations.every(({ output }) => output === null)) return true
  return operations.some((first, index) => {
    const others = operations.filter((_, at) => at !== index)
    if (others.some(({ end }) => end < first.start)) return false
    const after = CELL.step(state, first.input, first.output)
    return after !== IMPOSSIBLE && isLinearizableByForce(others, after)
  })
}

const value = fc.integer({ min: 0, max: 2 })
const input: fc.Arbitrary<Input> = fc.oneof(
  fc.record({ op: fc.constant('write' as const), value }),
  fc.record({ op: fc.constant('read' as const) }),
  fc.record({ op: fc.constant('swap' as const), from: value, value }),
)
const operation: fc.Arbitrary<Write> = fc
  .record({ input, output: fc.option(value, { freq: 4 }), start: fc.nat(20), length: fc.nat(8) })
  .map(({ input: asked, output, start, length }) =>
    output === null
      ? { input: asked, start, ...UNKNOWN }
      : { input: asked, output, start, end: start + length },
  )

describe('the linearizability checker', () => {
  it('agrees with trying every order, on small histories', () => {
    const verdicts = { yes: 0, no: 0 }
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 6 }), (operations) => {
        const expected = isLinearizableByForce(operations)
        verdicts[expected ? 'yes' : 'no'] += 1
        expect(findNonLinearizable(CELL, operations) === null).toBe(expected)
      }),
      { numRuns: 3_000 },
    )
    // Neither verdict was rare.
    expect(Math.min(verdicts.yes, verdicts.no)).toBeGreaterThan(300)
  })

  it('checks a long history with many overlaps and unknown outcomes', () => {
    type Step = Parameters<typeof REGISTER.step>
    const operations: Operation<Step[1], NonNullable<Step[2]>>[] = [
      {
        input: { op: 'create', value: '0', expected: null },
        output: { code: 'OK', version: 0, value: '0' },
        start: 0,
        end: 1,
      },
    ]
    let version = 0
    for (let at = 1; at < 400; at++) {
      const value = String(at)
      const input = { op: 'setData', value: at % 10 === 0 ? 'unseen' : value, expected: null } as const
      // Of the writes without an outcome every second one did happen, and counted.
      if (at % 20 !== 10) version += 1
      if (at % 10 === 0) operations.push({ input, start: at, ...UNKNOWN })
      else operations.push({ input, output: { code: 'OK', version, value }, start: at, end: at + 5 })
    }
    expect(findNonLinearizable(REGISTER, operations)).toBeNull()
    const stale = { code: 'OK', version: version - 20, value: '379' }
    operations.push({ input: { op: 'read' }, output: stale, start: 500, end: 501 })
    expect(findNonLinearizable(REGISTER, operations)).not.toBeNull()
  })

  it('names the operation that no order gets past', () => {
    const operations: Write[] = [
      { input: { op: 'write', value: 1 }, output: 1, start: 0, end: 1 },
      { input: { op: 'read' }, output: 2, start: 2, end: 3 },
      { input: { op: 'read' }, output: 1, start: 4, end: 5 },
    ]
    expect(findNonLinearizable(CELL, operations)).toBe(1)
  })
})
