import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runDoctor } from '../../../server/src/cli/doctor/doctor.js'
import { createProgram } from '../../../server/src/cli/program.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { freePorts } from '../../tools/zookeeper/free-ports.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const START_MS = 60_000

async function doctor(zookeeper: string): Promise<{ exitCode: number; lines: string[] }> {
  const lines: string[] = []
  const exitCode = await runDoctor({ zookeeper }, (line) => lines.push(line))
  return { exitCode, lines }
}

const failures = (lines: string[]) => lines.filter((line) => line.startsWith('FAIL'))

describe('zoogate doctor', () => {
  it('says that no server listens', async () => {
    const [port] = await freePorts(1)
    const { exitCode, lines } = await doctor(`127.0.0.1:${port}`)
    expect(exitCode).toBe(1)
    expect(lines).toEqual([
      expect.stringMatching(
        new RegExp(`^FAIL  127.0.0.1:${port} opens no session: connection refused.*  — start it`),
      ),
      expect.stringContaining('no server opens a session'),
    ])
  })

  it('says that a server accepts and does not answer', async () => {
    const mute = createServer()
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    const { port } = mute.address() as { port: number }
    const { exitCode, lines } = await doctor(`127.0.0.1:${port}`)
    expect(exitCode).toBe(1)
    expect(lines[0]).toContain('no end of the handshake within 3000 ms')
    mute.close()
  })

  it('is a command with the same verdict as its exit code', async () => {
    const [port] = await freePorts(1)
    const print = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    await createProgram().parseAsync(['node', 'zoogate', 'doctor', '--zookeeper', `127.0.0.1:${port}`])
    expect(print.mock.lastCall?.[0]).toContain('FAIL  no server opens a session')
    expect(process.exitCode).toBe(1)
    print.mockRestore()
    process.exitCode = 0
  })

  it('names the part of a connect string that cannot be read', async () => {
    await expect(doctor('a:b')).rejects.toThrow('--zookeeper: The port of the server "a:b"')
  })
})

describeWith('zookeeper')('zoogate doctor on three real servers', () => {
  let ensemble: RealEnsemble
  beforeAll(async () => {
    ensemble = await realEnsemble(3)
  }, START_MS)
  afterAll(() => ensemble?.close(), START_MS)

  it('finds no fault in a healthy ensemble, and leaves no session and no node', async () => {
    const before = await ensemble.sessions()
    const { exitCode, lines } = await doctor(ensemble.connectString)
    expect(failures(lines)).toEqual([])
    expect(exitCode).toBe(0)
    const found = lines.join('\n')
    for (const index of [0, 1, 2]) {
      expect(found).toMatch(
        new RegExp(`ok    ${ensemble.address(index)} opens sessions \\((leader|follower)\\)`),
      )
      expect(found).toContain(`ok    ${ensemble.address(index)} has no limit of connections`)
      expect(found).toMatch(new RegExp(`warn  ${ensemble.address(index)} runs ZooKeeper 3\\..*upgrade`))
    }
    for (const what of [
      'ok    session timeouts from 1000 to 10000 ms',
      `ok    a session of ${ensemble.address(0)} resumes on ${ensemble.address(1)}`,
      'ok    ephemeral nodes below /',
      'ok    lasting watches (addWatch)',
      'ok    no nodes with a time to live (UNIMPLEMENTED)  — set zookeeper.extendedTypesEnabled=true',
      'ok    nodes of 1000000 bytes',
    ]) {
      expect(found).toContain(what)
    }
    await waitUntil('its sessions are closed', async () => (await ensemble.sessions()).size === before.size)
    expect((await ensemble.ephemerals()).size).toBe(0)
  })

  it('says that the chroot is missing, and how to create it', async () => {
    const { exitCode, lines } = await doctor(`${ensemble.connectString}/no/such`)
    expect(exitCode).toBe(1)
    expect(failures(lines)).toEqual([
      'FAIL  the chroot /no/such does not exist  — create it: zkCli.sh create /no/such ""',
    ])
  })

  it(
    'names the one server that is down, and checks the others',
    async () => {
      const leader = await ensemble.leader()
      const down = (leader + 1) % 3
      await ensemble.kill(down)
      const { exitCode, lines } = await doctor(ensemble.connectString)
      expect(exitCode).toBe(1)
      expect(failures(lines)).toEqual([
        expect.stringContaining(`${ensemble.address(down)} opens no session: connection refused`),
      ])
      expect(lines.join('\n')).toContain('ok    lasting watches')
      await ensemble.start(down)
    },
    START_MS,
  )

  it(
    'sends the operator of a server without a quorum to the other servers',
    async () => {
      await Promise.all([ensemble.kill(0), ensemble.kill(1)])
      await waitUntil('the last server has noticed', async () => (await ensemble.mode(2)) === null)
      const { exitCode, lines } = await doctor(ensemble.address(2))
      expect(exitCode).toBe(1)
      expect(lines[0]).toMatch(/opens no session.* {2}— check the other servers/)
      await Promise.all([ensemble.start(0), ensemble.start(1)])
    },
    START_MS,
  )
})

describeWith('zookeeper')('zoogate doctor on one real server', () => {
  const ensembles: RealEnsemble[] = []
  const start = async (extraConfig: Record<string, string | number>) => {
    const ensemble = await realEnsemble(1, { extraConfig })
    ensembles.push(ensemble)
    return ensemble.connectString
  }
  afterAll(() => Promise.all(ensembles.map((ensemble) => ensemble.close())), START_MS)

  it('says that maxClientCnxns is far too low when the server tells it', async () => {
    const { exitCode, lines } = await doctor(await start({ maxClientCnxns: 5 }))
    expect(exitCode).toBe(1)
    expect(failures(lines)).toEqual([expect.stringMatching(/takes 5 connections.*set maxClientCnxns=0/)])
  })

  it('finds the limit by connecting when the server tells only its state', async () => {
    const { exitCode, lines } = await doctor(
      await start({
        maxClientCnxns: 5,
        '4lw.commands.whitelist': 'srvr',
        extendedTypesEnabled: 'true',
        clientPortListenBacklog: 50,
      }),
    )
    expect(exitCode).toBe(1)
    const [only, ...others] = failures(lines)
    expect(others).toEqual([])
    // Fewer by earlier connections of doctor, more by connections that slip through while the server counts.
    const took = /took about (\d+) of 70 connections.*set maxClientCnxns=0/.exec(only ?? '')?.[1]
    expect(Number(took)).toBeGreaterThan(0)
    expect(Number(took)).toBeLessThanOrEqual(10)
    expect(lines.join('\n')).toContain('ok    nodes with a time to live')
  })

  it('warns of the defaults that refuse the hundredth page and slow down reconnects', async () => {
    const { exitCode, lines } = await doctor(
      await start({ maxClientCnxns: 60, clientPortListenBacklog: -1, maxSessionTimeout: 5000 }),
    )
    expect(exitCode).toBe(0)
    const found = lines.join('\n')
    expect(found).toMatch(/warn {2}.* takes 60 connections.*set maxClientCnxns=0/)
    expect(found).toMatch(/warn {2}.* queues 50 connections.*set clientPortListenBacklog=4096/)
    expect(found).toMatch(/warn {2}session timeouts from 1000 to 5000 ms.*maxSessionTimeout/)
  })

  it('warns only of the version when all settings suit a gateway', async () => {
    const { exitCode, lines } = await doctor(await start({ extendedTypesEnabled: 'true' }))
    expect(exitCode).toBe(0)
    expect(lines.filter((line) => !line.startsWith('ok'))).toEqual([
      expect.stringContaining('runs ZooKeeper 3.'),
    ])
  })
})

describeWith('zookeeper')('zoogate doctor on real servers with local sessions', () => {
  let ensemble: RealEnsemble
  beforeAll(async () => {
    ensemble = await realEnsemble(3, { extraConfig: { localSessionsEnabled: 'true' } })
  }, START_MS)
  afterAll(() => ensemble?.close(), START_MS)

  it('says that sessions do not move and hold no ephemeral nodes, and names the setting', async () => {
    const { exitCode, lines } = await doctor(ensemble.connectString)
    expect(exitCode).toBe(1)
    expect(failures(lines)).toEqual([
      expect.stringMatching(/a session .* does not resume on .*localSessionsEnabled=false/),
      expect.stringMatching(/ephemeral nodes below \/ are refused.*localSessionsEnabled=false/),
    ])
  })
})
