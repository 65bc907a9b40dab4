// `npm run fuzz -- --seconds 600 --seed 7`: each fuzzer for that time. `--inputs 50000` instead, about a million frames of
// pages, is a number, however long it takes.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    inputs: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
const inputs = values.inputs === undefined ? null : Number(values.inputs)
// Another one each time, and printed before the first input.
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const isCount = inputs === null || (Number.isInteger(inputs) && inputs > 0)
if (!(seconds > 0) || !isCount || !Number.isInteger(seed)) {
  console.error('usage: npm run fuzz -- [--seconds NUMBER | --inputs INTEGER] [--seed INTEGER]')
  process.exit(1)
}
console.log(`fuzzing ${inputs === null ? `for ${seconds} s` : `${inputs} inputs`} with --seed ${seed}`)
const env = {
  ...process.env,
  ZOOGATE_FUZZ_SECONDS: String(seconds),
  ZOOGATE_FUZZ_INPUTS: inputs === null ? '' : String(inputs),
  ZOOGATE_FUZZ_SEED: String(seed),
}
const test = ['vitest', 'run', '--config', 'test/vitest.config.ts', 'test/fuzz/']
process.exit(spawnSync('npx', test, { stdio: 'inherit', env }).status ?? 1)
