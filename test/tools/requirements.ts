import { describe, it } from 'vitest'
import { howToInstall, missing, type Requirement } from './installed.js'

/** Set in CI: there, a test that cannot run is a failure. */
export function requiresAll(env: NodeJS.ProcessEnv = process.env): boolean {
  return env.ZOOGATE_REQUIRE_ALL === '1'
}

export type Verdict = 'run' | 'skip' | 'fail'

export function verdict(lacking: Requirement[], everythingRequired: boolean): Verdict {
  if (lacking.length === 0) return 'run'
  return everythingRequired ? 'fail' : 'skip'
}

/**
 * A `describe` whose tests need things that may not be installed: `describeWith('zookeeper', 'kazoo')(title, fn)`.
 * Where one is missing they are skipped, which the end of the run says loudly; with ZOOGATE_REQUIRE_ALL=1 they
 * fail. This is the only place that skips tests.
 */
export function describeWith(...wanted: Requirement[]): (title: string, define: () => void) => void {
  return (title, define) => {
    const lacking = missing(wanted)
    const suites: Record<Verdict, () => void> = {
      run: () => describe(title, define),
      skip: () => describe.skip(title, define),
      fail: () =>
        describe(title, () => {
          it(`this machine has ${lacking.join(', ')}`, () => {
            throw new Error(
              `ZOOGATE_REQUIRE_ALL=1, but missing: ${lacking.join(', ')}. ${howToInstall(lacking)}`,
            )
          })
        }),
    }
    suites[verdict(lacking, requiresAll())]()
  }
}
