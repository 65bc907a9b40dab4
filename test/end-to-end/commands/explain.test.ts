import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { endRuns, run } from '../../tools/gateway/gateway-process.js'

describe('zoogate serve --explain', () => {
  let folder: string
  let rules: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'zoogate-explain-'))
    rules = join(folder, 'rules.json')
    writeFileSync(rules, JSON.stringify([{ path: '/rooms/*/${sub}:*', allow: ['create:ephemeral'] }]))
  })
  afterEach(() => endRuns())
  afterAll(() => rmSync(folder, { recursive: true }))

  const explain = (...args: string[]) =>
    run(['serve', '--explain', '--rules-file', rules, '--sub', 'ada', '--op', 'create', ...args])

  it('exits with 0 and prints the rule when an operation is allowed, without a connection', async () => {
    const asked = explain('--path', '/rooms/1/ada:x', '--mode', 'ephemeral')
    expect(await asked.exit()).toBe(0)
    expect(asked.stdout).toContain('by rule 1 of the configuration, /rooms/*/${sub}:*, here /rooms/*/ada:*')
    expect(asked.stderr).toBe('')
  })

  it('exits with 1 when an operation is forbidden', async () => {
    const asked = explain('--path', '/rooms/1/bob:x', '--mode', 'ephemeral')
    expect(await asked.exit()).toBe(1)
    expect(asked.stdout).toContain('forbidden: create:ephemeral on /rooms/1/bob:x')
  })

  it.each([
    [['--path', '/a/../b'], 'zoogate: --path: a path has no parts . and ..'],
    [['--path', '/a', '--fly'], '--fly'],
    [['--path'], '--path'],
  ])('exits with 2 for bad usage such as %j', async (args, message) => {
    const asked = explain(...args)
    expect(await asked.exit()).toBe(2)
    expect(asked.stderr).toContain(message)
    expect(asked.stdout).toBe('')
  })

  it('states its exit codes in the help', async () => {
    const help = run(['serve', '--help'])
    expect(await help.exit()).toBe(0)
    expect(help.stdout).toContain('Exit code with --explain: 0 allowed, 1 forbidden, 2 bad usage.')
  })
})
