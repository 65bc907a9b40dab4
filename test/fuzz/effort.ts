import fc from 'fast-check'

/** Where every `npm test` begins; the same each time, so that a change that breaks something breaks it for everybody. */
const USUAL_SEED = 20_261_120
/** A run that a time limit ended in the middle would go on beside the next one, so that time is looked at in between. */
const RUNS_PER_SEED = 50

/** For each of the two fuzzers: a minute in all, of every `npm test`. */
const USUAL_SECONDS = 30

const seconds = Number(process.env.ZOOGATE_FUZZ_SECONDS ?? USUAL_SECONDS)
let seed = Number(process.env.ZOOGATE_FUZZ_SEED ?? USUAL_SEED)

/**
 * Tries a property with one seed after the other. `npm run fuzz -- --seconds N --seed S` says for how long and where to
 * begin. What fails is printed with its own seed, by which it is found at once, and shrunk.
 * @param share of the time, between 0 and 1
 * @returns how many inputs were tried
 */
export async function fuzz<T>(property: fc.IAsyncProperty<T>, share: number): Promise<number> {
  const end = performance.now() + seconds * 1000 * share
  let runs = 0
  while (performance.now() < end) {
    await fc.assert(property, { seed, numRuns: RUNS_PER_SEED })
    seed += 1
    runs += RUNS_PER_SEED
  }
  return runs
}

/** Milliseconds that a fuzzing test may take: what it is given, and time to shrink a failure. */
export const FUZZ_TIMEOUT_MS = 60_000 + seconds * 1000
