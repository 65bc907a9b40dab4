import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../../journeys.mjs', import.meta.url))
const GUIDE = readFileSync(new URL('../../../ARCHITECTURE.md', import.meta.url), 'utf8')

/** Each journey of the script, by the heading of its section in ARCHITECTURE.md. */
const HEADINGS = { setData: '### A setData and its reply', hello: '### A hello until attached' }

/** The files that a section names, from `server/src/`. */
function namedIn(heading: string): string[] {
  const from = GUIDE.indexOf(heading)
  const section = GUIDE.slice(from, GUIDE.indexOf('\n#', from + heading.length))
  const paths = [...section.matchAll(/`([\w-]+(?:\/[\w-]+)+\.ts)`/g)].map(([, path]) => path as string)
  return [...new Set(paths)].filter((path) => !path.startsWith('client-sdk/')).sort()
}

it('the journeys in ARCHITECTURE.md name exactly the files that run', { timeout: 60_000 }, () => {
  const output = execFileSync(process.execPath, [SCRIPT, '--json'], { encoding: 'utf8' })
  const ran = JSON.parse(output) as Record<keyof typeof HEADINGS, Record<string, string[]>>
  for (const journey of ['setData', 'hello'] as const) {
    expect(namedIn(HEADINGS[journey]), journey).toEqual(Object.keys(ran[journey]).sort())
  }
})
