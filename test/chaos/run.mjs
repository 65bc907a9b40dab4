// `npm run chaos -- --minutes 20 --seed 7`: the fault test, for as long as you like. Run after the build.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '2' }, seed: { type: 'string' } },
})
const minutes = Number(values.minutes)
// Another one each time, and printed with what it finds.
const seed = Number(values.seed ?? Date.now() % 1_000_000)
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('usage: npm run chaos -- [--minutes NUMBER] [--seed INTEGER]')
  process.exit(1)
}
const test = ['vitest', 'run', '--config', 'test/vitest.config.ts', 'test/chaos/chaos.test.ts']
const env = { ...process.env, ZOOGATE_CHAOS_MINUTES: String(minutes), ZOOGATE_CHAOS_SEED: String(seed) }
process.exit(spawnSync('npx', test, { stdio: 'inherit', env }).status ?? 1)
