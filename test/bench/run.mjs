// `npm run bench -- fanout --pages 2000 --changes 200 --rounds 3 --json FILE`: a benchmark by its name. Run after the build.
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

const BENCHMARKS = ['fanout']

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pages: { type: 'string', default: '2000' },
    changes: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
})
const [name = 'fanout'] = positionals
const [pages, changes, rounds] = [values.pages, values.changes, values.rounds].map(Number)
const areCounts = [pages, changes, rounds].every((count) => Number.isInteger(count) && count > 0)
if (!BENCHMARKS.includes(name) || positionals.length > 1 || !areCounts) {
  console.error(
    `usage: npm run bench -- [${BENCHMARKS.join('|')}] [--pages N] [--changes N] [--rounds N] [--json FILE]`,
  )
  process.exit(1)
}
const json = values.json === undefined ? null : resolve(values.json)
const env = { ...process.env, ZOOGATE_BENCH: JSON.stringify({ pages, changes, rounds, json }) }
const test = ['vitest', 'run', '--config', 'test/vitest.config.ts', `test/bench/${name}.test.ts`]
process.exit(spawnSync('npx', test, { stdio: 'inherit', env }).status ?? 1)
