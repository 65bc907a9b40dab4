import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { afterEach, expect, it } from 'vitest'
import { fourLetterWord } from '../../../server/src/cli/doctor/four-letter-word.js'
import { describeWith } from '../requirements.js'
import { waitUntil } from '../wait-until.js'
import { findZooKeeper } from '../zookeeper/find-zookeeper.js'
import { type LocalZooKeeper, startLocalZooKeeper } from '../zookeeper/local-zookeeper.js'

const SOURCE = fileURLToPath(new URL('../zookeeper/local-zookeeper.ts', import.meta.url))

const isAlive = (pid: number) => existsSync(`/proc/${pid}`)

it('no ZooKeeper is found in a home without its jar', () => {
  const home = mkdtempSync(join(tmpdir(), 'no-zookeeper-'))
  expect(findZooKeeper({ ...process.env, ZOOKEEPER_HOME: home })).toBeNull()
  rmSync(home, { recursive: true })
})

it('no ZooKeeper is found without Java', () => {
  expect(findZooKeeper({ PATH: '/nowhere' })).toBeNull()
})

describeWith('zookeeper')('a local ZooKeeper', () => {
  let zookeeper: LocalZooKeeper | undefined
  afterEach(() => zookeeper?.close())

  const start = async (options: Parameters<typeof startLocalZooKeeper>[0]) => {
    zookeeper = await startLocalZooKeeper(options)
    return zookeeper
  }

  it('serves once it is started, and leaves neither process nor folder at close', async () => {
    const { servers, connectString, close } = await start({})
    const [server] = servers
    expect(connectString).toBe(`127.0.0.1:${server?.port}`)
    expect(await fourLetterWord(server!.port, 'srvr')).toContain('Mode: standalone')
    const folder = /dataDir=(.*)/.exec(await fourLetterWord(server!.port, 'conf'))![1]!
    expect(existsSync(folder)).toBe(true)
    const pid = server!.pid!
    await close()
    expect(isAlive(pid)).toBe(false)
    expect(existsSync(folder)).toBe(false)
  })

  it('forms one ensemble of three servers', async () => {
    const { servers } = await start({ servers: 3 })
    const answers = await Promise.all(servers.map(({ port }) => fourLetterWord(port, 'srvr')))
    const modes = answers.map((answer) => /Mode: (\w+)/.exec(answer)?.[1])
    expect(modes.sort()).toEqual(['follower', 'follower', 'leader'])
  })

  it('starts a killed server again on the same port', async () => {
    const { servers } = await start({})
    const server = servers[0]!
    const before = server.pid
    await server.kill()
    expect(server).toMatchObject({ stopped: true, pid: null })
    await expect(fourLetterWord(server.port, 'srvr')).rejects.toThrow('ECONNREFUSED')
    await server.start()
    expect(server.stopped).toBe(false)
    expect(server.pid).not.toBe(before)
    expect(await fourLetterWord(server.port, 'srvr')).toContain('Mode: standalone')
  })

  it('applies the settings it is given', async () => {
    const { servers } = await start({ tickTimeMs: 250, extraConfig: { maxClientCnxns: 7 } })
    const conf = await fourLetterWord(servers[0]!.port, 'conf')
    expect(conf).toContain('tickTime=250')
    expect(conf).toContain('maxClientCnxns=7')
    expect(conf).toContain('minSessionTimeout=500')
  })

  it('keeps a data folder that the caller named', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'kept-'))
    await (await start({ dataDir })).close()
    expect(readFileSync(join(dataDir, 'server-1', 'myid'), 'utf8')).toBe('1\n')
    rmSync(dataDir, { recursive: true })
  })

  it('says with the end of its log why a server did not start', async () => {
    await expect(startLocalZooKeeper({ extraConfig: { tickTime: 'never' } })).rejects.toThrow(
      /ended at start:[\s\S]*For input string: "never"/,
    )
  })

  it('ends its servers and removes their folder when its process is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'orphans-'))
    const module = join(folder, 'local-zookeeper.mjs')
    buildSync({ entryPoints: [SOURCE], outfile: module, bundle: true, platform: 'node', format: 'esm' })
    const script = join(folder, 'parent.mjs')
    writeFileSync(
      script,
      `import { startLocalZooKeeper } from './local-zookeeper.mjs'
       const { servers } = await startLocalZooKeeper()
       console.log(JSON.stringify({ pid: servers[0].pid, port: servers[0].port }))`,
    )
    const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await new Promise<string[]>((resolve) => {
      createInterface({ input: parent.stdout }).once('line', (text) => resolve([text]))
    })
    const { pid, port } = JSON.parse(line!) as { pid: number; port: number }
    const data = /dataDir=(.*)/.exec(await fourLetterWord(port, 'conf'))![1]!
    parent.kill('SIGKILL')
    await waitUntil('the orphan has ended', () => !isAlive(pid))
    await waitUntil('its folder is gone', () => !existsSync(data))
    rmSync(folder, { recursive: true })
  })
})
