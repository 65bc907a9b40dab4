// `npm run siege -- --minutes 10 --pages 2000 --seed 7`: hostile load on a gateway that holds honest sessions. Run after the build.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    pages: { type: 'string', default: '2000' },
    seed: { type: 'string' },
  },
})
const [minutes, pages] = [values.minutes, values.pages].map(Number)
// Another one each time, and printed with what it finds.
const seed = Number(values.seed ?? Date.now() % 1_000_000)
if (!(minutes > 0) || !Number.isInteger(pages) || pages < 1 || !Number.isInteger(seed)) {
  console.error('usage: npm run siege -- [--minutes NUMBER] [--pages N] [--seed INTEGER]')
  process.exit(1)
}
const test = ['vitest', 'run', '--config', 'test/vitest.config.ts', 'test/siege/siege.test.ts']
const env = { ...process.env, ZOOGATE_SIEGE: JSON.stringify({ minutes, pages, seed }) }
process.exit(spawnSync('npx', test, { stdio: 'inherit', env }).status ?? 1)
