// `npm run fuzz -- --seconds 600 --seed 7`: the fuzzers, for as long as you like.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
})
const seconds = Number(values.seconds)
// Another one each time, and printed before anything can go wrong.
const seed = Number(values.seed ?? Date.now() % 1_000_000)
if (!(seconds > 0) || !Number.isInteger(seed)) {
  console.error('usage: npm run fuzz -- [--seconds NUMBER] [--seed INTEGER]')
  process.exit(1)
}
console.log(`fuzzing for ${seconds} s with --seed ${seed}`)
const env = { ...process.env, ZOOGATE_FUZZ_SECONDS: String(seconds), ZOOGATE_FUZZ_SEED: String(seed) }
const test = ['vitest', 'run', '--config', 'test/vitest.config.ts', 'test/fuzz/']
process.exit(spawnSync('npx', test, { stdio: 'inherit', env }).status ?? 1)
