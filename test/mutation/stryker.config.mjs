import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const groups = JSON.parse(readFileSync(new URL('./subjects.json', import.meta.url), 'utf8'))
const group = process.env.ZOOGATE_SUBJECTS

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  testRunner: 'vitest',
  vitest: { configFile: 'test/coverage.config.ts', related: false },
  plugins: ['@stryker-mutator/vitest-runner', new URL('./prose.mjs', import.meta.url).href],
  ignorers: ['prose'],
  mutate: groups[group].map((name) => `server/src/${name}.ts`),
  coverageAnalysis: 'perTest',
  // Schemas and tables are made when their file is loaded, and are what there is to test here.
  ignoreStatic: false,
  warnings: { slow: false },
  // Below this share of noticed changes a run fails. The mutants that are left are equal to the source, or close to it.
  thresholds: { high: 98, low: 95, break: 93 },
  // Other programs run on the same machine.
  concurrency: 1,
  // A name of no file: Stryker would rewrite the real one, by the API of a TypeScript before 7.
  tsconfigFile: 'none',
  reporters: ['clear-text', 'json'],
  clearTextReporter: { logTests: false, allowColor: false },
  jsonReporter: { fileName: `node_modules/.cache/zoogate-mutation/${group}.json` },
  tempDirName: join(tmpdir(), `zoogate-mutation-${process.pid}`),
  cleanTempDir: 'always',
}
