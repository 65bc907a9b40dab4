import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig, type UserWorkspaceConfig } from 'vitest/config'

export const root = fileURLToPath(new URL('..', import.meta.url))
const source = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

// Tests that start JVMs, browsers or gateways of their own.
const WITH_PROCESSES = [
  'test/bench/**/*.test.ts',
  'test/end-to-end/**/*.test.ts',
  'test/chaos/**/*.test.ts',
  'test/siege/**/*.test.ts',
  'test/tools/proof/**/*.test.ts',
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

/** Tests of a few seconds at most, which need nothing but Node. */
export const fast = {
  resolve: { alias },
  test: {
    pool,
    name: 'fast',
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...WITH_PROCESSES],
    testTimeout: 10_000,
    hookTimeout: 10_000,
    maxWorkers: 2,
    sequence: { groupOrder: 0 },
  },
} satisfies UserWorkspaceConfig

export default defineConfig({
  root,
  test: {
    globalSetup: ['test/tools/requirements-report.ts'],
    projects: [
      fast,
      {
        resolve: { alias },
        test: {
          pool,
          name: 'processes',
          include: WITH_PROCESSES,
          // An ensemble of three takes up to 10 s to start on two busy cores, and an expiry at most 10 s more.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // One file at a time: three JVMs and a browser fill two cores.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
