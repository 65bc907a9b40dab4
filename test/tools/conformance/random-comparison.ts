import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../requirements.js'
import { play, SESSION_TIMEOUT_MS } from './play.js'
import { type Operation, randomOperations } from './random-operations.js'
import { shrink } from './shrink.js'
import { type Subject, startApache, startInMemory } from './subjects.js'

/** ZOOGATE_SEEDS=17,4711 plays these instead, ZOOGATE_OPERATIONS=20000 longer ones. */
const GIVEN_SEEDS = process.env.ZOOGATE_SEEDS?.split(',').map(Number)
const OPERATIONS = Number(process.env.ZOOGATE_OPERATIONS ?? 2_000)

const START_DEADLINE_MS = 60_000

/** A play of the usual length takes a few seconds, most of which goes into waiting for sessions to expire. */
const PLAY_DEADLINE_MS = 60_000 + 20 * OPERATIONS

/** For making a sequence that fails short enough to be read. */
const SHRINKING_MS = 45_000

const OPTIONS = {
  // No container may go while a play is under way: when it does is left to chance.
  containerCheckIntervalMs: 3_600_000,
  maxSessionTimeoutMs: SESSION_TIMEOUT_MS,
}

/** Plays random operations against the in-memory ensemble and against Apache ZooKeeper, and compares the answers. */
export function describeRandomOperations(seeds: readonly number[]): void {
  describeWith('zookeeper')('the in-memory ensemble beside Apache ZooKeeper', () => {
    comparisons(GIVEN_SEEDS ?? seeds)
  })
}

function comparisons(seeds: readonly number[]): void {
  let inMemory: Subject
  let apache: Subject
  beforeAll(async () => {
    ;[inMemory, apache] = await Promise.all([startInMemory(1, OPTIONS), startApache(1, OPTIONS)])
  }, START_DEADLINE_MS)
  afterAll(async () => {
    await Promise.all([inMemory?.close(), apache?.close()])
  })

  it.each(seeds.map((seed) => [seed]))(
    'a random sequence of operations has the same answers in memory and by Apache ZooKeeper, seed %i',
    async (seed) => {
      const operations = randomOperations(seed, OPERATIONS)
      const difference = await firstDifference(operations)
      if (difference === null) return
      const failing = await shortest(operations.slice(0, difference.at + 1))
      throw new Error(
        [
          `seed ${seed} gives different answers; the shortest sequence found that does:`,
          ...failing.map((operation) => JSON.stringify(operation)),
          ...describeDifference((await firstDifference(failing)) ?? difference),
        ].join('\n'),
      )
    },
    PLAY_DEADLINE_MS,
  )

  async function firstDifference(operations: readonly Operation[]): Promise<Difference | null> {
    const [ours, theirs] = await Promise.all([play(inMemory, operations), play(apache, operations)])
    expect(ours).toHaveLength(operations.length + 1)
    const at = ours.findIndex((line, index) => line !== theirs[index])
    return at === -1 ? null : { at, inMemory: ours[at], apache: theirs[at] }
  }

  function shortest(failing: readonly Operation[]): Promise<readonly Operation[]> {
    const until = performance.now() + SHRINKING_MS
    return shrink(
      failing,
      async (list) => performance.now() < until && (await firstDifference(list)) !== null,
    )
  }
}

interface Difference {
  /** Index of the operation. */
  at: number
  inMemory: string | undefined
  apache: string | undefined
}

function describeDifference({ inMemory, apache }: Difference): string[] {
  return [`in memory: ${inMemory}`, `Apache:    ${apache}`]
}
