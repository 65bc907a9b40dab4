import { howToInstall, missing, REQUIREMENTS, type Requirement } from './installed.js'

/** The text at the end of a run about the tests that could not run; null where all could. */
export function report(lacking: Requirement[]): string | null {
  if (lacking.length === 0) return null
  const names = lacking.map((one) => `  - ${REQUIREMENTS[one].name}`)
  const lines = [
    '!! NOT EVERYTHING WAS TESTED. Tests were skipped because this machine lacks:',
    ...names,
    '!! To run them too (Debian, as root):',
    `  ${howToInstall(lacking)}`,
    '!! With ZOOGATE_REQUIRE_ALL=1 a missing requirement is a failure.',
  ]
  return `\n${lines.join('\n')}\n\n`
}

/** A Vitest global setup; the function that it returns runs at the end. */
export default function setup(): () => void {
  return () => {
    const text = report(missing())
    if (text !== null) process.stderr.write(text)
  }
}
