import { describe, expect, it } from 'vitest'
import { ERR, OP, RECORD, XID } from '../../../server/src/dev-ensemble/protocol.js'
import { encodeFrame } from '../../../server/src/dev-ensemble/records.js'
import { RawClient, withDeadline } from '../../tools/conformance/raw-client.js'
import { describeEnsembles, TICK_TIME_MS } from '../../tools/conformance/subjects.js'
import { fourLetterWord } from '../../tools/zookeeper/real-ensemble.js'

const MAX_FRAME_BYTES = 1024 * 1024 - 1

const int = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const header = (type: number, xid = 1) => Buffer.concat([int(xid), int(type)])
const frame = (...parts: Buffer[]) => {
  const body = Buffer.concat(parts)
  return Buffer.concat([int(body.length), body])
}

describeEnsembles('a connection', 1, (bench) => {
  const port = () => bench.subject.ports[0] ?? 0

  it('gets its answers in the order of the requests', async () => {
    const zk = await bench.connect()
    const replies = await Promise.all([
      zk.call(OP.EXISTS, RECORD.pathAndWatch.of({ path: '/', watch: false }), 5),
      zk.call(OP.CREATE, RECORD.create.of({ path: '/', data: null, acl: [], flags: 0 }), 3),
      zk.call(OP.SYNC, RECORD.path.of({ path: '/' }), 9),
      zk.call(OP.EXISTS, RECORD.pathAndWatch.of({ path: '/', watch: false }), 1),
    ])
    expect(replies.map(({ xid }) => xid)).toEqual([5, 3, 9, 1])
  })

  it('gets each answer with the xid of the request, whatever it is', async () => {
    const zk = await bench.connect()
    for (const xid of [0, 1, 0x7fffffff, -77]) expect((await zk.call(OP.WHO_AM_I, null, xid)).xid).toBe(xid)
  })

  it('gets the answer to a ping with xid -2', async () => {
    const zk = await bench.connect()
    expect(await zk.call(OP.PING, null, XID.PING)).toMatchObject({ xid: XID.PING, err: 0 })
  })

  it('gets the answer to closeSession, then closes', async () => {
    const zk = await bench.connect()
    expect((await zk.close()).err).toBe(0)
  })

  it.each([[0], [10], [77], [108]])(
    'gets UNIMPLEMENTED for the unknown request %i, then closes',
    async (type) => {
      const zk = await bench.connect()
      expect((await zk.call(type)).err).toBe(ERR.UNIMPLEMENTED)
      await withDeadline(zk.closed, 'the end of the connection')
    },
  )

  it.each([
    ['create', OP.CREATE],
    ['create2', OP.CREATE2],
    ['delete', OP.DELETE],
    ['exists', OP.EXISTS],
    ['getData', OP.GET_DATA],
    ['setData', OP.SET_DATA],
    ['getAcl', OP.GET_ACL],
    ['setAcl', OP.SET_ACL],
    ['getChildren', OP.GET_CHILDREN],
    ['getChildren2', OP.GET_CHILDREN2],
    ['sync', OP.SYNC],
    ['multi', OP.MULTI],
    ['multiRead', OP.MULTI_READ],
    ['setWatches', OP.SET_WATCHES],
    ['setWatches2', OP.SET_WATCHES2],
    ['addWatch', OP.ADD_WATCH],
    ['checkWatches', OP.CHECK_WATCHES],
    ['removeWatches', OP.REMOVE_WATCHES],
    ['getEphemerals', OP.GET_EPHEMERALS],
    ['getAllChildrenNumber', OP.GET_ALL_CHILDREN_NUMBER],
  ])('gets MARSHALLING_ERROR for a %s without a body, and stays open', async (_, type) => {
    const zk = await bench.connect()
    expect((await zk.call(type)).err).toBe(ERR.MARSHALLING_ERROR)
    expect((await zk.exists('/')).err).toBe(0)
  })

  it.each([
    ['a path longer than the frame', int(100), Buffer.from('/a')],
    ['a path of negative length', int(-2), Buffer.from('/a')],
    ['a path of two gigabytes', int(0x7fffffff), Buffer.from('/a')],
    ['a path that is null', int(-1), Buffer.of(0)],
  ])('gets MARSHALLING_ERROR for a getData of %s', async (_, ...body) => {
    const zk = await bench.connect()
    const reply = zk.nextReply()
    zk.send(frame(header(OP.GET_DATA), ...body))
    expect((await reply).err).toBe(ERR.MARSHALLING_ERROR)
    expect((await zk.exists('/')).err).toBe(0)
  })

  it('gets MARSHALLING_ERROR for a create with data longer than the frame', async () => {
    const zk = await bench.connect()
    const reply = zk.nextReply()
    zk.send(frame(header(OP.CREATE), int(2), Buffer.from('/x'), int(0x7ffffff0), Buffer.from('abc')))
    expect((await reply).err).toBe(ERR.MARSHALLING_ERROR)
    expect((await zk.exists('/x')).err).toBe(ERR.NO_NODE)
  })

  it('ignores bytes behind a request', async () => {
    const zk = await bench.connect()
    const reply = zk.nextReply()
    zk.send(frame(header(OP.SYNC), int(1), Buffer.from('/'), Buffer.from('more')))
    expect((await reply).err).toBe(0)
  })

  it.each([
    ['longer than the limit', int(MAX_FRAME_BYTES + 1)],
    ['of negative length', int(-1)],
    ['of the smallest length', int(-0x80000000)],
    ['without a header', frame()],
    ['with half a header', frame(int(1))],
  ])('closes for a frame %s', async (_, bytes) => {
    const zk = await bench.connect()
    zk.send(bytes)
    await withDeadline(zk.closed, 'the end of the connection')
  })

  it('carries a frame of the greatest length', async () => {
    const { zk, root } = await bench.begin()
    const empty = encodeFrame(
      RECORD.requestHeader.of({ xid: 1, type: OP.SET_DATA }),
      RECORD.setData.of({ path: root, data: Buffer.alloc(0), version: -1 }),
    )
    const room = MAX_FRAME_BYTES - (empty.length - 4)
    expect((await zk.setData(root, Buffer.alloc(room, 'x'))).stat?.dataLength).toBe(room)
    expect((await zk.getData(root)).data).toHaveLength(room)
  })

  it('carries a frame that comes byte by byte', async () => {
    const zk = await bench.connect()
    const reply = zk.nextReply()
    for (const byte of frame(header(OP.SYNC, 42), int(1), Buffer.from('/'))) zk.send(Buffer.of(byte))
    expect((await reply).xid).toBe(42)
  })

  it.each([
    ['too short', frame(int(0), int(0))],
    ['longer than the limit', int(MAX_FRAME_BYTES + 1)],
    ['of negative length', int(-5)],
  ])('closes without an answer to a ConnectRequest that is %s', async (_, bytes) => {
    const zk = new RawClient(port())
    zk.send(bytes)
    await withDeadline(zk.closed, 'the end of the connection')
  })

  describe('the answer to a four-letter word', () => {
    it('is imok for ruok', async () => {
      expect(await fourLetterWord(port(), 'ruok')).toBe('imok')
    })

    it('describes the server for srvr', async () => {
      const answer = await fourLetterWord(port(), 'srvr')
      for (const line of [
        /^Zookeeper version: 3\.\d+\.\d+/m,
        /^Latency min\/avg\/max: \d+\/[\d.]+\/\d+$/m,
        /^Connections: \d+$/m,
        /^Outstanding: \d+$/m,
        /^Zxid: 0x[0-9a-f]+$/m,
        /^Mode: standalone$/m,
        /^Node count: \d+$/m,
      ])
        expect(answer).toMatch(line)
    })

    it('counts nodes, sessions and watches for mntr', async () => {
      const { zk, root } = await bench.begin()
      const before = await monitor()
      await zk.create(`${root}/e`, { flags: 1 })
      await zk.getData(root, true)
      const after = await monitor()
      const grown = (key: string) => Number(after.get(key)) - Number(before.get(key))
      expect(['zk_znode_count', 'zk_ephemerals_count', 'zk_watch_count'].map(grown)).toEqual([1, 1, 1])
      expect(after.get('zk_server_state')).toBe('standalone')
      expect(after.get('zk_version')).toMatch(/^3\.\d+\.\d+/)
      expect(Number(after.get('zk_num_alive_connections'))).toBeGreaterThan(0)
    })

    it('does not count the watches of a closed connection', async () => {
      const { zk, root } = await bench.begin()
      const watches = async () => Number((await monitor()).get('zk_watch_count'))
      const before = await watches()
      await zk.addWatch(root, 'persistent')
      await zk.getChildren(root, true)
      expect(await watches()).toBeGreaterThan(before)
      await zk.drop()
      await expect.poll(watches).toBe(before)
    })

    it.each([['cons'], ['stat']])('names the connections for %s', async (word) => {
      await bench.connect()
      expect(await fourLetterWord(port(), word)).toMatch(/^ \/127\.0\.0\.1:\d+\[\d\]\(/m)
    })

    it('names the sessions and their nodes for dump', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/e`, { flags: 1 })
      const dump = await fourLetterWord(port(), 'dump')
      const id = `0x${zk.session.id.toString(16)}`
      expect(dump).toMatch(/^SessionTracker dump:$/m)
      expect(dump).toContain(`${id}:\n\t${root}/e\n`)
    })

    it('names the settings for conf', async () => {
      const settings = (await fourLetterWord(port(), 'conf')).split('\n')
      expect(settings).toContain(`clientPort=${port()}`)
      expect(settings).toContain(`tickTime=${TICK_TIME_MS}`)
      expect(settings).toContain(`minSessionTimeout=${2 * TICK_TIME_MS}`)
      expect(settings).toContain(`maxSessionTimeout=${20 * TICK_TIME_MS}`)
    })

    async function monitor(): Promise<Map<string, string>> {
      const lines = (await fourLetterWord(port(), 'mntr')).trim().split('\n')
      return new Map(lines.map((line) => line.split('\t') as [string, string]))
    }
  })
})
