import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CallsInFlight } from '../../../../server/src/zookeeper/calls.js'
import { encodeDelete, readNothing } from '../../../../server/src/zookeeper/codec/records.js'
import { waitUntil } from '../../../tools/wait-until.js'
import {
  buffer,
  FakeServer,
  frame,
  int,
  MULTI_END,
  OP,
  readText,
  replyHeader,
  stat,
  text,
} from '../../../tools/zookeeper-link/fake-server.js'
import { attachedTo, countingDial, linkTo } from '../../../tools/zookeeper-link/recorder.js'
import { firstUncaught } from '../../../tools/zookeeper-link/uncaught.js'

let server: FakeServer
beforeEach(async () => {
  server = await FakeServer.start()
})
afterEach(() => server.close())

describe('a call', () => {
  it('gives the result of each operation', async () => {
    const { link } = await attachedTo(server)
    server.script = {
      request(connection, { xid, type, body }) {
        if (type === OP.create2)
          connection.reply(xid, { body: [text(`${readText(body, 0)}7`), stat({ owner: 0x1001n })] })
        if (type === OP.getData)
          connection.reply(xid, { body: [buffer(Buffer.from('héllo')), stat({ owner: 0x2002n })] })
        if (type === OP.getChildren2) connection.reply(xid, { body: [int(2), text('a'), text('ü'), stat()] })
        if (type === OP.setData || type === OP.exists)
          connection.reply(xid, { body: [stat({ mzxid: 0x1ffffffffn })] })
        if (type === OP.delete) connection.reply(xid)
      },
    }
    const results: unknown[] = []
    const keep = (result: unknown) => results.push(result)
    link.create('/n-', Buffer.from('x'), [{ perms: 31, scheme: 'world', id: 'anyone' }], 3, keep)
    link.getData('/n', false, keep)
    link.getChildren('/', false, keep)
    link.setData('/n', Buffer.from('y'), 3, keep)
    link.exists('/n', false, keep)
    link.delete('/n', -1, keep)
    await waitUntil('all are answered', () => results.length === 6, { intervalMs: 2 })

    const expected = {
      czxid: '0x1',
      mzxid: '0x2',
      pzxid: '0x3',
      ctime: 1_700_000_000_123,
      mtime: 1_700_000_000_456,
      version: 4,
      cversion: 5,
      aversion: 6,
      dataLength: 7,
      numChildren: 8,
      owner: null,
    }
    const ok = (value: unknown) => ({ err: 0, zxid: '0x64', value })
    expect(results).toEqual([
      ok({ path: '/n-7', stat: { ...expected, owner: 'mine' } }),
      ok({ data: Buffer.from('héllo'), stat: { ...expected, owner: 'other' } }),
      ok({ children: ['a', 'ü'], stat: expected }),
      ok({ stat: { ...expected, mzxid: '0x1ffffffff' } }),
      ok({ stat: { ...expected, mzxid: '0x1ffffffff' } }),
      ok({}),
    ])
    link.detach()
  })

  it('reads null data as empty data', async () => {
    const { link } = await attachedTo(server)
    server.script = {
      request: (connection, { xid }) => connection.reply(xid, { body: [buffer(null), stat()] }),
    }
    const data = await new Promise<Buffer | null>((resolve) => {
      link.getData('/n', false, (result) => resolve('value' in result ? result.value.data : null))
    })
    expect(data).toEqual(Buffer.alloc(0))
    link.detach()
  })

  it('keeps a version of 0 as 0, so that a conditional write stays conditional', async () => {
    const { link, recorder } = await attachedTo(server)
    link.setData('/n', Buffer.alloc(0), 0, recorder.result('setData'))
    link.delete('/n', 0, recorder.result('delete'))
    await recorder.until('delete')
    expect(server.connection.requests.map(({ body }) => body.readInt32BE(body.length - 4))).toEqual([0, 0])
    link.detach()
  })

  it.each([
    [-110, 'NODE_EXISTS not_executed'],
    [-122, 'REQUEST_TIMEOUT unknown'],
    [-125, 'QUOTA_EXCEEDED not_executed'],
    [-127, 'THROTTLED not_executed'],
    [-5, 'MARSHALLING_ERROR unknown'],
    [-999, 'UNKNOWN not_executed'],
    [12345, 'UNKNOWN unknown'],
  ])('ends for error %i as %s, and the link stays attached', async (err, outcome) => {
    const { link, recorder } = await attachedTo(server)
    server.script = { request: (connection, { xid }) => connection.reply(xid, { err }) }
    link.getData('/n', false, recorder.result('getData'))
    await recorder.until('getData')
    expect(recorder.log.slice(1)).toEqual([`getData: ${outcome}`])
    expect(link.linkState).toBe('attached')
    link.detach()
  })

  it('fails at once before the link is attached, and reaches no server later', async () => {
    const { link, recorder } = linkTo(server)
    link.create('/late', Buffer.alloc(0), [], 0, recorder.result('idle'))
    link.attach()
    link.create('/late', Buffer.alloc(0), [], 0, recorder.result('dialing'))
    expect(recorder.log).toEqual([
      'idle: CONNECTION_LOSS not_executed',
      'dialing: CONNECTION_LOSS not_executed',
    ])
    await recorder.until('attached')
    link.exists('/now', false, recorder.result('exists'))
    await recorder.until('exists')
    expect(server.connection.types).toEqual([OP.exists])
    link.detach()
  })

  it('fails at once as THROTTLED beyond the limit, and there is room again after an answer', async () => {
    const { link, recorder } = await attachedTo(server, { maxCallsInFlight: 2 })
    for (const name of ['first', 'second', 'third']) link.exists('/n', false, recorder.result(name))
    expect(recorder.log.slice(1)).toEqual(['third: THROTTLED not_executed'])
    await recorder.until('second')
    link.exists('/n', false, recorder.result('fourth'))
    await recorder.until('fourth: ok')
    expect(server.connection.requests).toHaveLength(3)
    link.detach()
  })

  it('fails as THROTTLED while the server does not read earlier requests', async () => {
    const { link, recorder } = await attachedTo(server, { maxUnsentBytes: 1024 * 1024 })
    server.connection.socket.pause()
    const oneMegabyte = Buffer.alloc(1024 * 1024)
    // The kernel takes a few megabytes, but not sixty-four.
    for (let i = 0; i < 64; i++) {
      link.setData('/n', oneMegabyte, -1, recorder.result(`${i}`))
      await new Promise(setImmediate)
    }
    expect(recorder.log.at(-1)).toBe('63: THROTTLED not_executed')
    expect(link.linkState).toBe('attached')
    link.detach()
  })

  it('causes an uncaught exception if its callback throws, and stalls nothing', async () => {
    const { link, recorder } = await attachedTo(server)
    const uncaught = firstUncaught()
    link.exists('/a', false, () => {
      throw new Error('the caller has a bug')
    })
    link.exists('/b', false, recorder.result('b'))
    await recorder.until('b: ok')
    expect((await uncaught).message).toBe('the caller has a bug')
    link.exists('/c', false, recorder.result('c'))
    await recorder.until('c: ok')
    link.detach()
  })

  it('gets the next request number', async () => {
    const { link, recorder } = await attachedTo(server)
    for (const name of ['a', 'b', 'c']) link.exists('/n', false, recorder.result(name))
    await recorder.until('c: ok')
    expect(server.connection.requests.map(({ xid }) => xid)).toEqual([1, 2, 3])
    link.detach()
  })
})

describe('the calls in flight', () => {
  it('number requests from 1 again before a number would turn negative', () => {
    const calls = new CallsInFlight(0x7ffffffe)
    const frames = ['/a', '/b', '/c'].map((path) => encodeDelete(path, -1))
    for (const request of frames) calls.add(request, { decode: readNothing }, null, () => undefined)
    expect(frames.map((request) => request.readInt32BE(4))).toEqual([0x7fffffff, 1, 2])
  })
})

describe('a check of the root', () => {
  it.each([
    ['the check passed', [int(13), Buffer.of(0), int(0)], 'ok'],
    ['the check failed', [int(-1), Buffer.of(0), int(-102), int(-102)], 'NO_AUTH not_executed'],
  ])('ends as its reply says when %s', async (_title, body, outcome) => {
    const { link, recorder } = await attachedTo(server)
    server.script = {
      request: (connection, { xid }) => connection.reply(xid, { body: [...body, MULTI_END] }),
    }
    link.checkRoot(recorder.result('check'))
    await recorder.until('check')
    expect(recorder.log.at(-1)).toBe(`check: ${outcome}`)
    expect(server.connection.types).toEqual([OP.multi])
    link.detach()
  })

  it('ends the link if it finds the session moved, even inside a transaction with 0 in its header', async () => {
    const { link, recorder } = await attachedTo(server)
    const moved = [int(-1), Buffer.of(0), int(-118), int(-118), MULTI_END]
    server.script = { request: (connection, { xid }) => connection.reply(xid, { body: moved }) }
    link.checkRoot(recorder.result('check'))
    await recorder.until('moved')
    expect(recorder.log.slice(1)).toEqual(['check: SESSION_MOVED not_executed', 'moved'])
  })
})

describe('a link that sends', () => {
  it('makes one write for all calls of a tick, in the order of the calls', async () => {
    const writes: number[] = []
    const { link, recorder } = await attachedTo(server, { dial: countingDial(writes) })
    writes.length = 0
    server.connection.chunks = 0
    for (let i = 0; i < 50; i++) link.exists(`/n${i}`, false, recorder.result(`n${i}`))
    await recorder.until('n49')
    expect(writes).toEqual([50])
    expect(server.connection.chunks).toBe(1)
    expect(server.connection.requests.map(({ body }) => readText(body, 0))).toEqual(
      Array.from({ length: 50 }, (_, i) => `/n${i}`),
    )
    link.detach()
  })

  it('makes one write for the connect request with auth and watches', async () => {
    const writes: number[] = []
    const { link } = await attachedTo(server, {
      dial: countingDial(writes),
      auth: [{ scheme: 'digest', auth: Buffer.from('a:b') }],
      watches: { data: ['/a'], exist: [], child: [] },
    })
    expect(writes).toEqual([3])
    link.detach()
  })
})

describe('a link that receives', () => {
  it('reads 100,000 answers in large chunks in CPU time that grows with their number, not with its square', async () => {
    const { link } = await attachedTo(server, { maxCallsInFlight: 200_000 })
    server.script = { request: () => undefined }
    let sent = 0
    const cpuFor = async (count: number): Promise<number> => {
      const first = sent + 1
      sent += count
      const all = Buffer.concat(
        Array.from({ length: count }, (_, i) => frame(replyHeader(first + i, 1n, 0), stat())),
      )
      let answered = 0
      for (let i = 0; i < count; i++) {
        link.exists('/n', false, () => {
          answered++
        })
      }
      // The machine's other work must not count.
      const before = process.cpuUsage()
      server.connection.socket.write(all)
      await waitUntil('all are answered', () => answered === count, { intervalMs: 1 })
      const { user, system } = process.cpuUsage(before)
      return user + system
    }
    await cpuFor(10_000)
    const small = await cpuFor(10_000)
    const large = await cpuFor(100_000)
    expect(large / small).toBeLessThan(40) // 10 when linear, 100 when quadratic
    link.detach()
  })
})
