import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// The files that decide which page gets in, what it may do and how much of it. Every line and every branch of them is run by
// the tests that carry their names (`npm run check:coverage`), which notice a change of them (`npm run mutate`).

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The one list. In JSON, because Stryker reads it too. */
const groups: Record<string, string[]> = JSON.parse(
  readFileSync(fromRoot('test/mutation/subjects.json'), 'utf8'),
)

/** The group of a mutation run. */
const group = process.env.ZOOGATE_SUBJECTS

/** Files of server/src, without their ending. */
export const subjects: readonly string[] =
  group === undefined ? Object.values(groups).flat() : (groups[group] ?? [])

export const sourceOf = (name: string): string => fromRoot(`server/src/${name}.ts`)

// A file that is renamed would otherwise drop out of both checks without a word.
for (const path of subjects.flatMap((name) => [
  sourceOf(name),
  fromRoot(`test/unit/server/${name}.test.ts`),
])) {
  if (!existsSync(path)) {
    throw new Error(
      `${path} does not exist: each subject of test/mutation/subjects.json is a file with a test`,
    )
  }
}
