import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { ERR, OP, RECORD, XID } from '../../../server/src/dev-ensemble/protocol.js'
import { multi, step } from '../../tools/conformance/multi-request.js'
import { FLAGS, RawClient, withDeadline } from '../../tools/conformance/raw-client.js'
import { describeEnsembles, TICK_TIME_MS } from '../../tools/conformance/subjects.js'

const NO_PASSWORD = Buffer.alloc(16)

describeEnsembles('a session', 3, (bench) => {
  /** Servers that do not lead. */
  const followers = async () => {
    const leader = await bench.subject.leader()
    return [0, 1, 2].filter((index) => index !== leader) as [number, number]
  }
  /** Resolves once the session's ephemeral node is gone. */
  const untilGone = (zk: RawClient, path: string) =>
    expect.poll(async () => (await zk.exists(path)).err, { timeout: 9000, interval: 20 }).toBe(ERR.NO_NODE)

  it('has an id of its own and a password of 16 bytes', async () => {
    const [one, two] = [await bench.connect(), await bench.connect()]
    expect(one.session.id).not.toBe(two.session.id)
    expect(one.session.id).toBeGreaterThan(0n)
    expect(one.session.password).toHaveLength(16)
    expect(one.session.password).not.toEqual(two.session.password)
  })

  it('carries the number of the server that opened it in the top byte of the id', async () => {
    for (const server of [0, 1, 2]) {
      const zk = await bench.connect({ server })
      expect(Number(zk.session.id >> 56n)).toBe(server + 1)
    }
  })

  // Surprising: the id, which is the ephemeralOwner of each of the session's nodes, gives the password.
  it('has a password that follows from the id', async () => {
    const zk = await bench.connect()
    expect(javaRandomBytes(zk.session.id ^ 0xb3415c00n)).toEqual(zk.session.password)
  })

  it.each([
    ['nothing', 0, 2],
    ['too little', 1, 2],
    ['too much', 1_000_000, 20],
    ['a negative number', -1, 2],
  ])('gets a timeout within bounds if %s is asked for', async (_, timeoutMs, ticks) => {
    expect((await bench.connect({ timeoutMs })).timeoutMs).toBe(ticks * TICK_TIME_MS)
  })

  it('gets the timeout that was asked for if it is within bounds', async () => {
    expect((await bench.connect({ timeoutMs: 1234 })).timeoutMs).toBe(1234)
  })

  it('gets a longer answer if its request was a byte longer', async () => {
    const [one, two] = [await bench.connect(), await bench.connect({ readOnlyByte: false })]
    expect(one.greetingBytes - two.greetingBytes).toBe(1)
  })

  it.each([[0], [1], [2]])('resumes on server %i, with its nodes', async (server) => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/e`, { flags: FLAGS.ephemeral })
    await zk.drop()
    const again = await bench.connect({ session: zk.session, server })
    expect(again.session).toEqual(zk.session)
    expect((await again.exists(`${root}/e`)).stat?.ephemeralOwner).toBe(zk.session.id)
    expect((await again.setData(root, 'x')).err).toBe(0)
  })

  it('gets a new timeout when it resumes', async () => {
    const zk = await bench.connect({ timeoutMs: 4000 })
    await zk.drop()
    const again = await bench.connect({ session: zk.session, timeoutMs: 1000 })
    expect(again.timeoutMs).toBe(1000)
  })

  it.each([
    ['a wrong password', async (zk: RawClient) => ({ id: zk.session.id, password: NO_PASSWORD })],
    [
      'an unknown id',
      async (zk: RawClient) => ({ id: zk.session.id + 99_999n, password: zk.session.password }),
    ],
    [
      'a password that is too short',
      async (zk: RawClient) => ({ id: zk.session.id, password: Buffer.alloc(3) }),
    ],
    [
      'a session that was closed',
      async (zk: RawClient) => {
        await zk.close()
        return zk.session
      },
    ],
  ])('is refused with a timeout of 0 for %s', async (_, ticketOf) => {
    const zk = await bench.connect()
    const again = await bench.connect({ session: await ticketOf(zk), server: 1 })
    expect(again.timeoutMs).toBe(0)
    expect(again.session).toEqual({ id: 0n, password: NO_PASSWORD })
    await withDeadline(again.closed, 'the end of the connection')
  })

  it('survives an attempt with a wrong password', async () => {
    const zk = await bench.connect()
    await bench.connect({ session: { id: zk.session.id, password: NO_PASSWORD }, server: 1 })
    expect((await zk.sync()).err).toBe(0)
  })

  // Surprising: any client that knows an id can cut the session's connection.
  it('loses its connection by an attempt with a wrong password on the same server', async () => {
    const zk = await bench.connect()
    await bench.connect({ session: { id: zk.session.id, password: NO_PASSWORD } })
    await withDeadline(zk.closed, 'the end of the connection')
    expect((await bench.connect({ session: zk.session })).timeoutMs).toBe(4000)
  })

  it('closes its older connection when it attaches again on the same server', async () => {
    const zk = await bench.connect()
    const again = await bench.connect({ session: zk.session })
    await withDeadline(zk.closed, 'the end of the older connection')
    expect((await again.sync()).err).toBe(0)
  })

  it('still reads over its older connection when it has attached on another server', async () => {
    const [one, two] = await followers()
    const zk = await bench.connect({ server: one })
    const again = await bench.connect({ session: zk.session, server: two })
    const answers = [await zk.exists('/'), await zk.getChildren('/'), await zk.sync(), await zk.call(OP.PING)]
    expect(answers.map(({ err }) => err)).toEqual([0, 0, 0, 0])
    expect((await again.exists('/')).err).toBe(0)
  })

  it.each([
    ['create', (zk: RawClient) => zk.create('/moved')],
    ['delete', (zk: RawClient) => zk.delete('/moved')],
    ['setData', (zk: RawClient) => zk.setData('/moved', 'x')],
    ['multi', (zk: RawClient) => multi(zk, [step.check('/')])],
    ['setAcl', (zk: RawClient) => zk.setAcl('/moved', [])],
  ])(
    'loses its older connection by a %s over it when it has attached on another server',
    async (_, write) => {
      const [one, two] = await followers()
      const zk = await bench.connect({ server: one })
      const again = await bench.connect({ session: zk.session, server: two })
      await expect(write(zk)).rejects.toThrow('the connection closed')
      expect((await again.exists('/moved')).err).toBe(ERR.NO_NODE)
    },
  )

  it('loses its older connection also by a read if that server leads', async () => {
    const leader = await bench.subject.leader()
    const [follower] = await followers()
    const zk = await bench.connect({ server: leader })
    await bench.connect({ session: zk.session, server: follower })
    await expect(zk.exists('/')).rejects.toThrow('the connection closed')
  })

  // Surprising: the only write that passes over an older connection is the one that ends the session.
  it('can be closed over its older connection', async () => {
    const [one, two] = await followers()
    const zk = await bench.connect({ server: one })
    const again = await bench.connect({ session: zk.session, server: two })
    expect((await zk.close()).err).toBe(0)
    await withDeadline(again.closed, 'the end of the newer connection')
  })

  it('loses its nodes when it closes', async () => {
    const { zk, root } = await bench.begin()
    const owner = await bench.connect()
    await owner.create(`${root}/e`, { flags: FLAGS.ephemeral })
    await owner.create(`${root}/s-`, { flags: FLAGS.ephemeralSequential })
    await owner.create(`${root}/p`)
    expect((await owner.close()).err).toBe(0)
    await zk.sync()
    expect((await zk.getChildren(root)).children).toEqual(['p'])
  })

  it('uses one zxid to open and one to close', async () => {
    const { zk, root } = await bench.begin()
    const zxidsUsed = async () => {
      const before = (await zk.create(`${root}/a-`, { flags: FLAGS.persistentSequential })).zxid
      const other = await bench.connect()
      await other.close()
      return (await zk.create(`${root}/b-`, { flags: FLAGS.persistentSequential })).zxid - before
    }
    // A session that an earlier case has left behind may expire in between, which takes one zxid more.
    await expect.poll(zxidsUsed, { interval: 0 }).toBe(3n)
  })

  it('lists its own nodes, by prefix', async () => {
    const { zk, root } = await bench.begin()
    const other = await bench.connect()
    await zk.create(`${root}/p`)
    for (const name of ['a', 'ab', 'b']) await zk.create(`${root}/${name}`, { flags: FLAGS.ephemeral })
    await other.create(`${root}/c`, { flags: FLAGS.ephemeral })
    const list = async (path: string) => {
      const { body } = await zk.call(OP.GET_EPHEMERALS, RECORD.path.of({ path }))
      return RECORD.children.read(body).children.sort()
    }
    expect(await list(root)).toEqual([`${root}/a`, `${root}/ab`, `${root}/b`])
    expect(await list('/')).toEqual([`${root}/a`, `${root}/ab`, `${root}/b`])
    expect(await list(`${root}/a`)).toEqual([`${root}/a`, `${root}/ab`])
    expect(await list('')).toHaveLength(3)
  })

  it('refuses children of its nodes', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/e`, { flags: FLAGS.ephemeral })
    expect((await zk.create(`${root}/e/a`)).err).toBe(ERR.NO_CHILDREN_FOR_EPHEMERALS)
  })

  it('lets other sessions delete its nodes', async () => {
    const { zk, root } = await bench.begin()
    const other = await bench.connect()
    await zk.create(`${root}/e`, { flags: FLAGS.ephemeral })
    expect(await other.delete(`${root}/e`)).toBe(0)
    const { body } = await zk.call(OP.GET_EPHEMERALS, RECORD.path.of({ path: '/' }))
    expect(RECORD.children.read(body).children).toEqual([])
  })

  it('expires after a silence as long as its timeout, and not before', async () => {
    const { zk, root } = await bench.begin()
    const silent = await bench.connect({ timeoutMs: 1000 })
    const start = performance.now()
    await silent.create(`${root}/e`, { flags: FLAGS.ephemeral })
    // How late is left to a busy machine; test/unit/server/dev-ensemble/sessions.test.ts is exact.
    await untilGone(zk, `${root}/e`)
    expect(performance.now() - start).toBeGreaterThanOrEqual(999)
    await withDeadline(silent.closed, 'the end of the connection')
    const again = await bench.connect({ session: silent.session })
    expect(again.timeoutMs).toBe(0)
  })

  it('expires after the loss of its connection, too', async () => {
    const { zk, root } = await bench.begin()
    const lost = await bench.connect({ timeoutMs: 600 })
    await lost.create(`${root}/e`, { flags: FLAGS.ephemeral })
    await lost.drop()
    await untilGone(zk, `${root}/e`)
  })

  it('lives as long as it pings', async () => {
    const { zk, root } = await bench.begin()
    const pinging = await bench.connect({ timeoutMs: 2000 })
    await pinging.create(`${root}/e`, { flags: FLAGS.ephemeral })
    for (const start = performance.now(); performance.now() < start + 3500; await delay(100)) {
      expect((await pinging.call(OP.PING, null, XID.PING)).xid).toBe(XID.PING)
      expect((await zk.exists(`${root}/e`)).err).toBe(0)
    }
  })

  it('counts its timeout from its newest attach', async () => {
    const { root } = await bench.begin()
    let outcome = 'too slow'
    for (let i = 0; outcome === 'too slow'; i++) outcome = await resumeOften(`${root}/e-${i}`, 2000)
    expect(outcome).toBe('alive')
  }, 60_000)

  /**
   * Resumes a session again and again for much longer than its timeout, without any other sign of life. Says `too slow` when
   * this machine has let so much time pass between two attaches that the session may have expired by right.
   */
  async function resumeOften(path: string, timeoutMs: number): Promise<'alive' | 'expired' | 'too slow'> {
    const start = performance.now()
    let heardAfter = start
    const first = await bench.connect({ timeoutMs })
    await first.create(path, { flags: FLAGS.ephemeral })
    await first.drop()
    for (let server = 0; performance.now() < start + 2 * timeoutMs; server = (server + 1) % 3) {
      await delay(timeoutMs / 3)
      const askedAt = performance.now()
      const again = await bench.connect({ session: first.session, timeoutMs, server })
      const silentMs = performance.now() - heardAfter
      if (again.timeoutMs === 0) return silentMs < timeoutMs ? 'expired' : 'too slow'
      expect((await again.exists(path)).err).toBe(0)
      await again.drop()
      heardAfter = askedAt
    }
    return 'alive'
  }

  it('is not opened for a client that is ahead of the server', async () => {
    const zk = await bench.connect()
    const { zxid } = await zk.sync()
    await expect(bench.connect({ lastZxid: zxid + 1_000_000n })).rejects.toThrow('closed before')
    expect((await bench.connect({ lastZxid: zxid })).timeoutMs).toBe(4000)
  })

  it('gets answers to requests that came in the same packet as its ConnectRequest', async () => {
    const zk = new RawClient(bench.subject.ports[0] ?? 0)
    const request = Buffer.from([0, 0, 0, 8, 0, 0, 0, 7, 0, 0, 0, OP.WHO_AM_I])
    const awaited = zk.nextReply()
    await zk.greet({}, request)
    const reply = await awaited
    expect([reply.xid, reply.err]).toEqual([7, 0])
    await zk.close()
  })

  it('forgets its authenticated identities when it resumes', async () => {
    const zk = await bench.connect()
    await zk.auth('digest', 'ann:1')
    await zk.drop()
    const again = await bench.connect({ session: zk.session })
    expect(await again.whoAmI()).toEqual(['ip:127.0.0.1'])
  })

  it('sees on every server the writes of one', async () => {
    const { zk, root } = await bench.begin()
    const others = [await bench.connect({ server: 1 }), await bench.connect({ server: 2 })]
    for (const other of others) {
      await other.sync()
      await other.addWatch(root, 'recursive')
    }
    const { zxid } = await zk.create(`${root}/a`)
    for (const other of others) {
      expect(await other.events()).toEqual([`created ${root}/a`])
      expect((await other.exists(`${root}/a`)).stat?.czxid).toBe(zxid)
    }
  })

  it('survives the stop of its server', async () => {
    const { root } = await bench.begin()
    const [server, elsewhere] = await followers()
    const zk = await bench.connect({ server })
    await zk.create(`${root}/e`, { flags: FLAGS.ephemeral })
    await bench.subject.stopServer(server)
    await withDeadline(zk.closed, 'the end of the connection')
    await expect(bench.connect({ server })).rejects.toThrow('closed before')
    const again = await bench.connect({ session: zk.session, server: elsewhere })
    expect((await again.exists(`${root}/e`)).stat?.ephemeralOwner).toBe(zk.session.id)
    await bench.subject.startServer(server)
    const back = await bench.connect({ session: zk.session, server })
    expect((await back.exists(`${root}/e`)).err).toBe(0)
  }, 60_000)

  it('loses its connection to any server when the leader stops, and lives on under the next leader', async () => {
    const { root } = await bench.begin()
    const leader = await bench.subject.leader()
    const [follower] = await followers()
    const zk = await bench.connect({ server: follower })
    const { zxid } = await zk.create(`${root}/e`, { flags: FLAGS.ephemeral })
    await bench.subject.stopServer(leader)
    await withDeadline(zk.closed, 'the end of the connection')
    const again = await reconnect(follower, zk)
    const write = await again.create(`${root}/after`)
    // A new leader counts in a new epoch.
    expect(write.zxid >> 32n).toBeGreaterThan(zxid >> 32n)
    expect((await again.exists(`${root}/e`)).stat?.ephemeralOwner).toBe(zk.session.id)
    await bench.subject.startServer(leader)
    expect(await bench.subject.leader()).not.toBe(leader)
  }, 60_000)

  it('gets no service without a majority', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/e`, { flags: FLAGS.ephemeral })
    await bench.subject.stopServer(1)
    await bench.subject.stopServer(2)
    await withDeadline(zk.closed, 'the end of the connection')
    await expect(bench.connect({ session: zk.session })).rejects.toThrow('closed before')
    await Promise.all([bench.subject.startServer(1), bench.subject.startServer(2)])
    const again = await reconnect(0, zk)
    expect((await again.exists(`${root}/e`)).err).toBe(0)
  }, 60_000)

  async function reconnect(server: number, { session }: RawClient): Promise<RawClient> {
    let attached: RawClient | null = null
    await expect
      .poll(
        async () => {
          attached = await bench.connect({ session, server, timeoutMs: 4000 }).catch(() => null)
          return attached?.timeoutMs
        },
        { timeout: 30_000 },
      )
      .toBe(4000)
    if (attached === null) throw new Error('the session was not taken up')
    return attached
  }
})

/** java.util.Random(seed).nextBytes(16), from its documentation. */
function javaRandomBytes(seed: bigint): Buffer {
  const mask = (1n << 48n) - 1n
  let state = (seed ^ 0x5deece66dn) & mask
  const bytes = Buffer.alloc(16)
  for (let i = 0; i < 4; i++) {
    state = (state * 0x5deece66dn + 11n) & mask
    bytes.writeUInt32LE(Number(state >> 16n), i * 4)
  }
  return bytes
}
