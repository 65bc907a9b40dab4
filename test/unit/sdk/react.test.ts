// @vitest-environment jsdom
import { createElement as h, StrictMode, Suspense, startTransition, use, useEffect, useState } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, describe, expect, it } from 'vitest'
import { createClient, type Presence, ZoogateError } from 'zoogate-client'
import { type UsedPresence, useLeader, usePresence, useSessionState, useView } from 'zoogate-client/react'
import { createFakeClient, membersNamed, nodesAt } from '../../tools/bindings/fake-client.js'
import { closeReactPages, createReactPage, settled } from '../../tools/bindings/react-page.js'

type Fake = ReturnType<typeof createFakeClient>
type Zk = Fake['zk'] | null
type Person = { name: string }

function Nodes({ zk, path }: { zk: Zk; path: string }) {
  const { nodes, stale } = useView(zk, path, { depth: 'subtree', data: true })
  return `${[...nodes.keys()].join(' ')}${stale ? ' stale' : ''}`
}

function Room({ zk, path = '/room', name }: { zk: Zk; path?: string; name?: string }) {
  const data = name === undefined ? undefined : { name }
  const { members, error } = usePresence<Person>(zk, path, { data, group: 'g' })
  return `${members.map(({ data }) => data.name).join(' ')}${error?.code ?? ''}`
}

function State({ zk }: { zk: Zk }) {
  return useSessionState(zk).state
}

/** No side effects before connect(), and nothing to connect to. */
const unconnected = () => createClient({ url: 'ws://127.0.0.1:1', getToken: () => '' })

afterEach(closeReactPages)

describe('useSessionState', () => {
  it('follows the client', async () => {
    const { zk, showSession } = createFakeClient()
    const page = createReactPage()
    await page.render(h(State, { zk }))
    expect(page.text()).toBe('NOT_CONNECTED')
    await settled(() => showSession({ state: 'CONNECTED' }))
    expect(page.text()).toBe('CONNECTED')
  })

  it('is NOT_CONNECTED until there is a client', async () => {
    const { zk, showSession } = createFakeClient()
    showSession({ state: 'CONNECTING' })
    const page = createReactPage()
    await page.render(h(State, { zk: null }))
    expect(page.text()).toBe('NOT_CONNECTED')
    await page.render(h(State, { zk }))
    expect(page.text()).toBe('CONNECTING')
  })
})

describe('useView', () => {
  it('shows what the view shows, in the way that was asked for', async () => {
    const { zk, views, openViews } = createFakeClient()
    const page = createReactPage()
    await page.render(h(Nodes, { zk, path: '/a' }))
    expect([page.text(), openViews()]).toEqual([' stale', ['/a subtree with data']])
    await settled(() => views[0]?.show(nodesAt('/a/x', '/a/y')))
    expect(page.text()).toBe('/a/x /a/y')
  })

  it('opens one view when StrictMode mounts twice', async () => {
    const { zk, views, openViews } = createFakeClient()
    const page = createReactPage()
    await page.render(h(StrictMode, null, h(Nodes, { zk, path: '/a' })))
    expect(views).toHaveLength(1)
    expect(openViews()).toHaveLength(1)
    await page.unmount()
    expect(openViews()).toEqual([])
  })

  it('keeps the view over renders with fresh but equal options', async () => {
    const { zk, views, openViews } = createFakeClient()
    const page = createReactPage()
    for (let render = 0; render < 3; render++) await page.render(h(Nodes, { zk, path: '/a' }))
    expect([views.length, openViews().length]).toEqual([1, 1])
  })

  it('opens another path, and only then closes the one before', async () => {
    const { zk, views, openViews } = createFakeClient()
    const page = createReactPage()
    await page.render(h(Nodes, { zk, path: '/a' }))
    await settled(() => views[0]?.show(nodesAt('/a/x')))
    await page.render(h(Nodes, { zk, path: '/b' }))
    expect(openViews()).toEqual(['/b subtree with data'])
    expect(page.text()).toBe(' stale')
    await settled(() => views[1]?.show(nodesAt('/b/y')))
    expect(page.text()).toBe('/b/y')
  })

  it('moves to another client', async () => {
    const [one, other] = [createFakeClient(), createFakeClient()]
    const page = createReactPage()
    await page.render(h(Nodes, { zk: one.zk, path: '/a' }))
    await page.render(h(Nodes, { zk: other.zk, path: '/a' }))
    expect([one.openViews().length, other.openViews().length]).toEqual([0, 1])
  })

  it('shows an empty, stale view without a client', async () => {
    const page = createReactPage()
    await page.render(h(Nodes, { zk: null, path: '/a' }))
    expect(page.text()).toBe(' stale')
  })

  it('opens nothing for a render that is thrown away', async () => {
    const { zk, views } = createFakeClient()
    let resolve = (_: string) => {}
    const text = new Promise<string>((fulfil) => {
      resolve = fulfil
    })
    const Waiting = () => h('p', null, use(text), ' ', h(Nodes, { zk, path: '/a' }))
    const Suspended = () => {
      useView(zk, '/suspended')
      return use(text)
    }
    const page = createReactPage()
    await page.render(h(Suspense, { fallback: 'waiting' }, h(Waiting), h(Suspended)))
    expect([page.text(), views.length]).toEqual(['waiting', 0])
    await settled(() => resolve('ready'))
    expect(page.text()).toBe('ready  staleready')
    expect(views).toHaveLength(2)
  })

  it('shows every part of the page the same while a transition renders', async () => {
    const { zk, views } = createFakeClient()
    const seen = new Set<string>()
    const Pair = () => {
      const [step, setStep] = useState(0)
      const [one, other] = [useView(zk, '/a'), useView(zk, '/b')]
      useEffect(() => {
        seen.add(`${one.nodes.size}${other.nodes.size}`)
      })
      useEffect(() => {
        if (one.nodes.size > step) startTransition(() => setStep(one.nodes.size))
      }, [one, step])
      return `${step} of ${one.nodes.size}`
    }
    const page = createReactPage()
    await page.render(h(Pair))
    await settled(() => {
      views[0]?.show(nodesAt('/a/x'))
      views[1]?.show(nodesAt('/b/x'))
    })
    expect(page.text()).toBe('1 of 1')
    expect([...seen]).toEqual(['00', '11'])
  })
})

describe('usePresence', () => {
  it('is in the room while it is mounted, once under StrictMode', async () => {
    const { zk, rooms, openRooms } = createFakeClient()
    const page = createReactPage()
    await page.render(h(StrictMode, null, h(Room, { zk, name: 'Ada' })))
    expect(rooms.map(({ name, calls }) => [name, calls])).toEqual([['/room as g', ['join {"name":"Ada"}']]])
    await settled(() => rooms[0]?.show(membersNamed('Ada', 'Bob')))
    expect(page.text()).toBe('Ada Bob')
    await page.unmount()
    expect(openRooms()).toEqual([])
  })

  it('updates with other data, not with equal data, and leaves without', async () => {
    const { zk, rooms } = createFakeClient()
    const page = createReactPage()
    await page.render(h(Room, { zk, name: 'Ada' }))
    await page.render(h(Room, { zk, name: 'Ada' }))
    await page.render(h(Room, { zk, name: 'Ada L.' }))
    await page.render(h(Room, { zk }))
    expect(rooms.map(({ calls }) => calls)).toEqual([
      ['join {"name":"Ada"}', 'join {"name":"Ada L."}', 'leave'],
    ])
  })

  it('shows the room without joining when it has no data', async () => {
    const { zk, rooms } = createFakeClient()
    const page = createReactPage()
    await page.render(h(Room, { zk }))
    expect(rooms[0]?.calls).toEqual([])
  })

  it('shows why it may not join', async () => {
    const { zk, rooms } = createFakeClient()
    const page = createReactPage()
    await page.render(h(Room, { zk, name: 'Ada' }))
    await settled(() => rooms[0]?.refuse(new ZoogateError('FORBIDDEN', 'no rule allows it')))
    expect(page.text()).toBe('FORBIDDEN')
  })

  it('opens the room of the next component before it closes that of the last', async () => {
    const { zk, rooms, openRooms } = createFakeClient()
    const page = createReactPage()
    await page.render(h('p', { key: 1 }, h(Room, { zk, name: 'Ada' })))
    const wereOpen: string[][] = []
    const presence: typeof zk.presence = <T>(...args: Parameters<typeof zk.presence>): Presence<T> => {
      wereOpen.push(openRooms())
      return zk.presence<T>(...args)
    }
    await page.render(h('p', { key: 2 }, h(Room, { zk: { ...zk, presence }, name: 'Ada' })))
    expect(wereOpen).toEqual([['/room as g']])
    expect(rooms.map(({ isOpen }) => isOpen)).toEqual([false, true])
  })

  it('gives the same object and functions until they change', async () => {
    const { zk, rooms } = createFakeClient()
    const used: UsedPresence<Person>[] = []
    const Looking = () => {
      used.push(usePresence<Person>(zk, '/room', {}))
      return null
    }
    const page = createReactPage()
    await page.render(h(Looking))
    await page.render(h(Looking))
    const [before, again] = used.slice(-2)
    expect(again).toBe(before)
    await settled(() => rooms[0]?.show(membersNamed('Bob')))
    expect(used.at(-1)).not.toBe(before)
    expect(used.at(-1)?.join).toBe(before?.join)
  })

  it('can be joined from the first effect of its component', async () => {
    const { zk, rooms } = createFakeClient()
    const Joining = () => {
      const { join } = usePresence<Person>(zk, '/room')
      useEffect(() => void join({ name: 'Ada' }), [join])
      return null
    }
    await createReactPage().render(h(Joining))
    expect(rooms.map(({ calls }) => calls)).toEqual([['join {"name":"Ada"}']])
  })
})

describe('rendering on a server', () => {
  const App = ({ zk }: { zk: Zk }) => [
    h(State, { zk, key: 1 }),
    h(Nodes, { zk, path: '/a', key: 2 }),
    h(Room, { zk, name: 'Ada', key: 3 }),
  ]

  it('opens nothing', async () => {
    const { zk, views, rooms, showSession } = createFakeClient()
    showSession({ state: 'CONNECTED' })
    expect(renderToString(h(App, { zk }))).toContain('NOT_CONNECTED')
    await settled(() => undefined)
    expect([views, rooms]).toEqual([[], []])
  })

  it('shows no leader yet', () => {
    const Leading = () => JSON.stringify(useLeader(unconnected(), '/election', { campaign: true }).leader)
    expect(renderToString(h(Leading))).toBe('null')
  })

  it('is taken over by a page that is connected already, without a mismatch', async () => {
    const { zk, views, showSession } = createFakeClient()
    const container = document.createElement('div')
    container.innerHTML = renderToString(h(App, { zk }))
    showSession({ state: 'CONNECTED' })
    const mismatches: unknown[] = []
    const options = { onRecoverableError: (error: unknown) => mismatches.push(error) }
    await settled(() => {
      const root = hydrateRoot(container, h(StrictMode, null, h(App, { zk })), options)
      cleanUp.push(() => root.unmount())
    })
    await settled(() => views[0]?.show(nodesAt('/a/x')))
    expect(mismatches).toEqual([])
    expect(container.textContent).toBe('CONNECTED/a/x')
  })

  const cleanUp: (() => void)[] = []
  afterEach(() =>
    settled(() => {
      for (const clean of cleanUp.splice(0)) clean()
    }),
  )
})
