import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type DevEnsemble,
  type DevEnsembleOptions,
  startDevEnsemble,
} from '../../../../server/src/dev-ensemble/index.js'
import { OP } from '../../../../server/src/dev-ensemble/protocol.js'
import { FLAGS, RawClient, withDeadline } from '../../../tools/conformance/raw-client.js'
import { fourLetterWord } from '../../../tools/zookeeper/real-ensemble.js'

let ensemble: DevEnsemble
const clients: RawClient[] = []
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.drop()))
  await ensemble.close()
})

const start = async (options: DevEnsembleOptions = {}) => {
  ensemble = await startDevEnsemble({ tickTimeMs: 100, ...options })
}
const attach = async (server = 0, options = {}) => {
  const client = await RawClient.connect(ensemble.ports[server] ?? 0, options)
  clients.push(client)
  return client
}
const idOf = (client: RawClient) => `0x${client.session.id.toString(16)}`

/** Whether a promise is still open after everything on its way through this process and the kernel has arrived. */
async function isPendingAfterRoundTrip(promise: Promise<unknown>, server: number): Promise<boolean> {
  let pending = true
  const settled = () => {
    pending = false
  }
  promise.then(settled, settled)
  const other = await attach(server)
  for (let i = 0; i < 3; i++) await other.sync()
  return pending
}

describe('startDevEnsemble', () => {
  it('starts three servers that lead, follow and follow by default', async () => {
    await start()
    expect(ensemble.connectString).toBe(ensemble.ports.map((port) => `127.0.0.1:${port}`).join(','))
    const modes = await Promise.all(ensemble.ports.map((port) => fourLetterWord(port, 'srvr')))
    expect(modes.map((answer) => /^Mode: (\w+)$/m.exec(answer)?.[1])).toEqual([
      'follower',
      'follower',
      'leader',
    ])
    expect(ensemble.leader).toBe(2)
  })

  it('keeps timeouts within 2 and 20 ticks by default', async () => {
    await start()
    expect((await attach(0, { timeoutMs: 1 })).timeoutMs).toBe(200)
    expect((await attach(0, { timeoutMs: 60_000 })).timeoutMs).toBe(2000)
  })

  it('keeps timeouts within the given bounds', async () => {
    await start({ minSessionTimeoutMs: 1000, maxSessionTimeoutMs: 1500 })
    expect((await attach(0, { timeoutMs: 1 })).timeoutMs).toBe(1000)
    expect((await attach(0, { timeoutMs: 60_000 })).timeoutMs).toBe(1500)
  })

  it('listens on the given ports', async () => {
    await start({ servers: 1 })
    const [port] = ensemble.ports as [number]
    await ensemble.close()
    await start({ servers: 1, ports: [port] })
    expect(ensemble.ports).toEqual([port])
  })

  it('names the port that is taken, and leaves none open', async () => {
    await start({ servers: 1 })
    const [taken] = ensemble.ports as [number]
    const spare = taken + 1
    await expect(startDevEnsemble({ servers: 2, ports: [spare, taken] })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${taken}: choose another port, or 0 for any`,
    )
    await expect(fourLetterWord(spare, 'ruok')).rejects.toThrow('ECONNREFUSED')
  })

  it.each([
    [{ servers: 0 }, 'servers: 0 is no integer between 1 and 127'],
    [{ tickTimeMs: 0.5 }, 'tickTimeMs: 0.5 is no integer'],
    [{ minSessionTimeoutMs: 20_000 }, 'maxSessionTimeoutMs: 10000 is no integer between 20000'],
    [{ servers: 2, ports: [1] }, 'ports: 1 for 2 servers; give one port for each server'],
    [{ containerCheckIntervalMs: Number.NaN }, 'containerCheckIntervalMs: NaN is no integer'],
  ])('refuses %j', async (options, message) => {
    await start()
    await expect(startDevEnsemble(options)).rejects.toThrow(message)
  })

  it('refuses nodes with a time to live by default, as ZooKeeper does', async () => {
    await start()
    expect((await (await attach()).createTtl('/t', 1000n)).err).toBe(-6)
  })

  it('closes connections with frames longer than the given limit', async () => {
    await start({ maxFrameBytes: 1000 })
    const zk = await attach()
    expect((await zk.create('/a', { data: Buffer.alloc(900) })).err).toBe(0)
    await expect(zk.setData('/a', Buffer.alloc(1000))).rejects.toThrow('the connection closed')
  })
})

describe('the servers', () => {
  it('refuse connections while stopped, and serve the same nodes on the same port afterwards', async () => {
    await start()
    const zk = await attach(0)
    await zk.create('/a')
    const [port] = ensemble.ports as [number]
    await ensemble.stopServer(0)
    await withDeadline(zk.closed, 'the end of the connection')
    await expect(fourLetterWord(port, 'ruok')).rejects.toThrow('ECONNREFUSED')
    await ensemble.startServer(0)
    expect(ensemble.ports[0]).toBe(port)
    expect((await (await attach(0)).exists('/a')).err).toBe(0)
  })

  it('explain the error for a server that already runs or does not exist', async () => {
    await start()
    await expect(ensemble.startServer(1)).rejects.toThrow('server 1 is running already: stop it first')
    await expect(ensemble.stopServer(3)).rejects.toThrow('there is no server 3; the ensemble has 3')
  })

  it('leave connections to other servers alone while a follower stops', async () => {
    await start()
    const zk = await attach(1)
    await ensemble.stopServer(0)
    expect((await zk.sync()).err).toBe(0)
  })

  it('report without a majority that they do not serve', async () => {
    await start()
    await ensemble.stopServer(1)
    await ensemble.stopServer(2)
    const [port] = ensemble.ports as [number]
    expect(await fourLetterWord(port, 'srvr')).toContain('not currently serving requests')
    expect(await fourLetterWord(port, 'ruok')).toBe('imok')
    expect(ensemble.leader).toBeNull()
  })

  it('end no session without a majority, and start every timeout anew with the next leader', async () => {
    await start()
    const zk = await attach(0, { timeoutMs: 1000 })
    await zk.drop()
    await ensemble.stopServer(1)
    await ensemble.stopServer(2)
    ensemble.skipTime(60_000)
    expect(ensemble.sessions()).toEqual([idOf(zk)])
    await ensemble.startServer(1)
    ensemble.skipTime(900)
    expect(ensemble.sessions()).toEqual([idOf(zk)])
    ensemble.skipTime(300)
    expect(ensemble.sessions()).toEqual([])
  })
})

describe('expireSession', () => {
  it('ends the session, its nodes and its connections on every server', async () => {
    await start()
    const zk = await attach(0)
    await zk.create('/e', { flags: FLAGS.ephemeral })
    const again = await attach(1, { session: zk.session })
    expect(ensemble.expireSession(idOf(zk))).toBe(true)
    await withDeadline(Promise.all([zk.closed, again.closed]), 'the end of both connections')
    expect((await (await attach(2)).exists('/e')).err).toBe(-101)
    expect((await attach(0, { session: zk.session })).timeoutMs).toBe(0)
  })

  it('reports an unknown session', async () => {
    await start()
    expect(ensemble.expireSession('0x123')).toBe(false)
  })
})

describe('serverOf', () => {
  it('names the server that a session is connected to, and null without a connection', async () => {
    await start()
    const zk = await attach(1)
    expect(ensemble.serverOf(idOf(zk))).toBe(1)
    ensemble.cutLinks({ session: idOf(zk) })
    expect(ensemble.serverOf(idOf(zk))).toBeNull()
    expect(ensemble.serverOf('0x123')).toBeNull()
  })
})

describe('cutLinks', () => {
  it('cuts the connections of one session and leaves the session and other connections alone', async () => {
    await start()
    const [one, two] = [await attach(0), await attach(0)]
    ensemble.cutLinks({ session: idOf(one) })
    await withDeadline(one.closed, 'the end of the connection')
    expect((await two.sync()).err).toBe(0)
    expect((await attach(0, { session: one.session })).session).toEqual(one.session)
  })

  it('cuts the connections to one server', async () => {
    await start()
    const [one, two] = [await attach(0), await attach(1)]
    ensemble.cutLinks({ server: 0 })
    await withDeadline(one.closed, 'the end of the connection')
    expect((await two.sync()).err).toBe(0)
  })

  it('cuts all connections', async () => {
    await start()
    const links = [await attach(0), await attach(1), await attach(2)]
    ensemble.cutLinks()
    await withDeadline(Promise.all(links.map(({ closed }) => closed)), 'the end of all connections')
    expect(ensemble.sessions()).toHaveLength(3)
  })
})

describe('stallLinks', () => {
  it('answers nothing and closes nothing until the links resume', async () => {
    await start()
    const zk = await attach(0)
    ensemble.stallLinks({ session: idOf(zk) })
    const answer = zk.create('/a')
    expect(await isPendingAfterRoundTrip(answer, 0)).toBe(true)
    expect((await (await attach(1)).exists('/a')).err).toBe(-101)
    ensemble.resumeLinks({ session: idOf(zk) })
    expect((await answer).err).toBe(0)
  })

  it('holds events back in their order', async () => {
    await start()
    const [zk, other] = [await attach(0), await attach(1)]
    await zk.addWatch('/', 'recursive')
    ensemble.stallLinks({ session: idOf(zk) })
    await other.create('/a')
    await other.create('/b')
    expect(await isPendingAfterRoundTrip(zk.closed, 0)).toBe(true)
    zk.arrivals.length = 0
    ensemble.resumeLinks()
    expect(await zk.events()).toEqual(['created /a', 'created /b'])
  })

  it('lets the session expire, and the client learns it only when its link resumes', async () => {
    await start()
    const zk = await attach(0, { timeoutMs: 1000 })
    ensemble.stallLinks({ session: idOf(zk) })
    ensemble.skipTime(2000)
    expect(ensemble.sessions()).toEqual([])
    expect(await isPendingAfterRoundTrip(zk.closed, 0)).toBe(true)
    ensemble.resumeLinks()
    await withDeadline(zk.closed, 'the end of the connection')
  })

  it('makes a server accept connections and say nothing', async () => {
    await start()
    ensemble.stallLinks({ server: 0 })
    const client = new RawClient(ensemble.ports[0] ?? 0)
    clients.push(client)
    const greeting = client.greet()
    expect(await isPendingAfterRoundTrip(greeting, 1)).toBe(true)
    ensemble.resumeLinks({ server: 0 })
    await greeting
    expect(client.timeoutMs).toBeGreaterThan(0)
  })
})

describe('delayAnswers', () => {
  it('delays every later answer, in order, until the delay is 0 again', async () => {
    await start()
    const zk = await attach(0)
    ensemble.delayAnswers(200, { server: 0 })
    const begin = performance.now()
    const replies = await Promise.all([zk.call(OP.WHO_AM_I), zk.call(OP.WHO_AM_I)])
    expect(performance.now() - begin).toBeGreaterThan(190)
    ensemble.delayAnswers(0, { server: 0 })
    replies.push(await zk.call(OP.WHO_AM_I))
    expect(replies.map(({ xid }) => xid)).toEqual([1, 2, 3])
  })

  it('does not let a later answer overtake one that is delayed', async () => {
    await start()
    const zk = await attach(0)
    ensemble.delayAnswers(200)
    const first = zk.call(OP.WHO_AM_I)
    const other = await attach(1)
    expect((await other.sync()).err).toBe(0)
    ensemble.delayAnswers(0)
    const second = zk.call(OP.WHO_AM_I)
    expect([(await first).xid, (await second).xid]).toEqual([1, 2])
  })
})

describe('skipTime', () => {
  it('ends the sessions that are past their timeouts', async () => {
    await start()
    const [short, long] = [await attach(0, { timeoutMs: 500 }), await attach(0, { timeoutMs: 2000 })]
    ensemble.skipTime(1000)
    expect(ensemble.sessions()).toEqual([idOf(long)])
    await withDeadline(short.closed, 'the end of the connection')
  })

  it('removes empty containers and nodes past their time to live', async () => {
    await start({ extendedTypes: true })
    const zk = await attach(0)
    await zk.createTtl('/t', 30_000n)
    await zk.createTtl('/later', 90_000n)
    await zk.create2('/c', { flags: FLAGS.container }, OP.CREATE_CONTAINER)
    await zk.create('/c/a')
    await zk.delete('/c/a')
    ensemble.skipTime(61_000)
    const again = await attach(0)
    const errors = await Promise.all(
      ['/t', '/later', '/c'].map(async (path) => (await again.exists(path)).err),
    )
    expect(errors).toEqual([-101, 0, -101])
  })

  it('only goes forward', async () => {
    await start()
    expect(() => ensemble.skipTime(-1)).toThrow("cannot skip -1 ms: the ensemble's clock only goes forward")
  })
})

describe('close', () => {
  it('ends every connection and frees every port, even of stalled links', async () => {
    await start()
    const zk = await attach(0)
    ensemble.stallLinks()
    await ensemble.close()
    await withDeadline(zk.closed, 'the end of the connection')
    await expect(
      new Promise((_, reject) =>
        connect({ host: '127.0.0.1', port: ensemble.ports[0] ?? 0 }, reject).on('error', reject),
      ),
    ).rejects.toThrow('ECONNREFUSED')
  })
})
