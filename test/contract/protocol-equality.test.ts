import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// The compiler holds the schemas and the wire types equal. These tests prove it: a change of one side alone must not
// compile.

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = `${root}node_modules/.cache/zoogate-protocol-equality/`
const schemas = readFileSync(`${root}server/src/wire/protocol.ts`, 'utf8')

function compiles(text: string): boolean {
  writeFileSync(`${folder}protocol.ts`, text)
  const { status, stdout } = spawnSync('npx', ['--no-install', 'tsc', '-p', folder], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0) expect(stdout).toContain('protocol.ts(')
  return status === 0
}

/** @throws when the text is not there, so that no case passes because it changed nothing. */
function changed(from: string, to: string): string {
  if (!schemas.includes(from)) throw new Error(`server/src/wire/protocol.ts does not contain ${from}`)
  return schemas.replace(from, to)
}

beforeAll(() => {
  mkdirSync(folder, { recursive: true })
  const compilerOptions = { noEmit: true, lib: ['ES2023'], types: [], rootDir: '.' }
  const config = { extends: `${root}.tsconfig.base.json`, compilerOptions, files: ['protocol.ts'] }
  writeFileSync(`${folder}tsconfig.json`, JSON.stringify(config))
})
afterAll(() => rmSync(folder, { recursive: true }))

// A run of the compiler takes two seconds, and ten beside other tests.
const COMPILER_TIMEOUT_MS = 60_000

describe('the compiler, on the schemas of the protocol', { timeout: COMPILER_TIMEOUT_MS }, () => {
  it('accepts them as they are', () => {
    expect(compiles(schemas)).toBe(true)
  })

  it.each([
    ['a lost optional field', '  data: nodeData.optional(),\n', ''],
    ['an optional field that became required', 'data: nodeData.optional(),', 'data: nodeData,'],
    [
      'a required field that became optional',
      'data: nodeData, version',
      'data: nodeData.optional(), version',
    ],
    [
      'an added field',
      'const closeSchema = z.object({',
      'const closeSchema = z.object({ force: z.boolean(),',
    ],
    ['another type', 'const version = z.int32()', 'const version = z.string()'],
    ['a lost create mode', "  'ttl',\n", ''],
    ['a lost permission', "'admin'", "'create'"],
    ['a lost operation', '  getChildren: watched,\n', ''],
    ['an added operation', '  getChildren: watched,\n', '  getChildren: watched,\n  explode: pathOnly,\n'],
    ['a lost part of a multi', "  deleteFields.extend({ op: z.literal('delete') }),\n", ''],
    ['a lost list of watches', '  recursive: paths.optional(),\n', ''],
  ])('refuses %s', (_, from, to) => {
    expect(compiles(changed(from, to))).toBe(false)
  })
})
