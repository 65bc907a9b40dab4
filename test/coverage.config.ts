import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { subjects } from './mutation/subjects.js'
import { root, unit } from './vitest.config.js'

export default defineConfig({
  root,
  resolve: unit.resolve,
  test: {
    ...unit.test,
    name: 'coverage',
    // Without the tests that start a gateway: they take as long as all others, and run no further lines of these files.
    include: [
      'test/mutation/*.test.ts',
      ...subjects.map((name) => `test/unit/server/${name}{,-properties,-fields}.test.ts`),
    ],
    coverage: {
      enabled: true,
      provider: 'v8',
      include: subjects.map((name) => `server/src/${name}.ts`),
      reporter: ['text'],
      reportsDirectory: join(root, 'node_modules/.cache/zoogate-coverage'),
      thresholds: { 100: true, perFile: true },
    },
  },
})
