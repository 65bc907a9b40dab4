import { describe, expect, it } from 'vitest'
import { importsOf, packageOf, resolveImport, type SourceFile } from './imports.js'
import { repository } from './repository.js'
import { RULES } from './rules.js'

const file = (path: string, text = ''): SourceFile => ({ path, text })

/** For each rule, what breaks it and what its complaint must name. */
const DOCTORED: Record<keyof typeof RULES, { files: SourceFile[]; complaint: string }[]> = {
  sdkImportsOnlyItself: [
    {
      files: [file('client-sdk/src/client/client.ts', "import { x } from 'zoogate'")],
      complaint: "'zoogate'",
    },
    { files: [file('client-sdk/src/client/client.ts', "import ms from 'ms'")], complaint: "'ms'" },
    { files: [file('client-sdk/src/vue.ts', "import { memo } from 'react'")], complaint: "'react'" },
    {
      files: [file('client-sdk/src/client/client.ts', "export * from '../../server/src/errors.js'")],
      complaint: 'server/src/errors.js',
    },
  ],
  protocolImportsNothing: [
    {
      files: [file('client-sdk/src/protocol.ts', "import type { A } from './errors.js'")],
      complaint: './errors.js',
    },
  ],
  serverTakesOnlyTheProtocolFromTheSdk: [
    {
      files: [file('server/src/session/session.ts', "import { createClient } from 'zoogate-client'")],
      complaint: 'zoogate-client',
    },
    {
      files: [file('server/src/cli/dev/dev.ts', "import { x } from '../../../client-sdk/src/client.js'")],
      complaint: 'client-sdk/src/client.js',
    },
  ],
  serverImportsPackagesWhereListed: [
    {
      files: [file('server/src/connection/connection.ts', "import type { WebSocket } from 'ws'")],
      complaint: 'acceptor.ts',
    },
    {
      files: [file('server/src/access/access.ts', "import jwt from 'jsonwebtoken'")],
      complaint: 'authenticate.ts, cli/token.ts',
    },
    {
      files: [
        file(
          'server/src/session/session.ts',
          "const x = await import('node-zookeeper-client/lib/jute/index.js')",
        ),
      ],
      complaint: 'zookeeper/',
    },
    { files: [file('server/src/session/session.ts', "import express from 'express'")], complaint: 'no file' },
  ],
  serverFilesHaveALayer: [
    { files: [file('server/src/novelty.ts')], complaint: 'add it to test/architecture/folders.ts' },
    { files: [file('server/src/novelties/one.ts')], complaint: 'server/src/novelties/one.ts has no layer' },
  ],
  serverImportsGoDown: [
    {
      files: [file('server/src/session/session.ts', "import { Gateway } from '../gateway/gateway.js'")],
      complaint: 'imports point down',
    },
    {
      files: [file('server/src/zookeeper/link.ts', "import type { Session } from '../session/session.js'")],
      complaint: 'server/src/session/session.ts (session)',
    },
    {
      files: [file('server/src/cli/serve/serve.ts', "import '../../main.js'")],
      complaint: 'server/src/main.ts (entry points)',
    },
  ],
  sdkFilesHaveALayer: [
    { files: [file('client-sdk/src/novelty.ts')], complaint: 'add it to test/architecture/folders.ts' },
  ],
  sdkImportsGoDown: [
    {
      files: [file('client-sdk/src/session/session.ts', "import type { View } from '../views/view.js'")],
      complaint: 'client-sdk/src/views/view.ts (views)',
    },
  ],
  foldersAreSmall: [
    {
      files: Array.from({ length: 21 }, (_, at) => file(`server/src/views/view-${at}.ts`)),
      complaint: 'server/src/views/ holds 21 files',
    },
  ],
  examplesImportPackagesByName: [
    {
      files: [file('examples/board/src/main.ts', "import { x } from '../../../client-sdk/src/client.js'")],
      complaint: 'by their names',
    },
  ],
  importsHaveNoCycle: [
    {
      files: [
        file('server/src/a.ts', "import { b } from './b.js'"),
        file('server/src/b.ts', "import { c } from './deep/c.js'"),
        file('server/src/deep/c.ts', "import type { a } from '../a.js'"),
      ],
      complaint: 'server/src/a.ts → server/src/b.ts → server/src/deep/c.ts → server/src/a.ts',
    },
  ],
  filesAreShort: [
    { files: [file('test/unit/long.test.ts', 'line\n'.repeat(401))], complaint: '401 lines' },
    { files: [file('examples/board/style.css', 'line\n'.repeat(401))], complaint: '401 lines' },
  ],
  functionsAreShort: [
    {
      files: [file('server/src/views/view.ts', `const a = () => {\n${'  // a { in prose\n'.repeat(69)}}\n`)],
      complaint: 'server/src/views/view.ts:1 is a function of 71 lines',
    },
    {
      files: [
        file(
          'client-sdk/src/views/view.ts',
          `class A {\n  b<T>(\n    c: T,\n  ): Promise<T | null> {\n${'\n'.repeat(80)}}\n}\n`,
        ),
      ],
      complaint: 'client-sdk/src/views/view.ts:2',
    },
  ],
  serverFilesImportFewOthers: [
    {
      files: [
        file(
          'server/src/views/view.ts',
          Array.from({ length: 19 }, (_, at) => `import './part-${at}.js'\n`).join(''),
        ),
      ],
      complaint: 'imports 19 files',
    },
  ],
  shortServerFilesAreShared: [
    {
      files: [
        file(
          'server/src/views/view.ts',
          Array.from({ length: 6 }, (_, at) => `import './part-${at}.js'\n`).join(''),
        ),
        ...Array.from({ length: 6 }, (_, at) => file(`server/src/views/part-${at}.ts`)),
      ],
      complaint: 'server/src/views/part-0.ts, server/src/views/part-1.ts',
    },
  ],
  guidesNameWhatExists: [
    { files: [file('ARCHITECTURE.md', 'A `zookeeper/link.ts`.')], complaint: 'zookeeper/link.ts' },
    { files: [file('ARCHITECTURE.md', 'A `zookeeper/`.')], complaint: 'zookeeper/' },
    { files: [file('.github/CONTRIBUTING.md', '[a](../README.md#b)')], complaint: 'README.md' },
  ],
  filesAreNouns: ['utils.ts', 'string-helpers.ts', 'common/x.ts', 'session-manager.ts', 'misc.test.ts'].map(
    (name) => ({
      files: [file(`server/src/${name}`)],
      complaint: name,
    }),
  ),
  topLevelIsKnown: [{ files: [file('scripts/build.sh')], complaint: 'scripts' }],
  sdkHasNoDependencies: [
    { files: [file('client-sdk/package.json', '{"dependencies":{"ms":"1"}}')], complaint: 'ms' },
    { files: [file('client-sdk/package.json', '{"peerDependencies":{"react":"1"}}')], complaint: 'react' },
    { files: [], complaint: 'missing' },
  ],
  testsBelongToAProject: [
    { files: [file('test/tools/wait-until.test.ts')], complaint: 'TEST_FOLDERS' },
    {
      files: [file('server/src/views/view.test.ts')],
      complaint: 'server/src/views/view.test.ts is run by no project',
    },
  ],
  testsAreNotSkipped: [
    { files: [file('test/unit/a.test.ts', `it.${'skip'}('x', () => {})`)], complaint: 'describeWith()' },
    {
      files: [file('test/unit/a.test.ts', `describe.${'only'}('x', () => {})`)],
      complaint: 'describeWith()',
    },
  ],
}

describe('the repository', () => {
  const files = repository()

  it.each(Object.entries(RULES))('keeps the rule %s', (_, rule) => {
    expect(rule(files)).toEqual([])
  })
})

describe('the rules', () => {
  it.each(
    Object.entries(DOCTORED).flatMap(([name, cases]) =>
      cases.map((one) => ({ name: name as keyof typeof RULES, ...one })),
    ),
  )('$name complains of $complaint', ({ name, files, complaint }) => {
    const complaints = RULES[name](files)
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toContain(complaint)
  })

  it('let good files pass', () => {
    const files = [
      file(
        'client-sdk/package.json',
        '{"peerDependencies":{"vue":"1"},"peerDependenciesMeta":{"vue":{"optional":true}}}',
      ),
      file('client-sdk/src/vue.ts', "import { ref } from 'vue'"),
      file('client-sdk/src/protocol.ts', "// import { x } from './prose.js'"),
      file('client-sdk/src/client/client.ts', "import { x } from './protocol.js'"),
      file(
        'server/src/gateway/acceptor.ts',
        "import { WebSocketServer } from 'ws'\nimport { s } from '../session/session.js'",
      ),
      file(
        'server/src/session/session.ts',
        "import type { x } from 'zoogate-client/protocol'\nimport 'node:net'",
      ),
      file('examples/board/src/main.ts', "import { createClient } from 'zoogate-client'\nimport './tile.js'"),
      file('test/unit/manager-of-nothing.test.ts', 'line\n'.repeat(400)),
      file(
        'ARCHITECTURE.md',
        '`session.ts`, `session/`, `session/session.ts`, `npm test`, [the SDK](client-sdk/src/)',
      ),
      file('server/src/views/view.ts', `class A {\n${'  b() {\n  }\n'.repeat(99)}}\n`),
    ]
    for (const rule of Object.values(RULES)) expect(rule(files)).toEqual([])
  })
})

describe('the import scan', () => {
  it('finds every form of import, and none in prose or strings', () => {
    const text = `
import a from 'a'
import { b,
  type B } from "b"
import type { C } from 'c'
import * as d from 'd'
import 'e'
export * from 'f'
export * as g from 'g'
export { h } from 'h'
export type { I } from 'i'
const j = await import('j')
const k = require('k')
// import l from 'l'
const m = "import m from 'm'"
export const n = Array.from('n')
`
    expect(importsOf(file('x.ts', text)).sort()).toEqual([...'abcdefghijk'])
  })

  it('resolves what a relative import names', () => {
    expect(resolveImport(file('server/src/cli/program.ts'), '../gateway/gateway.js')).toBe(
      'server/src/gateway/gateway.ts',
    )
  })

  it('tells a package from the path inside it', () => {
    expect(packageOf('ws')).toBe('ws')
    expect(packageOf('node-zookeeper-client/lib/x.js')).toBe('node-zookeeper-client')
    expect(packageOf('@scope/name/deep')).toBe('@scope/name')
  })
})
