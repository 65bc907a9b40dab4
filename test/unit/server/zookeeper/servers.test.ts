import { type ChildProcess, spawn } from 'node:child_process'
import { lookup } from 'node:dns'
import { once } from 'node:events'
import { connect, type LookupFunction, type Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  type Dial,
  dialTls,
  inRandomOrder,
  ServerList,
  serverName,
  target,
} from '../../../../server/src/zookeeper/servers.js'
import { stopProcess } from '../../../tools/process-state.js'
import { waitUntil } from '../../../tools/wait-until.js'
import { FakeServer } from '../../../tools/zookeeper-link/fake-server.js'
import { attachedTo, linkTo } from '../../../tools/zookeeper-link/recorder.js'

function read(connectString: string): { servers: string[]; chroot: string } {
  const { servers, chroot } = ServerList.parse(connectString)
  const cursor = servers.cursor(() => 0)
  return { servers: Array.from({ length: cursor.size }, () => serverName(cursor.next())), chroot }
}

describe('a connect string', () => {
  it.each([
    ['zk', ['zk:2181'], ''],
    ['a:2182,b', ['a:2182', 'b:2181'], ''],
    ['a:1, b:2', ['a:1', 'b:2'], ''],
    ['10.0.0.1:2181/app', ['10.0.0.1:2181'], '/app'],
    [
      '[::1]:2182,[fe80::1%eth0],zk.example/some/chroot',
      ['[::1]:2182', '[fe80::1%eth0]:2181', 'zk.example:2181'],
      '/some/chroot',
    ],
    ['a/', ['a:2181'], ''],
    ['a/app/', ['a:2181'], '/app'],
  ])('is understood: "%s"', (connectString, servers, chroot) => {
    expect(read(connectString)).toEqual({ servers, chroot })
  })

  it.each([
    ['', 'has an empty server'],
    ['a,,b', 'has an empty server'],
    ['/app', 'has an empty server'],
    ['a:x', 'The port of the server "a:x"'],
    ['a:', 'The port of the server "a:"'],
    ['a:0', 'from 1 to 65535'],
    ['b,a:65536', '"a:65536"'],
    ['::1', 'Cannot read the server "::1": write host:port, and IPv6 addresses as [::1]:2181'],
    ['::1:2181', '[::1]:2181'],
    ['[::1', '"[::1"'],
    ['a b:2181', '"a b:2181"'],
    ['a//app', 'The chroot "//app"'],
    ['a/x/../y', 'The chroot "/x/../y"'],
    ['a/x//', 'The chroot "/x//"'],
  ])('is refused with its bad part: "%s"', (connectString, message) => {
    expect(() => ServerList.parse(connectString)).toThrow(message)
  })
})

describe('a cursor', () => {
  const { servers } = ServerList.parse('a,b,c')
  const walk = (...randoms: number[]) => {
    const cursor = servers.cursor(() => randoms.shift() ?? 0)
    return Array.from({ length: 6 }, () => cursor.next().host).join('')
  }

  it('starts anywhere and goes round forwards or backwards', () => {
    expect(walk(0, 0)).toBe('abcabc')
    expect(walk(0.99, 0)).toBe('cabcab')
    expect(walk(0.4, 0.9)).toBe('bacbac')
  })

  it('visits a server once more on request, and goes on from there', () => {
    for (const direction of [0, 0.9]) {
      const randoms = [0.4, direction]
      const cursor = servers.cursor(() => randoms.shift() ?? 0)
      const [first, second] = [cursor.next(), cursor.next()]
      cursor.repeat()
      expect(cursor.next()).toBe(second)
      expect([first, second]).not.toContain(cursor.next())
    }
  })

  it('is one for each link', () => {
    const [first, second] = [servers.cursor(() => 0), servers.cursor(() => 0)]
    first.next()
    expect(second.next().host).toBe('a')
  })

  it('spreads the links of a dead server over both its neighbours', () => {
    const after = Array.from({ length: 2_000 }, () => {
      const cursor = servers.cursor()
      return cursor.next().host === 'a' ? cursor.next().host : ''
    })
    for (const neighbour of ['b', 'c']) {
      expect(after.filter((host) => host === neighbour).length).toBeGreaterThan(200)
    }
  })

  it('stays with the only server', () => {
    const cursor = ServerList.parse('a').servers.cursor()
    expect([cursor.next().host, cursor.next().host]).toEqual(['a', 'a'])
  })
})

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
})

async function fakeServer(host: string, port = 0): Promise<FakeServer> {
  const server = await FakeServer.start({}, {}, { host, port })
  cleanUps.push(() => server.close())
  return server
}

/** Dials as a link does where the name has these addresses. */
function dialAmong(...addresses: string[]): Dial {
  const resolve: LookupFunction = (_host, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: 4 })),
    )
  return (server, withinMs) =>
    connect(target({ ...server, host: 'zookeeper.test' }, withinMs, inRandomOrder(resolve)))
}

/** Random numbers that grow, and so keep addresses in their order. */
function keepOrder(): void {
  let last = 0
  vi.spyOn(Math, 'random').mockImplementation(() => {
    last += 0.001
    return last
  })
}

/** A port of this address where connections are neither accepted nor refused. */
async function deadPort(host: string): Promise<number> {
  const listen = `const s = require('net').createServer()
    s.listen({ host: '${host}', port: 0, backlog: 1 }, () => console.log(s.address().port))`
  const child: ChildProcess = spawn(process.execPath, ['-e', listen], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  cleanUps.push(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  const port = Number(line)
  await stopProcess(child.pid as number)
  const fill: Socket[] = []
  cleanUps.push(() => {
    for (const socket of fill) socket.destroy()
  })
  await waitUntil(
    'its backlog is full',
    async () => {
      const socket = connect({ host, port })
      fill.push(socket)
      return Promise.race([
        once(socket, 'connect').then(() => false),
        new Promise((resolve) => setTimeout(() => resolve(true), 200)),
      ])
    },
    { intervalMs: 1 },
  )
  return port
}

describe('a dial', () => {
  it('goes to an IPv6 address in brackets', async () => {
    const server = await fakeServer('::1')
    const { servers } = ServerList.parse(`[::1]:${server.port}`)
    const { link } = await attachedTo([], { servers: servers.cursor() })
    expect(server.connection.connect?.sessionId).toBe(0n)
    link.detach()
  })

  it('gives each address of a name its turn', async () => {
    const one = await fakeServer('127.0.0.2')
    const two = await fakeServer('127.0.0.3', one.port)
    for (let i = 0; i < 40; i++) {
      const { link } = await attachedTo(one, { dial: dialAmong('127.0.0.2', '127.0.0.3') })
      link.detach()
    }
    // One in 2^39 runs has all on one.
    expect(one.connections.length).toBeGreaterThan(0)
    expect(two.connections.length).toBeGreaterThan(0)
  })

  it('goes on to the next address when one refuses', async () => {
    const live = await fakeServer('127.0.0.3')
    keepOrder()
    const { link } = await attachedTo(live, { dial: dialAmong('127.0.0.2', '127.0.0.3') })
    link.detach()
  })

  it('goes on to the next address when one does not answer', async () => {
    const port = await deadPort('127.0.0.2')
    await fakeServer('127.0.0.3', port)
    keepOrder()
    const before = performance.now()
    const dial = dialAmong('127.0.0.2', '127.0.0.3')
    const { link } = await attachedTo([{ port }], { dial, handshakeTimeoutMs: 4_000 })
    expect(performance.now() - before).toBeGreaterThan(200)
    link.detach()
  })

  it('gives one address a quarter of its time, and at most 250 ms', () => {
    const attemptMs = (withinMs: number) =>
      target({ host: 'zookeeper.test', port: 1 }, withinMs, lookup).autoSelectFamilyAttemptTimeout
    expect([800, 1_000, 4_000].map(attemptMs)).toEqual([200, 250, 250])
  })

  it('is lost as refused if no address accepts it', async () => {
    const { link, recorder } = linkTo([{ port: 1 }], { dial: dialAmong('127.0.0.2', '127.0.0.3') })
    link.attach()
    await recorder.until('lost refused')
  })
})

describe('a dial with TLS', () => {
  it('throws at once for certificates that cannot be read', () => {
    expect(() => dialTls({ cert: 'no certificate' })).toThrow()
  })
})
