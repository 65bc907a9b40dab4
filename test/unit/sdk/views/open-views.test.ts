import { describe, expect, it } from 'vitest'
import type { ErrorCode, ViewNode } from '../../../../client-sdk/src/protocol.js'
import { sessionMessage } from '../../../tools/sdk/fake-socket.js'
import { preparePlayground } from '../../../tools/sdk/playground.js'
import {
  connected,
  lastCall,
  message,
  node,
  openView,
  record,
  refuse,
  shown,
  wireError,
} from '../../../tools/sdk/viewing.js'

const start = preparePlayground()

async function viewing(options = {}) {
  const playground = start()
  const socket = await connected(playground)
  const view = playground.zk.view('/w', options)
  const seen = record(view)
  await playground.settle()
  return { ...playground, socket, view, seen }
}

describe('a view', () => {
  it('is asked for when there is a session, with its options', async () => {
    const playground = start()
    const before = playground.zk.view('/w', { depth: 'subtree', data: true })
    expect(before.getSnapshot()).toEqual({ nodes: new Map(), zxid: 0n, stale: true, error: null })
    const socket = await connected(playground)
    playground.zk.view('/x')
    await playground.settle()
    expect(socket.calls).toEqual([
      { type: 'call', id: 1, op: 'openView', path: '/w', depth: 'subtree', data: true },
      { type: 'call', id: 2, op: 'openView', path: '/x', depth: 'children', data: false },
    ])
  })

  it('shows the snapshot and later changes, and keeps unchanged nodes', async () => {
    const { socket, view, seen } = await viewing()
    openView(socket, 1, message(9, { a: node('A', 5), b: node('B', 6) }, { kept: [] }))
    expect(shown(view.getSnapshot())).toEqual({ '/w/a': 'A', '/w/b': 'B' })
    const before = view.getSnapshot().nodes.get('/w/a')
    socket.receive(message(12, { b: null, c: node('C', 11) }))
    expect(shown(view.getSnapshot())).toEqual({ '/w/a': 'A', '/w/c': 'C' })
    expect(view.getSnapshot()).toMatchObject({ zxid: 12n, stale: false, error: null })
    expect(view.getSnapshot().nodes.get('/w/a')).toBe(before)
    expect(seen).toHaveLength(2)
    expect(shown(seen[0]!)).toEqual({ '/w/a': 'A', '/w/b': 'B' })
  })

  it('gives frozen snapshots that stay the same object until they change', async () => {
    const { socket, view } = await viewing()
    openView(socket, 1, message(9, { a: node('A', 5) }, { kept: [] }))
    const snapshot = view.getSnapshot()
    expect(view.getSnapshot()).toBe(snapshot)
    const first = snapshot.nodes.get('/w/a')
    expect([snapshot, first, first?.stat].every(Object.isFrozen)).toBe(true)
    socket.receive(message(10, { a: node('A2', 10) }))
    expect(view.getSnapshot()).not.toBe(snapshot)
    expect(shown(snapshot)).toEqual({ '/w/a': 'A' })
    expect(view.getServerSnapshot()).toBe(view.getServerSnapshot())
    expect(view.getServerSnapshot()).toMatchObject({ stale: true, zxid: 0n })
  })

  it('reads the left-out fields of a node, its owner, and the length of its data', async () => {
    const { socket, view } = await viewing()
    openView(
      socket,
      1,
      message(
        9,
        {
          a: ['{"n":1}', 'me', '0x5', 50],
          b: [3, 'you', '0x5', 50, '0x6', 60, 7],
          c: [{ base64: '/w==' }, null, '0x5', 50],
        },
        { kept: [] },
      ),
    )
    const at = (path: string) => view.getSnapshot().nodes.get(path)
    expect(at('/w/a')?.stat).toEqual({
      ...{ czxid: 5n, mzxid: 5n, ctime: 50, mtime: 50, version: 0, dataLength: 7, owner: 'mine' },
    })
    expect(at('/w/a')?.json()).toEqual({ n: 1 })
    expect(at('/w/b')?.stat).toEqual({
      ...{ czxid: 5n, mzxid: 6n, ctime: 50, mtime: 60, version: 7, dataLength: 3, owner: 'other' },
    })
    expect([at('/w/b')?.data, at('/w/b')?.text()]).toEqual([new Uint8Array(), ''])
    expect([at('/w/c')?.data, at('/w/c')?.stat.owner]).toEqual([Uint8Array.of(0xff), null])
  })

  it.each([
    ['/w', '', '/w'],
    ['/w', 'a/b', '/w/a/b'],
    ['/', '', '/'],
    ['/', 'a/b', '/a/b'],
  ])('opens %s and shows its node %j as %s', async (path, below, at) => {
    const playground = start()
    const socket = await connected(playground)
    const view = playground.zk.view(path, { depth: 'subtree' })
    await playground.settle()
    openView(socket, 1, message(9, { [below]: node('A', 5) }, { kept: [] }))
    expect(shown(view.getSnapshot())).toEqual({ [at]: 'A' })
  })
})

describe('a gap', () => {
  const opened = async () => {
    const all = await viewing()
    openView(all.socket, 1, message(9, { a: node('A', 5), b: node('B', 6), c: node('C', 7) }, { kept: [] }))
    // It has these already, though not yet everything up to it.
    const changed = ['C', 'other', '0x7', 1_007, '0xc', 1_012, 1] as ViewNode
    all.socket.receive(message(9, { d: node('D', 11), c: changed }))
    all.seen.length = 0
    return all
  }
  const resumedIn = async ({ socket, redialled, settle }: Awaited<ReturnType<typeof opened>>) => {
    socket.end()
    const next = await redialled()
    next.open().receive(sessionMessage({ resumed: true, mark: 'me elsewhere' }))
    await settle()
    return next
  }

  it('makes it stale until the next message, once', async () => {
    const all = await opened()
    const next = await resumedIn(all)
    expect(all.seen.map(({ stale }) => stale)).toEqual([true])
    expect(shown(all.view.getSnapshot())).toEqual({ '/w/a': 'A', '/w/b': 'B', '/w/c': 'C', '/w/d': 'D' })
    const { nodes } = all.view.getSnapshot()
    openView(next, 4, { ...message(9, {}, { since: '0x9', kept: ['a', 'b', 'c'] }), view: 4 })
    expect(all.seen.map(({ stale }) => stale)).toEqual([true, false])
    expect(all.view.getSnapshot().nodes.get('/w/a')).toBe(nodes.get('/w/a'))
  })

  it('is closed by naming the copy of the page, and applying the difference', async () => {
    const all = await opened()
    const next = await resumedIn(all)
    expect(lastCall(next, 'openView')).toMatchObject({ since: { zxid: '0x9', count: 3 } })
    const changed = { b: ['B2', 'me elsewhere', '0x6', 1_006, '0xd', 1_013, 1] as never, e: node('E', 14) }
    openView(next, 4, { ...message(15, changed, { since: '0x9', kept: ['a'] }), view: 4 })
    // c is not kept, and d is newer than what the difference is from.
    expect(shown(all.view.getSnapshot())).toEqual({ '/w/a': 'A', '/w/b': 'B2', '/w/e': 'E' })
    expect(all.view.getSnapshot().nodes.get('/w/b')?.stat.owner).toBe('mine')
    next.receive({ ...message(16, { a: null }), view: 4 })
    expect(shown(all.view.getSnapshot())).toEqual({ '/w/b': 'B2', '/w/e': 'E' })
  })

  it('keeps all nodes that are not newer when the difference reports no loss', async () => {
    const all = await opened()
    const next = await resumedIn(all)
    openView(next, 4, { ...message(15, {}, { since: '0x9' }), view: 4 })
    expect(shown(all.view.getSnapshot())).toEqual({ '/w/a': 'A', '/w/b': 'B' })
  })

  it('shows the view anew when it cost the session: only changed nodes are new objects', async () => {
    const all = await opened()
    all.socket.end()
    const lost = await all.redialled()
    lost.open().refuse(4001)
    const next = await all.redialled()
    next.open().receive(sessionMessage({ id: '0xb2', mark: 'me again' }))
    await all.settle()
    expect(lastCall(next, 'openView')).not.toHaveProperty('since')
    const { nodes } = all.view.getSnapshot()
    expect(nodes.size).toBe(4)
    openView(next, 1, message(20, { a: node('A', 5), b: node('B', 6, 'me again') }, { kept: [] }))
    expect(shown(all.view.getSnapshot())).toEqual({ '/w/a': 'A', '/w/b': 'B' })
    expect(all.view.getSnapshot().nodes.get('/w/a')).toBe(nodes.get('/w/a'))
    expect(all.view.getSnapshot().nodes.get('/w/b')?.stat.owner).toBe('mine')
  })

  it.each([
    ['the gateway loses the ensemble', { type: 'suspended', message: 'lost' }],
    ['its own link for views is down', { type: 'viewStale', view: 1 }],
  ] as const)('makes it stale when %s', async (_, news) => {
    const { socket, view, seen, settle } = await opened()
    socket.receive(news, news)
    expect(seen.map(({ stale }) => stale)).toEqual([true])
    if (news.type === 'suspended') {
      socket.receive(sessionMessage({ resumed: true }))
      await settle()
      expect(socket.calls.filter(({ op }) => op === 'openView')).toHaveLength(2)
      openView(socket, 1)
    }
    socket.receive(message(9, {}, { since: '0x9' }))
    expect(view.getSnapshot().stale).toBe(false)
  })

  it('lets no message through under the number of an earlier connection', async () => {
    const all = await opened()
    const next = await resumedIn(all)
    next.receive(message(30, { a: null }))
    expect(shown(all.view.getSnapshot())).toHaveProperty('/w/a')
  })

  it('makes the view be asked for once when asking has found it', async () => {
    const { zk, socket, settle, redialled } = await opened()
    // The gateway has been silent for longer than it may be, and no timer has told yet.
    const { vi } = await import('vitest')
    vi.setSystemTime(Date.now() + 60_000)
    zk.view('/x')
    await settle()
    expect(socket.closed).not.toBeNull()
    const next = await redialled()
    next.open().receive(sessionMessage({ resumed: true }))
    await settle()
    expect(next.calls.map((call) => 'path' in call && call.path).sort()).toEqual(['/w', '/x'])
  })

  it('leaves it stale after close(), and connect() opens it in the new session', async () => {
    const { zk, view, sockets, attach, settle, socket } = await opened()
    const closing = zk.close()
    socket.receive(message(30, { a: null }))
    expect(view.getSnapshot().stale).toBe(true)
    expect(shown(view.getSnapshot())).toHaveProperty('/w/a')
    await settle()
    socket.refuse(4000)
    await closing
    zk.connect().catch(() => undefined)
    const next = await attach({ id: '0xc3' })
    expect(sockets).toHaveLength(2)
    expect(lastCall(next, 'openView')).toMatchObject({ path: '/w' })
    expect(lastCall(next, 'openView')).not.toHaveProperty('since')
  })
})

describe('a view that cannot be shown', () => {
  it.each<ErrorCode>(['FORBIDDEN', 'NO_AUTH', 'RATE_LIMITED', 'BAD_REQUEST'])(
    'has the error %s, and is asked for again at the next attach',
    async (code) => {
      const { socket, view, seen, settle, redialled } = await viewing()
      refuse(socket, 'openView', code)
      await settle()
      expect(view.getSnapshot()).toMatchObject({ stale: true, error: { code, message: `no: ${code}` } })
      expect(seen).toHaveLength(1)
      socket.end()
      const next = await redialled()
      next.open().receive(sessionMessage({ resumed: true }))
      await settle()
      openView(next, 1, message(9, { a: node('A', 5) }, { kept: [] }))
      expect(view.getSnapshot()).toMatchObject({ stale: false, error: null })
    },
  )

  it('keeps its nodes, and has the error', async () => {
    const { socket, view, seen } = await viewing()
    openView(socket, 1, message(9, { a: node('A', 5) }, { kept: [] }))
    socket.receive({ type: 'viewEnded', view: 1, error: wireError('NO_AUTH') })
    expect(view.getSnapshot()).toMatchObject({ stale: true, error: { code: 'NO_AUTH' } })
    expect(shown(view.getSnapshot())).toEqual({ '/w/a': 'A' })
    expect(seen).toHaveLength(2)
    socket.receive(message(10, { a: null }))
    expect(shown(view.getSnapshot())).toEqual({ '/w/a': 'A' })
  })

  it('has no error when the link broke', async () => {
    const { socket, view, settle } = await viewing()
    socket.end()
    await settle()
    expect(view.getSnapshot()).toMatchObject({ stale: true, error: null })
  })
})

describe('several viewers', () => {
  it('share one view on the gateway; the last one that closes ends it', async () => {
    const { zk, socket, view, settle } = await viewing()
    const same = zk.view('/w', { depth: 'children', data: false })
    await settle()
    expect(socket.calls).toHaveLength(1)
    openView(socket, 7, { ...message(9, { a: node('A', 5) }, { kept: [] }), view: 7 })
    expect(same.getSnapshot()).toBe(view.getSnapshot())
    view.close()
    view.close()
    await settle()
    expect(socket.calls).toHaveLength(1)
    const last = view.getSnapshot()
    socket.receive({ ...message(10, { a: null }), view: 7 })
    expect([shown(same.getSnapshot()), view.getSnapshot()]).toEqual([{}, last])
    same.close()
    await settle()
    expect(lastCall(socket, 'closeView')).toEqual({ type: 'call', id: 2, op: 'closeView', view: 7 })
    socket.receive({ ...message(11, { b: node('B', 11) }), view: 7 })
    expect(shown(same.getSnapshot())).toEqual({})
  })

  it('have views of their own when their options differ', async () => {
    const { zk, socket, settle } = await viewing()
    for (const options of [{ data: true }, { depth: 'subtree' }] as const) zk.view('/w', options)
    await settle()
    expect(socket.calls).toHaveLength(3)
  })

  it('leave the view as the last one wants it when they come and go before the answer, as in StrictMode', async () => {
    const { zk, socket, view, settle } = await viewing()
    view.close()
    const again = zk.view('/w')
    await settle()
    expect(socket.calls).toHaveLength(1)
    again.close()
    openView(socket, 3)
    await settle()
    expect(socket.calls.map(({ op }) => op)).toEqual(['openView', 'closeView'])
    expect(lastCall(socket, 'closeView')).toMatchObject({ view: 3 })
    zk.view('/w')
    await settle()
    expect(socket.calls.map(({ op }) => op)).toEqual(['openView', 'closeView', 'openView'])
  })

  it('are not opened again at the next attach when all have left', async () => {
    const { socket, view, settle, redialled } = await viewing()
    view.close()
    socket.end()
    const next = await redialled()
    next.open().receive(sessionMessage({ resumed: true }))
    await settle()
    expect(next.calls).toEqual([])
  })

  it('get no call after they have unsubscribed or closed', async () => {
    const { zk, socket, view, seen } = await viewing()
    const other = zk.view('/w')
    const heard: string[] = []
    const stop = other.subscribe(() => heard.push('other'))
    openView(socket, 1, message(9, {}, { kept: [] }))
    stop()
    view.close()
    socket.receive(message(10, { a: node('A', 10) }))
    expect([heard, seen.length]).toEqual([['other'], 1])
  })
})
