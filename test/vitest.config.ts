import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig, type UserWorkspaceConfig } from 'vitest/config'

export const root = fileURLToPath(new URL('..', import.meta.url))
const source = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

/*
 * Three projects, by folder:
 * - unit: one process with nothing but Node. `npm run test:unit`, with `--watch` while one edits.
 * - real: what starts ZooKeeper servers, gateways or browsers. `npm test` runs it behind `unit`.
 * - long: `*.long.test.ts`, and the folders of which every test is long. `npm run check` runs it behind both.
 * A file is long when it takes more than 10 s, unless it is the main test of a kind of real part. A file that holds tests of
 * both kinds is two files: `x.test.ts` and `x.long.test.ts`.
 */
const UNIT = ['unit', 'architecture', 'contract', 'mutation'].map((folder) => `test/${folder}/**/*.test.ts`)
const REAL = ['end-to-end', 'zookeeper', 'packages'].map((folder) => `test/${folder}/**/*.test.ts`)
const LONG = [
  'test/**/*.long.test.ts',
  ...['chaos', 'siege', 'fuzz', 'bench', 'tools/proof'].map((folder) => `test/${folder}/**/*.test.ts`),
]

// Tests run on the sources, so that a failing line is a line somebody wrote; only what a test spawns is built.
const alias = [
  { find: /^zoogate-client\/protocol$/, replacement: source('client-sdk/src/protocol.ts') },
  { find: /^zoogate-client\/live$/, replacement: source('client-sdk/src/live.ts') },
  { find: /^zoogate-client\/core$/, replacement: source('client-sdk/src/core.ts') },
  { find: /^zoogate-client\/recipes$/, replacement: source('client-sdk/src/recipes/index.ts') },
  { find: /^zoogate-client\/(react|vue|svelte)$/, replacement: source('client-sdk/src/$1.ts') },
  { find: /^zoogate-client$/, replacement: source('client-sdk/src/index.ts') },
  { find: /^zoogate\/dev-ensemble$/, replacement: source('server/src/dev-ensemble/index.ts') },
  { find: /^zoogate\/testing$/, replacement: source('server/src/testing.ts') },
  { find: /^zoogate$/, replacement: source('server/src/index.ts') },
]

// A process each: what a test file leaves behind dies with its worker.
const pool = 'forks'

export const unit = {
  resolve: { alias },
  test: {
    pool,
    name: 'unit',
    include: UNIT,
    exclude: [...configDefaults.exclude, ...LONG],
    testTimeout: 10_000,
    hookTimeout: 10_000,
    maxWorkers: 2,
    sequence: { groupOrder: 0 },
  },
} satisfies UserWorkspaceConfig

// An ensemble of three takes up to 10 s to start on two busy cores, and an expiry at most 10 s more.
const withProcesses = { pool, testTimeout: 60_000, hookTimeout: 60_000 }

export default defineConfig({
  root,
  test: {
    globalSetup: ['test/tools/requirements-report.ts'],
    projects: [
      unit,
      {
        resolve: { alias },
        test: {
          ...withProcesses,
          name: 'real',
          include: REAL,
          exclude: [...configDefaults.exclude, ...LONG],
          // Most of a test's time goes into waiting for a session or a server, in which another file can run.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        resolve: { alias },
        test: {
          ...withProcesses,
          name: 'long',
          include: LONG,
          // One file at a time: thousands of pages, or three JVMs and a browser, fill two cores.
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
