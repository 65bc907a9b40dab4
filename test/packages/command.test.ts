import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const BIN = fileURLToPath(new URL('../../server/bin/', import.meta.url))
const LINKED = fileURLToPath(new URL('../../node_modules/.bin/zoogate', import.meta.url))

interface Run {
  code: number
  stdout: string
  stderr: string
}

const run = (file: string, args: string[]) =>
  new Promise<Run>((resolve) =>
    execFile(file, args, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    ),
  )

it('the zoogate command is linked when the workspace is installed, and prints its help', async () => {
  const { code, stdout } = await run(LINKED, ['--help'])
  expect(code).toBe(0)
  expect(stdout).toContain('Usage: zoogate')
})

it('the zoogate command asks for a build where there is none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zoogate-unbuilt-'))
  try {
    cpSync(BIN, join(folder, 'bin'), { recursive: true })
    const asked = await run(process.execPath, [join(folder, 'bin/zoogate.js'), '--help'])
    expect(asked).toEqual({
      code: 1,
      stdout: '',
      stderr: 'zoogate is not built yet: run `npm run build` first.\n',
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
