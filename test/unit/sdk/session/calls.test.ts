import { describe, expect, it, vi } from 'vitest'
import { preparePlayground, rejection } from '../../../tools/sdk/playground.js'
import { WIRE_STAT } from '../../../tools/sdk/wire-stat.js'

const start = preparePlayground()
const STAT = { ...WIRE_STAT, czxid: 18n, mzxid: 18n, pzxid: 68719476751n }

async function connected(...options: Parameters<typeof start>) {
  const playground = start(...options)
  playground.zk.connect()
  return { ...playground, socket: await playground.attach() }
}

describe('the operations', () => {
  it('travel as the protocol says, without the fields that were not given', async () => {
    const { zk, socket } = await connected()
    const acl = [{ scheme: 'world', id: 'anyone', permissions: ['read' as const] }]
    for (const call of [
      zk.create('/a'),
      zk.create('/b', { n: 1 }, { mode: 'ephemeral_sequential', acl, timeoutMs: 500 }),
      zk.delete('/a', { version: 0 }),
      zk.exists('/a'),
      zk.getData('/a', { watch: () => undefined }),
      zk.setData('/a', new Uint8Array([0xff])),
      zk.getChildren('/'),
    ]) {
      call.catch(() => undefined)
    }
    await Promise.resolve()
    expect(socket.frames.at(-1)).toEqual([
      { type: 'call', id: 1, op: 'create', path: '/a' },
      { type: 'call', id: 2, op: 'create', path: '/b', data: '{"n":1}', mode: 'ephemeral_sequential', acl },
      { type: 'call', id: 3, op: 'delete', path: '/a', version: 0 },
      { type: 'call', id: 4, op: 'exists', path: '/a' },
      { type: 'call', id: 5, op: 'getData', path: '/a', watch: true },
      { type: 'call', id: 6, op: 'setData', path: '/a', data: { base64: '/w==' } },
      { type: 'call', id: 7, op: 'getChildren', path: '/' },
    ])
  })

  it('give what the contract says', async () => {
    const { zk, socket } = await connected()
    const created = zk.create('/a-')
    const deleted = zk.delete('/a')
    const missing = zk.exists('/a')
    const read = zk.getData('/a')
    const written = zk.setData('/a', '')
    const listed = zk.getChildren('/a')
    const results = [
      { path: '/a-0000000001', stat: WIRE_STAT },
      {},
      { stat: null },
      { data: '{"n":1}', stat: WIRE_STAT },
      { stat: WIRE_STAT },
      { children: ['b'], stat: WIRE_STAT },
    ]
    results.forEach((result, index) => {
      socket.receive({ type: 'reply', id: index + 1, zxid: '0x12', result })
    })
    expect(await created).toEqual({ path: '/a-0000000001', stat: STAT })
    expect(await deleted).toBeUndefined()
    expect(await missing).toBeNull()
    expect(await written).toEqual(STAT)
    expect(await listed).toEqual({ children: ['b'], stat: STAT })
    const content = await read
    expect([content.text(), content.json(), content.data, content.stat]).toEqual([
      '{"n":1}',
      { n: 1 },
      new TextEncoder().encode('{"n":1}'),
      STAT,
    ])
  })

  it('fail with the error that the gateway sent', async () => {
    const { zk, socket } = await connected()
    const call = zk.delete('/a')
    const error = { code: 'UNKNOWN', message: 'odd', path: '/a', number: -99, retryable: false } as const
    socket.receive({ type: 'error', id: 1, zxid: '0x20', error: { ...error, outcome: 'unknown' } })
    const failure = await rejection(call)
    expect(failure).toMatchObject({ ...error, outcome: 'unknown', name: 'ZoogateError' })
    expect(failure).toBeInstanceOf(Error)
  })
})

describe('without a connection', () => {
  it('calls fail at once before connect() and after close()', async () => {
    const { zk } = start()
    const expected = { code: 'SESSION_CLOSED', path: '/a', outcome: 'not_executed' }
    expect(await rejection(zk.create('/a'))).toMatchObject(expected)
    zk.connect()
    await zk.close()
    expect(await rejection(zk.getData('/a'))).toMatchObject(expected)
  })

  it('calls wait in order, and are sent before calls that are made at CONNECTED', async () => {
    const { zk, attach } = start()
    zk.on('state', ({ state }) => state === 'CONNECTED' && zk.exists('/3').catch(() => undefined))
    zk.connect()
    for (const path of ['/1', '/2']) zk.exists(path).catch(() => undefined)
    const socket = await attach()
    expect(socket.calls.map((call) => 'path' in call && call.path)).toEqual(['/1', '/2', '/3'])
  })

  it('no more than maxQueuedCalls calls wait, and further calls fail as not executed and retryable', async () => {
    const { zk, attach } = start({ maxQueuedCalls: 2 })
    zk.connect()
    const kept = [zk.exists('/1'), zk.exists('/2')]
    for (const call of kept) call.catch(() => undefined)
    expect(await rejection(zk.create('/3'))).toMatchObject({
      code: 'RATE_LIMITED',
      outcome: 'not_executed',
      retryable: true,
    })
    const socket = await attach()
    expect(socket.calls.map((call) => 'path' in call && call.path)).toEqual(['/1', '/2'])
  })

  it('a call that times out or is aborted while it waits is never sent', async () => {
    const { zk, attach } = start()
    zk.connect()
    const abort = new AbortController()
    const timed = rejection(zk.create('/1', '', { timeoutMs: 50 }))
    const aborted = rejection(zk.create('/2', '', { signal: abort.signal }))
    await vi.advanceTimersByTimeAsync(50)
    abort.abort()
    expect(await timed).toMatchObject({ code: 'TIMED_OUT', outcome: 'not_executed', retryable: true })
    expect(await aborted).toMatchObject({ code: 'ABORTED', outcome: 'not_executed', retryable: false })
    expect((await attach()).calls).toEqual([])
  })
})

describe('a lost connection', () => {
  it.each(['socket', 'ensemble'])('fails sent calls, and no call is sent twice (%s)', async (lost) => {
    const { zk, socket, attach, redialled } = await connected()
    const write = rejection(zk.setData('/a', 'x'))
    const read = rejection(zk.getChildren('/a'))
    await Promise.resolve()
    if (lost === 'socket') socket.end()
    else socket.receive({ type: 'suspended', message: 'away' })
    expect(await write).toMatchObject({
      code: 'CONNECTION_LOSS',
      outcome: 'unknown',
      retryable: false,
      path: '/a',
    })
    expect(await read).toMatchObject({ code: 'CONNECTION_LOSS', outcome: 'not_executed', retryable: true })
    if (lost === 'socket') await redialled()
    const next = await attach({ resumed: true })
    expect(next.calls.filter(({ id }) => id > 2)).toEqual([])
    expect(next.calls).toHaveLength(lost === 'socket' ? 0 : 2)
  })

  it('lets calls made meanwhile wait, with ids that go on growing', async () => {
    const { zk, socket, attach, redialled } = await connected()
    zk.exists('/1').catch(() => undefined)
    await Promise.resolve()
    socket.end()
    zk.exists('/2').catch(() => undefined)
    await redialled()
    expect((await attach({ resumed: true })).calls).toMatchObject([{ id: 2, path: '/2' }])
  })

  it('fails waiting calls as not executed when the session has expired, and replays none', async () => {
    const { zk, socket, attach, redialled } = await connected()
    socket.end()
    const queued = rejection(zk.create('/lock', '', { mode: 'ephemeral' }))
    ;(await redialled()).open().refuse(4001)
    expect(await queued).toMatchObject({ code: 'SESSION_EXPIRED', outcome: 'not_executed' })
    await redialled()
    expect((await attach({ id: '0xb2' })).calls).toEqual([])
  })
})

describe('limits of a call that was sent', () => {
  it('end it with an unknown outcome for a write, and a late reply is dropped', async () => {
    const { zk, socket } = await connected({ requestTimeoutMs: 1_000 })
    const watch = vi.fn()
    const write = rejection(zk.create('/a'))
    const read = rejection(zk.getData('/a', { watch }))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await write).toMatchObject({ code: 'TIMED_OUT', outcome: 'unknown', retryable: false })
    expect(await read).toMatchObject({ code: 'TIMED_OUT', outcome: 'not_executed', retryable: true })
    socket.receive({ type: 'reply', id: 1, zxid: '0x40', result: { path: '/a', stat: WIRE_STAT } })
    socket.receive({ type: 'reply', id: 2, zxid: '0x41', result: { data: '', stat: WIRE_STAT } })
    socket.receive({ type: 'event', event: 'NodeDeleted', path: '/a' })
    await vi.advanceTimersByTimeAsync(0)
    expect(watch).not.toHaveBeenCalled()
  })

  it('do not send a call whose signal is aborted already', async () => {
    const { zk, socket } = await connected()
    const call = rejection(zk.create('/a', '', { signal: AbortSignal.abort() }))
    expect(await call).toMatchObject({ code: 'ABORTED', outcome: 'not_executed' })
    await Promise.resolve()
    expect(socket.calls).toEqual([])
  })

  it('do not end it at once when they are larger than any timer', async () => {
    const { zk } = await connected()
    const call = zk.exists('/a', { timeoutMs: Number.POSITIVE_INFINITY })
    const settled = vi.fn()
    call.then(settled, settled)
    await vi.advanceTimersByTimeAsync(100)
    expect(settled).not.toHaveBeenCalled()
  })

  it('refuse a call that is too large for the gateway, now and after waiting', async () => {
    const { zk, attach } = start()
    zk.connect()
    const big = 'é'.repeat(500)
    const queued = rejection(zk.setData('/a', big))
    const socket = await attach({ maxMessageBytes: 1_000 })
    const expected = { code: 'TOO_LARGE', outcome: 'not_executed', retryable: false, path: '/a' }
    expect(await queued).toMatchObject(expected)
    expect(await rejection(zk.setData('/a', big))).toMatchObject(expected)
    expect(socket.calls).toEqual([])
  })
})
