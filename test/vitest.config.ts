import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig, type UserWorkspaceConfig } from 'vitest/config'
import { TEST_FOLDERS } from './architecture/folders.js'

export const root = fileURLToPath(new URL('..', import.meta.url))
const source = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

/*
 * Three projects, by folder (TEST_FOLDERS):
 * - unit: one process with nothing but Node. `npm run test:unit`, with `--watch` while one edits.
 * - real: ZooKeeper servers, gateways and browsers in processes of their own. `npm test` runs it behind `unit`.
 * - long: `*.long.test.ts`, and the folders of which every test is long. `npm run check` runs it behind both.
 * A file is long when it takes more than 10 s, unless it is the main test of a kind of real part. A file that holds tests of
 * both kinds is two files: `x.test.ts` and `x.long.test.ts`.
 */
const testsIn = (folders: string[]) => folders.map((folder) => `test/${folder}/**/*.test.ts`)
const LONG = ['test/**/*.long.test.ts', ...testsIn(TEST_FOLDERS.long)]

// Tests run on the sources, so that a failing line is a line of a source. Only the processes that they start run built files.
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

// A process for each file, with which everything ends that the file leaves open.
const pool = 'forks'

export const unit = {
  resolve: { alias },
  test: {
    pool,
    name: 'unit',
    include: testsIn(TEST_FOLDERS.unit),
    exclude: [...configDefaults.exclude, ...LONG],
    testTimeout: 10_000,
    hookTimeout: 10_000,
    // Many tests wait for a timer, while another file can run.
    maxWorkers: 3,
    sequence: { groupOrder: 0 },
  },
} satisfies UserWorkspaceConfig

const withProcesses = {
  pool,
  globalSetup: ['test/tools/requirements-report.ts'],
  // An ensemble of three takes up to 10 s to start on two busy cores, and an expiry at most 10 s more.
  testTimeout: 60_000,
  hookTimeout: 60_000,
}

export default defineConfig({
  root,
  test: {
    projects: [
      unit,
      {
        resolve: { alias },
        test: {
          ...withProcesses,
          name: 'real',
          include: testsIn(TEST_FOLDERS.real),
          exclude: [...configDefaults.exclude, ...LONG],
          // A test mostly waits for a session or a server, while another file can run.
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
