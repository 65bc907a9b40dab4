import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// The compiler holds the schemas and the wire types equal. These tests prove it: a change of one side alone must not
// compile.

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = `${root}node_modules/.cache/zoogate-protocol-equality/`
/** Far above what two busy cores take. */
const COMPILER_TIMEOUT_MS = 60_000
const schemas = readFileSync(`${root}server/src/wire/protocol.ts`, 'utf8')

/** @throws when the text is not there, so that no case passes because it changed nothing. */
function changed(from: string, to: string): string {
  if (!schemas.includes(from)) throw new Error(`server/src/wire/protocol.ts does not contain ${from}`)
  return schemas.replace(from, to)
}

const CHANGES: [name: string, from: string, to: string][] = [
  ['a lost optional field', '  data: nodeData.optional(),\n', ''],
  ['an optional field that became required', 'data: nodeData.optional(),', 'data: nodeData,'],
  ['a required field that became optional', 'data: nodeData, version', 'data: nodeData.optional(), version'],
  ['an added field', 'const closeSchema = z.object({', 'const closeSchema = z.object({ force: z.boolean(),'],
  ['another type', 'const version = z.int32()', 'const version = z.string()'],
  ['a lost create mode', "  'ttl',\n", ''],
  ['a lost permission', "'admin'", "'create'"],
  ['a lost operation', '  getChildren: watched,\n', ''],
  ['an added operation', '  getChildren: watched,\n', '  getChildren: watched,\n  explode: pathOnly,\n'],
  ['a lost part of a multi', "  deleteFields.extend({ op: z.literal('delete') }),\n", ''],
  ['a lost list of watches', '  recursive: paths.optional(),\n', ''],
]

/** One run of the compiler for all of them: most of its time goes into what they have in common. */
const SOURCES = [schemas, ...CHANGES.map(([, from, to]) => changed(from, to))]
const fileOf = (index: number) => `protocol-${index}.ts`

let complaints: string
beforeAll(() => {
  mkdirSync(folder, { recursive: true })
  for (const [index, text] of SOURCES.entries()) writeFileSync(`${folder}${fileOf(index)}`, text)
  const compilerOptions = {
    noEmit: true,
    lib: ['ES2023'],
    types: [],
    rootDir: root,
    // The sources, which are there before the first build.
    paths: { 'zoogate-client/protocol': [`${root}client-sdk/src/protocol.ts`] },
  }
  const config = {
    extends: `${root}.tsconfig.base.json`,
    compilerOptions,
    files: SOURCES.map((_, index) => fileOf(index)),
  }
  writeFileSync(`${folder}tsconfig.json`, JSON.stringify(config))
  const { stdout } = spawnSync(`${root}node_modules/.bin/tsc`, ['-p', folder], {
    cwd: root,
    encoding: 'utf8',
  })
  complaints = stdout
}, COMPILER_TIMEOUT_MS)
afterAll(() => rmSync(folder, { recursive: true }))

const isRefused = (index: number) => complaints.includes(`${fileOf(index)}(`)

describe('the compiler, on the schemas of the protocol', () => {
  it('accepts them as they are', () => {
    expect(isRefused(0)).toBe(false)
  })

  it.each(CHANGES.map(([name], index) => [name, index + 1] as const))('refuses %s', (_, index) => {
    expect(isRefused(index)).toBe(true)
  })
})
