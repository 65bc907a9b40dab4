import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type * as core from '../../client-sdk/src/core.js'
import type * as complete from '../../client-sdk/src/index.js'
import type * as live from '../../client-sdk/src/live.js'
import { FakeGateway } from '../tools/sdk/fake-gateway.js'
import { FakePage } from '../tools/sdk/fake-page.js'
import { FakeSocket, sessionMessage } from '../tools/sdk/fake-socket.js'
import { rejection } from '../tools/sdk/playground.js'
import { WIRE_STAT } from '../tools/sdk/wire-stat.js'

type Core = typeof core
type Complete = typeof complete

// The builds shorten the names of internal properties, so the tests of the sources prove nothing about them.
const dist = (name: string) => fileURLToPath(new URL(`../../client-sdk/dist/${name}`, import.meta.url))

const LIVE: [name: string, load: () => Promise<typeof live>][] = [
  ['live.js', () => import(dist('live.js'))],
  ['live.cjs', async () => require(dist('live.cjs')) as typeof live],
]
const COMPLETE: [name: string, load: () => Promise<Complete>][] = [
  ['index.js', () => import(dist('index.js'))],
  ['index.cjs', async () => createRequire(import.meta.url)(dist('index.cjs'))],
  [
    'zoogate-client.global.js',
    async () => {
      const page: { zoogate?: Complete } = createContext(globalThis)
      runInContext(readFileSync(dist('zoogate-client.global.js'), 'utf8'), page)
      return page.zoogate as Complete
    },
  ],
]
const CORE: [name: string, load: () => Promise<Core>][] = [
  ['core.js', () => import(dist('core.js'))],
  ['core.cjs', async () => createRequire(import.meta.url)(dist('core.cjs'))],
]

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe.each([...CORE, ...COMPLETE])('the build %s', (_name, load) => {
  it('lives through a session: calls, a watch, a loss, a resume, an expiry, a renewal and the close', async () => {
    const page = new FakePage().enter()
    const { createClient, ZoogateError } = await load()
    const sockets: FakeSocket[] = []
    const told: string[] = []
    const zk = createClient({
      url: ['ws://a/', 'ws://b/'],
      getToken: ({ reason }) => `token for ${reason}`,
      storage: 'tab',
      WebSocket: class extends FakeSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols)
          sockets.push(this)
        }
      },
    })
    zk.on('state', ({ state, reason }) => told.push(reason ?? state))
    zk.on('session', ({ session, previous }) => told.push(`${session.id} after ${previous?.id}`))
    zk.on('presumed_expired', ({ session }) => told.push(`presumed ${session.id}`))
    const dialled = async (count: number) => {
      // Longer than the backoff's first waits.
      await vi.advanceTimersByTimeAsync(400)
      expect(sockets).toHaveLength(count)
      return sockets[count - 1]?.open() as FakeSocket
    }
    const connecting = zk.connect()
    const first = await dialled(1)
    expect(first.messages).toEqual([{ type: 'hello', token: 'token for connect', timeoutMs: 10_000 }])
    const heldBack = zk.create('/a', 'x', { mode: 'ephemeral' })
    first.receive(sessionMessage())
    expect(await connecting).toEqual({ id: '0xa1', timeoutMs: 10_000, resumed: false, readOnly: false })
    const call = { type: 'call', id: 1, op: 'create', path: '/a', data: 'x', mode: 'ephemeral' }
    expect(first.frames.at(-1)).toEqual([call])
    first.receive({ type: 'reply', id: 1, zxid: '0x12', result: { path: '/a', stat: WIRE_STAT } })
    expect(await heldBack).toMatchObject({ path: '/a', stat: { czxid: 18n } })
    const read = zk.getData('/a', { watch: ({ type }) => told.push(type) })
    const list = zk.getChildren('/', { watch: () => told.push('never') })
    first.receive(
      { type: 'reply', id: 2, zxid: '0x13', result: { data: '{"n":1}', stat: WIRE_STAT } },
      { type: 'event', event: 'NodeDataChanged', path: '/a' },
      { type: 'reply', id: 3, zxid: '0x14', result: { children: ['a'], stat: WIRE_STAT } },
      { type: 'ping', id: 9 },
    )
    expect([(await read).json(), (await list).children]).toEqual([{ n: 1 }, ['a']])
    expect(first.messages).toContainEqual({ type: 'pong', id: 9 })
    const lost = rejection(zk.setData('/a', ''))
    await Promise.resolve()
    first.end()
    expect(await lost).toBeInstanceOf(ZoogateError)
    expect(await lost).toMatchObject({ code: 'CONNECTION_LOSS', outcome: 'unknown', path: '/a' })

    const second = await dialled(2)
    const watches = { data: [], exist: [], child: ['/'] }
    const resume = { token: 'resume-1', zxid: '0x14', watches }
    expect(second.hello).toMatchObject({ token: 'token for reconnect', resume })
    second.receive(sessionMessage({ resumed: true, resumeToken: 'resume-2', zxid: '0x15' }))
    page.hide(true)
    expect([second.closed?.code, page.entry]).toMatchObject([3001, { resumeToken: 'resume-2', zxid: '0x15' }])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(zk.presumedExpired).toBe(true)
    page.show(true)

    const third = await dialled(3)
    const queued = rejection(zk.delete('/b'))
    third.refuse(4001)
    expect(await queued).toMatchObject({ code: 'SESSION_EXPIRED', outcome: 'not_executed' })
    const fourth = await dialled(4)
    fourth.receive(sessionMessage({ id: '0xb2' }))
    expect(await rejection(zk.exists('/b', { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'ABORTED',
    })
    const closing = zk.close()
    await Promise.resolve()
    expect(fourth.messages.at(-1)).toEqual({ type: 'close' })
    fourth.refuse(4000)
    await closing
    expect(zk.getSnapshot()).toMatchObject({ state: 'CLOSED', reason: 'closed', session: { id: '0xb2' } })
    expect([page.entry, vi.getTimerCount()]).toEqual([null, 0])
    expect(told).toEqual([
      ...['CONNECTING', 'CONNECTED', '0xa1 after undefined', 'NodeDataChanged'],
      ...['CONNECTING', 'CONNECTED', 'CONNECTING', 'presumed 0xa1'],
      ...['expired', 'CONNECTING', 'CONNECTED', '0xb2 after 0xa1', 'closed'],
    ])
  })
})

describe.each(CORE)('the build %s', (_name, load) => {
  it('has what the core entry has, and no more', async () => {
    const zk = (await load()).createClient({ url: 'ws://a/', getToken: () => '' })
    expect(Object.keys(zk).sort()).toEqual([
      ...['close', 'connect', 'create', 'delete', 'exists', 'getChildren', 'getData', 'getServerSnapshot'],
      ...['getSnapshot', 'on', 'presumedExpired', 'session', 'setData', 'state', 'subscribe'],
    ])
  })
})

describe.each(COMPLETE)('the build %s', (_name, load) => {
  it('lives through a lasting watch, a resume and a multi, and reads every kind of answer', async () => {
    const sockets: FakeSocket[] = []
    const { createClient } = await load()
    const zk = createClient({
      url: 'ws://a/',
      getToken: () => 'token',
      WebSocket: class extends FakeSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols)
          sockets.push(this)
        }
      },
    })
    zk.connect()
    // Longer than the backoff's first waits.
    await vi.advanceTimersByTimeAsync(400)
    const first = sockets[0]?.open() as FakeSocket
    first.receive(sessionMessage({ readOnly: true }))
    expect(zk.session?.readOnly).toBe(true)
    const abort = new AbortController()
    const told: string[] = []
    const following = (async () => {
      const events = zk.watch('/w', { recursive: true, signal: abort.signal, maxQueued: 5 })
      for await (const { type, path } of events) told.push(`${type} ${path}`)
    })()
    const ephemerals = zk.getEphemerals()
    const identities = zk.whoAmI()
    const results = zk.multi([{ op: 'setData', path: '/w', data: { n: 1 } }])
    await Promise.resolve()
    expect(first.calls.slice(0, 1)).toEqual([
      { type: 'call', id: 1, op: 'addWatch', path: '/w', recursive: true },
    ])
    expect(first.calls.at(-1)).toMatchObject({ parts: [{ op: 'setData', path: '/w', data: '{"n":1}' }] })
    first.receive(
      { type: 'reply', id: 1, zxid: '0x20', result: {} },
      { type: 'reply', id: 2, zxid: '0x20', result: { paths: ['/w/1'] } },
      { type: 'reply', id: 3, zxid: '0x20', result: { identities: [{ scheme: 'ip', id: '::1' }] } },
      { type: 'reply', id: 4, zxid: '0x21', result: { results: [{ stat: WIRE_STAT }] } },
      { type: 'event', event: 'NodeDataChanged', path: '/w' },
    )
    expect(await ephemerals).toEqual(['/w/1'])
    expect(await identities).toEqual([{ scheme: 'ip', id: '::1' }])
    expect((await results)[0].stat.czxid).toBe(18n)
    first.end()
    await vi.advanceTimersByTimeAsync(400)
    const second = sockets[1]?.open() as FakeSocket
    expect(second.hello?.resume?.watches).toEqual({ data: [], exist: [], child: [], recursive: ['/w'] })
    second.receive(sessionMessage({ resumed: true }))
    second.receive({ type: 'event', event: 'NodeDeleted', path: '/w/1' })
    await vi.advanceTimersByTimeAsync(0)
    abort.abort()
    await following
    expect(told).toEqual(['NodeDataChanged /w', 'resync /w', 'NodeDeleted /w/1'])
    expect(second.calls).toMatchObject([{ op: 'removeWatch', path: '/w', recursive: true }])
    const closing = zk.close()
    second.refuse(4000)
    await closing
  })
})

describe.each([...LIVE, ...COMPLETE])('the build %s', (_name, load) => {
  it('shows a room, is in it over an expiry, and leaves it', async () => {
    const gateway = new FakeGateway()
    gateway.tree.create('/rooms', '', null)
    const { createClient } = await load()
    const zk = createClient({ url: 'ws://a/', getToken: ({ reason }) => reason, WebSocket: gateway.Socket })
    zk.connect()
    const room = zk.presence<number>('/rooms/1', { group: 'ada' })
    const told: string[] = []
    for (const type of ['joined', 'changed', 'left'] as const) room.on(type, () => told.push(type))
    // Longer than the backoff's first waits.
    await vi.advanceTimersByTimeAsync(400)
    const { id } = await room.join(1)
    await room.update(2)
    gateway.expire()
    await vi.advanceTimersByTimeAsync(400)
    expect(room.getSnapshot()).toMatchObject({
      ...{ members: [{ id, group: 'ada', data: 2, mine: true }], stale: false, error: null },
    })
    const view = zk.view('/rooms')
    await vi.advanceTimersByTimeAsync(0)
    expect([...view.getSnapshot().nodes].map(([path, { stat }]) => [path, stat.owner])).toEqual([
      ['/rooms/1', null],
    ])
    view.close()
    await room.leave()
    expect(told).toEqual(['joined', 'changed', 'left', 'joined', 'left'])
    room.close()
    await zk.close()
  })
})

describe.each(COMPLETE)('the build %s', (_name, load) => {
  it('brings a fresh token when the gateway asks for it', async () => {
    const gateway = new FakeGateway()
    const { createClient } = await load()
    const zk = createClient({ url: 'ws://a/', getToken: ({ reason }) => reason, WebSocket: gateway.Socket })
    zk.connect()
    await vi.advanceTimersByTimeAsync(400)
    gateway.sockets.at(-1)?.receive({ type: 'refresh' })
    await vi.advanceTimersByTimeAsync(0)
    expect(gateway.sockets.at(-1)?.messages).toContainEqual({ type: 'token', token: 'expired' })
    await zk.close()
  })
})
