import { ERR, OP, RECORD, Refusal } from './protocol.js'
import { type Cursor, MalformedRecord, RecordList, type WritableRecord } from './records.js'
import { type ReadStep, STEPS, type Step, type Written } from './writes.js'

/** A step of a multi was refused, so none was carried out. */
export class MultiRefused extends Error {
  override readonly name = 'MultiRefused'
  /** The answer, with an error for each step. */
  readonly body: WritableRecord

  constructor(errors: readonly number[]) {
    super(`the steps of a transaction were refused with ${errors}`)
    this.body = results(errors.map((err) => ({ type: OP.ERROR, err, body: RECORD.error.of({ err }) })))
  }
}

/** All steps or none: throws MultiRefused if one of the steps throws a Refusal. */
export const readMulti: ReadStep = (request) => {
  const steps: Step[] = []
  for (const type of stepTypes(request)) {
    const readStep = STEPS.get(type)
    if (readStep === undefined) throw new MalformedRecord(`a multi with a step of type ${type}`)
    steps.push(readStep(request))
  }
  return (writing) => {
    const written: Written[] = []
    for (const step of steps) {
      try {
        written.push(step(writing))
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        throw new MultiRefused(steps.map((_, index) => errorOf(index, written.length, error.err)))
      }
    }
    return { type: OP.MULTI, body: results(written) }
  }
}

/** The type of each step. The caller reads the step before it takes the next type. */
export function* stepTypes(request: Cursor): Iterable<number> {
  for (;;) {
    const { type, done } = RECORD.multiHeader.read(request)
    if (done) return
    yield type
  }
}

/** The body of the answer to a multi or a multiRead. */
export function results(list: readonly (Written & { err?: number })[]): WritableRecord {
  const records = list.flatMap(({ type, body, err = ERR.OK }) => {
    const header = RECORD.multiHeader.of({ type, done: false, err })
    return body === null ? [header] : [header, body]
  })
  return new RecordList([...records, RECORD.multiHeader.of({ type: -1, done: true, err: -1 })])
}

function errorOf(index: number, refused: number, err: number): number {
  if (index === refused) return err
  return index < refused ? ERR.OK : ERR.RUNTIME_INCONSISTENCY
}
