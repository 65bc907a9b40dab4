import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// The compiler holds the schemas and the wire types equal. These tests show that it does: each change of one side alone
// must not compile. One run compiles all of them, since a run takes seconds.

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = `${root}node_modules/.cache/zoogate-protocol-equality/`
const FILES = ['wire/fields.ts', 'wire/protocol.ts', 'session/operations.ts'] as const
type File = (typeof FILES)[number]

const CHANGES: [title: string, file: File, from: string, to: string][] = [
  ['a lost optional field', 'session/operations.ts', '  data: field.nodeData.optional(),\n', ''],
  [
    'an optional field that became required',
    'session/operations.ts',
    'data: field.nodeData.optional(),',
    'data: field.nodeData,',
  ],
  [
    'a required field that became optional',
    'session/operations.ts',
    'data: field.nodeData, version',
    'data: field.nodeData.optional(), version',
  ],
  [
    'an added field',
    'wire/protocol.ts',
    'const closeSchema = z.object({',
    'const closeSchema = z.object({ force: z.boolean(),',
  ],
  ['another type', 'wire/fields.ts', 'const version = z.int32()', 'const version = z.string()'],
  ['a lost create mode', 'wire/fields.ts', "  'ttl',\n", ''],
  ['a lost permission', 'wire/fields.ts', "'admin'", "'create'"],
  ['a lost operation', 'session/operations.ts', '  closeView: {', '  closedView: {'],
  [
    'an added operation',
    'session/operations.ts',
    '  whoAmI: {',
    '  explode: { schema: pathOnly, needs: () => [], run() {} },\n  whoAmI: {',
  ],
  [
    'a lost part of a multi',
    'session/operations.ts',
    "  deleteFields.extend({ op: z.literal('delete') }),\n",
    '',
  ],
  ['a lost list of watches', 'wire/fields.ts', '  recursive: paths.optional(),\n', ''],
]

/** The text of a file, which imports the unchanged server except where a changed file stands beside it. */
function copied(file: File, change?: { from: string; to: string }): string {
  const text = readFileSync(`${root}server/src/${file}`, 'utf8')
  if (change && !text.includes(change.from)) {
    throw new Error(`server/src/${file} does not contain ${change.from}: the case would change nothing`)
  }
  const changed = change ? text.replace(change.from, change.to) : text
  return changed
    .replace(/from '\.\.\/(?!wire\/fields)/g, "from '../../src/")
    .replace(/from '\.\/(?!fields)/g, `from '../../src/${dirname(file)}/`)
}

function writeCase(name: string, changed?: File, change?: { from: string; to: string }): void {
  for (const file of FILES) {
    mkdirSync(dirname(`${folder}${name}/${file}`), { recursive: true })
    writeFileSync(`${folder}${name}/${file}`, copied(file, file === changed ? change : undefined))
  }
}

let complaints = ''

beforeAll(() => {
  cpSync(`${root}server/src`, `${folder}src`, { recursive: true })
  writeCase('unchanged')
  for (const [at, [, file, from, to]] of CHANGES.entries()) writeCase(`case-${at}`, file, { from, to })
  const compilerOptions = {
    noEmit: true,
    lib: ['ES2023'],
    types: ['node'],
    rootDir: root,
    // The sources, which are there before the first build.
    paths: { 'zoogate-client/protocol': [`${root}client-sdk/src/protocol.ts`] },
  }
  const names = ['unchanged', ...CHANGES.map((_, at) => `case-${at}`)]
  const files = names.flatMap((name) => FILES.map((file) => `${name}/${file}`))
  const config = { extends: `${root}.tsconfig.base.json`, compilerOptions, files }
  writeFileSync(`${folder}tsconfig.json`, JSON.stringify(config))
  const { stdout } = spawnSync(`${root}node_modules/.bin/tsc`, ['-p', folder], {
    cwd: folder,
    encoding: 'utf8',
  })
  complaints = stdout
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

describe('the compiler, on the schemas of the protocol', () => {
  it('accepts them as they are', () => {
    expect(complaints).toContain('error')
    expect(complaints).not.toContain('unchanged/')
    expect(complaints.replaceAll(/^case-.*|^ .*/gm, '').trim()).toBe('')
  })

  it.each(CHANGES.map(([title], at) => [title, at] as const))('refuses %s', (_, at) => {
    expect(complaints).toMatch(new RegExp(`^case-${at}/`, 'm'))
  })
})
