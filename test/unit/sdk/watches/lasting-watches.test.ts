import { describe, expect, it, vi } from 'vitest'
import type { ClientOptions, WatchEvents, WatchOptions } from '../../../../client-sdk/src/index.js'
import type { ErrorCode, WatchEventType } from '../../../../client-sdk/src/protocol.js'
import type { FakeSocket } from '../../../tools/sdk/fake-socket.js'
import { preparePlayground } from '../../../tools/sdk/playground.js'
import { connectedIn, done, event, failed, follow, sent } from '../../../tools/sdk/watching.js'
import { WIRE_STAT } from '../../../tools/sdk/wire-stat.js'

const start = preparePlayground()
const connected = (options?: Partial<ClientOptions>) => connectedIn(start(options))

describe('watch()', () => {
  it('asks for the watch at once, before later reads', async () => {
    const { zk, socket } = await connected()
    zk.watch('/w')
    zk.watch('/r', { recursive: true })
    zk.getData('/w').catch(() => undefined)
    await Promise.resolve()
    expect(socket.calls).toEqual([
      { type: 'call', id: 1, op: 'addWatch', path: '/w' },
      { type: 'call', id: 2, op: 'addWatch', path: '/r', recursive: true },
      { type: 'call', id: 3, op: 'getData', path: '/w' },
    ])
  })

  it('asks once CONNECTED, in the order of the calls, however long CONNECTING takes', async () => {
    const { zk, attach } = start({ requestTimeoutMs: 30_000 })
    zk.connect()
    zk.watch('/w')
    zk.exists('/w', { timeoutMs: 60_000 }).catch(() => undefined)
    await vi.advanceTimersByTimeAsync(50_000)
    expect(sent(await attach())).toEqual(['addWatch /w', 'exists /w'])
  })

  it.each([
    ['/w', false, ['NodeCreated', 'NodeDeleted', 'NodeDataChanged', 'NodeChildrenChanged'], ['/w']],
    ['/w', true, ['NodeCreated', 'NodeDeleted', 'NodeDataChanged'], ['/w', '/w/a', '/w/a/b']],
    ['/', true, ['NodeCreated', 'NodeDeleted', 'NodeDataChanged'], ['/', '/w', '/w/a', '/w/a/b', '/wx']],
    ['/', false, ['NodeCreated', 'NodeDeleted', 'NodeDataChanged', 'NodeChildrenChanged'], ['/']],
  ])('watches %s, recursive %s, and gives %j of %j, each time', async (path, recursive, types, paths) => {
    const { socket, settle, heard, follow } = await connected()
    follow(path, { recursive })
    socket.receive(done(1))
    const all: WatchEventType[] = ['NodeCreated', 'NodeDeleted', 'NodeDataChanged', 'NodeChildrenChanged']
    const told = ['/', '/w', '/w/a', '/w/a/b', '/wx'].flatMap((at) => all.map((type) => event(type, at)))
    socket.receive(...told)
    await settle()
    const expected = paths.flatMap((at) => types.map((type) => `${type} ${at}`))
    expect(heard).toEqual(expected)
    socket.receive(...told)
    await settle()
    expect(heard).toEqual([...expected, ...expected])
  })

  it('gives an event after the reply before it, and before the reply after it, in one frame', async () => {
    const { zk, socket, settle, heard, follow } = await connected()
    follow('/w')
    zk.getData('/w').then((content) => heard.push(`read ${content.text()}`))
    zk.getData('/w').then((content) => heard.push(`read ${content.text()}`))
    socket.receive(
      done(1),
      { type: 'reply', id: 2, zxid: '0x21', result: { data: 'old', stat: WIRE_STAT } },
      event('NodeDataChanged', '/w'),
      { type: 'reply', id: 3, zxid: '0x22', result: { data: 'new', stat: WIRE_STAT } },
    )
    await settle()
    expect(heard).toEqual(['read old', 'NodeDataChanged /w', 'read new'])
  })

  it('neither disturbs one-shot watches nor is disturbed by them', async () => {
    const { zk, socket, settle, heard, follow } = await connected()
    follow('/w')
    zk.exists('/w', { watch: ({ type }) => heard.push(`once ${type}`) }).catch(() => undefined)
    socket.receive(
      done(1),
      { type: 'reply', id: 2, zxid: '0x21', result: { stat: null } },
      event('NodeCreated', '/w'),
      event('NodeDeleted', '/w'),
    )
    await settle()
    expect(heard.sort()).toEqual(['NodeCreated /w', 'NodeDeleted /w', 'once NodeCreated'])
  })

  it('gets no event of other watches before its own is set', async () => {
    const { socket, settle, heard, follow } = await connected()
    follow('/w')
    socket.receive(event('NodeCreated', '/w'), done(1), event('NodeDeleted', '/w'))
    await settle()
    expect(heard).toEqual(['NodeDeleted /w'])
  })

  it.each<ErrorCode>(['NO_AUTH', 'FORBIDDEN', 'RATE_LIMITED'])(
    'fails with %s for all iterations that share it',
    async (code) => {
      const { socket, settle, heard, follow, zk } = await connected()
      follow('/w', {}, 'a: ')
      const late = zk.watch('/w')
      socket.receive(failed(1, code))
      await settle()
      expect(heard).toEqual([`a: ${code}`])
      await expect(late.next()).rejects.toMatchObject({ code, path: '/w' })
      expect(await late.next()).toEqual({ value: undefined, done: true })
      expect(sent(socket)).toEqual(['addWatch /w'])
      follow('/w')
      await settle()
      expect(sent(socket)).toEqual(['addWatch /w', 'addWatch /w'])
    },
  )

  it('fails with SESSION_CLOSED before connect() and after close()', async () => {
    const { zk } = start()
    await expect(zk.watch('/w').next()).rejects.toMatchObject({ code: 'SESSION_CLOSED', path: '/w' })
    zk.connect()
    await zk.close()
    await expect(zk.watch('/w').next()).rejects.toMatchObject({ code: 'SESSION_CLOSED' })
  })

  it('lets at most maxQueued events wait', async () => {
    const { zk, socket } = await connected()
    const events = zk.watch('/w', { maxQueued: 2 })
    socket.receive(done(1), ...Array.from({ length: 3 }, () => event('NodeDataChanged', '/w')))
    expect(await events.next()).toEqual({ value: { type: 'resync', path: '/w' }, done: false })
  })
})

describe('leaving a watch', () => {
  const leave = {
    break: async ({ zk, socket }: { zk: { watch(path: string): WatchEvents }; socket: FakeSocket }) => {
      const events = zk.watch('/w')
      socket.receive(done(1), event('NodeCreated', '/w'))
      for await (const _ of events) break
    },
    'return()': async ({ zk, socket }: { zk: { watch(path: string): WatchEvents }; socket: FakeSocket }) => {
      const events = zk.watch('/w')
      socket.receive(done(1))
      const waiting = events.next()
      await events.return()
      expect(await waiting).toEqual({ value: undefined, done: true })
    },
    'its signal': async ({
      zk,
      socket,
    }: {
      zk: { watch(path: string, options: WatchOptions): WatchEvents }
      socket: FakeSocket
    }) => {
      const abort = new AbortController()
      const heard: string[] = []
      const following = follow(zk.watch('/w', { signal: abort.signal }), heard)
      socket.receive(done(1))
      abort.abort()
      await following
      expect(heard).toEqual(['done'])
    },
  }

  it.each(Object.entries(leave))('removes it once by %s, and a resume does not name it', async (_, by) => {
    const { zk, socket, settle, redialled } = await connected()
    await by({ zk, socket })
    await settle()
    expect(sent(socket)).toEqual(['addWatch /w', 'removeWatch /w'])
    socket.receive(done(2))
    socket.end()
    expect((await redialled()).open().hello?.resume?.watches).toEqual({ data: [], exist: [], child: [] })
  })

  it('removes it with the last of several iterations, and each gets every event', async () => {
    const { socket, settle, heard, follow } = await connected()
    const first = follow('/w', {}, 'a: ')
    const second = follow('/w', {}, 'b: ')
    const below = follow('/w', { recursive: true }, 'c: ')
    socket.receive(done(1), done(2), event('NodeCreated', '/w'))
    await first.return()
    socket.receive(event('NodeDeleted', '/w'))
    await settle()
    expect(sent(socket)).toEqual(['addWatch /w', 'addWatch /w below'])
    await second.return()
    await below.return()
    await settle()
    expect(sent(socket).slice(2)).toEqual(['removeWatch /w', 'removeWatch /w below'])
    const named = (name: string) => heard.filter((line) => line.startsWith(name)).map((line) => line.slice(3))
    expect(named('a')).toEqual(['NodeCreated /w', 'done'])
    expect(named('b')).toEqual(['NodeCreated /w', 'NodeDeleted /w', 'done'])
    expect(named('c')).toEqual(['NodeCreated /w', 'NodeDeleted /w', 'done'])
  })

  it('ends with the watch set when a new iteration begins at once, as in StrictMode', async () => {
    const { zk, socket, settle, heard, follow } = await connected()
    await zk.watch('/w').return()
    follow('/w')
    await settle()
    expect(sent(socket)).toEqual(['addWatch /w', 'removeWatch /w', 'addWatch /w'])
    socket.receive(done(1), done(2), event('NodeCreated', '/w'), done(3), event('NodeDeleted', '/w'))
    await settle()
    expect(heard).toEqual(['NodeDeleted /w'])
  })

  it('asks for nothing when the signal is aborted already', async () => {
    const { zk, socket, settle } = await connected()
    const events = zk.watch('/w', { signal: AbortSignal.abort() })
    await settle()
    expect([await events.next(), sent(socket)]).toEqual([{ value: undefined, done: true }, []])
  })

  it('stops listening to its signal', async () => {
    const { zk } = await connected()
    const { signal } = new AbortController()
    const removed = vi.spyOn(signal, 'removeEventListener')
    const added = vi.spyOn(signal, 'addEventListener')
    await zk.watch('/w', { signal }).return()
    expect(removed.mock.calls[0]).toEqual(added.mock.calls[0])
  })
})
