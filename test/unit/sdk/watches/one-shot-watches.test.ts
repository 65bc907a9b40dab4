import { describe, expect, it, vi } from 'vitest'
import type { WatchEventType } from '../../../../client-sdk/src/protocol.js'
import { createWatches } from '../../../../client-sdk/src/watches/one-shot-watches.js'
import { catchMicrotaskErrors } from '../../../tools/sdk/caught-errors.js'
import { preparePlayground } from '../../../tools/sdk/playground.js'
import { WIRE_STAT } from '../../../tools/sdk/wire-stat.js'

describe('the watches', () => {
  it.each<[WatchEventType, string[]]>([
    ['NodeCreated', ['data', 'exist']],
    ['NodeDataChanged', ['data', 'exist']],
    ['NodeDeleted', ['data', 'exist', 'child']],
    ['NodeChildrenChanged', ['child']],
  ])('%s fires and removes %j of its path alone', async (type, fired) => {
    const watches = createWatches()
    const heard: string[] = []
    const lists = ['data', 'exist', 'child'] as const
    for (const list of lists) {
      watches.hold(list, '/a', (event) => heard.push(`${list} ${event.type} ${event.path}`))
      watches.hold(list, '/other', () => heard.push('other'))
    }
    watches.fire(type, '/a')
    watches.fire(type, '/a')
    await Promise.resolve()
    expect(heard).toEqual(fired.map((list) => `${list} ${type} /a`))
    const left = (list: string) => (fired.includes(list) ? ['/other'] : ['/a', '/other'])
    expect(watches.lists()).toEqual({ data: left('data'), exist: left('exist'), child: left('child') })
  })

  it('calls each of several callbacks once, also one that stands in two lists', async () => {
    const watches = createWatches()
    const [first, second] = [vi.fn(), vi.fn()]
    watches.hold('data', '/a', first)
    watches.hold('data', '/a', second)
    watches.hold('exist', '/a', first)
    watches.fire('NodeDeleted', '/a')
    await Promise.resolve()
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([1, 1])
  })
})

const start = preparePlayground()

async function watching() {
  const playground = start()
  const heard: string[] = []
  playground.zk.connect()
  const socket = await playground.attach()
  const watch = (name: string) => ({
    watch: ({ type, path }: { type: string; path: string }) => heard.push(`${name}: ${type} ${path}`),
  })
  return { ...playground, socket, heard, watch }
}

describe('a session with watches', () => {
  it('continues code that awaits a reply before it calls a watch that fired in the same frame', async () => {
    const { zk, socket, heard, watch, settle } = await watching()
    const reading = (async () => {
      heard.push(`read ${(await zk.getData('/a', watch('data'))).text()}`)
    })()
    const listing = (async () => {
      heard.push(`listed ${(await zk.getChildren('/a', watch('child'))).children}`)
    })()
    socket.receive(
      { type: 'reply', id: 1, zxid: '0x11', result: { data: 'old', stat: WIRE_STAT } },
      { type: 'event', event: 'NodeDataChanged', path: '/a' },
      { type: 'reply', id: 2, zxid: '0x12', result: { children: ['b'], stat: WIRE_STAT } },
      { type: 'event', event: 'NodeChildrenChanged', path: '/a' },
    )
    await Promise.all([reading, listing])
    await settle()
    expect(heard).toEqual([
      'read old',
      'data: NodeDataChanged /a',
      'listed b',
      'child: NodeChildrenChanged /a',
    ])
  })

  it('sends them with the newest zxid when it resumes, in the lists that ZooKeeper keeps', async () => {
    const { zk, socket, watch, redialled } = await watching()
    const calls = [
      zk.getData('/data', watch('')),
      zk.exists('/there', watch('')),
      zk.exists('/missing', watch('')),
      zk.getChildren('/parent', watch('')),
      zk.getData('/gone', watch('')),
      zk.exists('/unwatched'),
      zk.exists('/forbidden'),
    ]
    const stat = WIRE_STAT
    socket.receive({ type: 'reply', id: 1, zxid: '0x20', result: { data: '', stat } })
    socket.receive({ type: 'reply', id: 2, zxid: '0x21', result: { stat } })
    socket.receive({ type: 'reply', id: 3, zxid: '0x22', result: { stat: null } })
    socket.receive({ type: 'reply', id: 4, zxid: '0xfffffffff', result: { children: [], stat } })
    const error = { code: 'NO_NODE', message: 'no', retryable: false, outcome: 'not_executed' } as const
    socket.receive({ type: 'error', id: 5, zxid: '0x1000000000', error })
    socket.receive({ type: 'reply', id: 6, zxid: '0x1000000000', result: { stat } })
    const refused = { ...error, code: 'FORBIDDEN' } as const
    socket.receive({ type: 'error', id: 7, error: refused })
    await Promise.allSettled(calls)
    socket.end()
    expect((await redialled()).open().hello?.resume).toEqual({
      token: 'resume-1',
      zxid: '0x1000000000',
      watches: { data: ['/data', '/there'], exist: ['/missing'], child: ['/parent'] },
    })
  })

  it('gets missed events after a resume, also before the session message', async () => {
    const { zk, socket, heard, watch, redialled, settle } = await watching()
    zk.exists('/a', watch('exist'))
    socket.receive({ type: 'reply', id: 1, zxid: '0x20', result: { stat: null } })
    socket.end()
    const next = (await redialled()).open()
    next.receive({ type: 'event', event: 'NodeCreated', path: '/a' })
    await settle()
    expect(heard).toEqual(['exist: NodeCreated /a'])
  })

  it('drops them with the session', async () => {
    const { zk, socket, heard, watch, redialled, attach, settle } = await watching()
    zk.exists('/a', watch('exist'))
    socket.receive({ type: 'reply', id: 1, zxid: '0x20', result: { stat: null } })
    socket.refuse(4001)
    await redialled()
    const next = await attach({ id: '0xb2' })
    next.receive({ type: 'event', event: 'NodeCreated', path: '/a' })
    next.end()
    await settle()
    expect(heard).toEqual([])
    expect((await redialled()).open().hello?.resume?.watches).toEqual({ data: [], exist: [], child: [] })
  })

  it('survives a callback that throws, and reports it', async () => {
    const caught = catchMicrotaskErrors()
    const { zk, socket, heard, watch, settle } = await watching()
    const boom = new Error('mine')
    zk.exists('/a', {
      watch: () => {
        throw boom
      },
    })
    zk.exists('/a', watch('second'))
    socket.receive(
      { type: 'reply', id: 1, zxid: '0x20', result: { stat: null } },
      { type: 'reply', id: 2, zxid: '0x20', result: { stat: null } },
      { type: 'event', event: 'NodeCreated', path: '/a' },
    )
    await settle()
    expect([heard, caught, zk.state]).toEqual([['second: NodeCreated /a'], [boom], 'CONNECTED'])
  })
})
