import fc from 'fast-check'

/** The same in every run, so that a change that breaks something breaks it on every machine. */
const USUAL_SEED = 20_261_120
/** Each seed runs to its end: a run that a time limit cut in the middle would go on beside the next one. */
const RUNS_PER_SEED = 50

/** For each fuzzer in `npm run check`. */
const USUAL_SECONDS = 30
/** For an input, on a busy machine, where a run goes by their number. */
const MS_PER_INPUT = 100

const seconds = Number(process.env.ZOOGATE_FUZZ_SECONDS ?? USUAL_SECONDS)
/** How many inputs each fuzzer tries, however long that takes; null where a run goes by the time. */
export const inputs = process.env.ZOOGATE_FUZZ_INPUTS ? Number(process.env.ZOOGATE_FUZZ_INPUTS) : null
let seed = Number(process.env.ZOOGATE_FUZZ_SEED ?? USUAL_SEED)

/**
 * Tries a property with one seed after the other. `npm run fuzz -- --seconds N --inputs N --seed S` sets the time or the
 * number, and the first seed. A failure is shrunk and printed with its own seed, with which a run finds it at once.
 * @param share of the time or the number, between 0 and 1
 * @returns how many inputs were tried
 */
export async function fuzz<T>(property: fc.IAsyncProperty<T>, share: number): Promise<number> {
  const end = performance.now() + seconds * 1000 * share
  let runs = 0
  while (inputs === null ? performance.now() < end : runs < inputs * share) {
    await fc.assert(property, { seed, numRuns: RUNS_PER_SEED })
    seed += 1
    runs += RUNS_PER_SEED
  }
  return runs
}

/** Milliseconds that a fuzzing test may take: its effort, and time to shrink a failure. */
export const FUZZ_TIMEOUT_MS = 60_000 + (inputs === null ? seconds * 1000 : inputs * MS_PER_INPUT)
