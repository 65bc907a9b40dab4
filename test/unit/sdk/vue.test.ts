// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  type App,
  type Component,
  createApp,
  createSSRApp,
  effectScope,
  h,
  nextTick,
  reactive,
  ref,
  shallowRef,
} from 'vue'
import { renderToString } from 'vue/server-renderer'
import { createClient, ZoogateError } from 'zoogate-client'
import { useLeader, usePresence, useSessionState, useView } from 'zoogate-client/vue'
import { aTaskLater, createFakeClient, membersNamed, nodesAt } from '../../tools/bindings/fake-client.js'

type Zk = ReturnType<typeof createFakeClient>['zk']
type Person = { name: string }

const apps: App[] = []
afterEach(() => {
  for (const app of apps.splice(0)) app.unmount()
})

/** Mounts what a setup function renders; gives its page. */
async function mount(setup: () => () => unknown, create = createApp, html = '') {
  const target = document.createElement('div')
  target.innerHTML = html
  const app = create(component(setup))
  apps.push(app)
  app.mount(target)
  await aTaskLater()
  return { app, target, text: () => target.textContent }
}
const component = (setup: () => () => unknown): Component => ({
  setup: () => {
    const render = setup()
    return () => h('p', String(render()))
  },
})

/** Resolves when Vue has rendered the changes, and everything that they opened and closed is settled. */
const settled = () => nextTick().then(aTaskLater)

const unmount = async (app: App) => {
  apps.splice(apps.indexOf(app), 1)
  app.unmount()
  await aTaskLater()
}

describe('useSessionState', () => {
  it('follows the client, and is NOT_CONNECTED until there is one', async () => {
    const { zk, showSession } = createFakeClient()
    const given = shallowRef<Zk | null>(null)
    const page = await mount(() => {
      const session = useSessionState(given)
      return () => session.value.state
    })
    showSession({ state: 'CONNECTING' })
    expect(page.text()).toBe('NOT_CONNECTED')
    given.value = zk
    await nextTick()
    expect(page.text()).toBe('CONNECTING')
    showSession({ state: 'CONNECTED' })
    await nextTick()
    expect(page.text()).toBe('CONNECTED')
  })
})

describe('useView', () => {
  it('shows what the view shows while its component is mounted', async () => {
    const { zk, views, openViews } = createFakeClient()
    const page = await mount(() => {
      const view = useView(zk, '/a', { depth: 'subtree', data: true })
      return () => `${[...view.value.nodes.keys()]}${view.value.stale ? ' stale' : ''}`
    })
    expect([page.text(), openViews()]).toEqual([' stale', ['/a subtree with data']])
    views[0]?.show(nodesAt('/a/x'))
    await nextTick()
    expect(page.text()).toBe('/a/x')
    await unmount(page.app)
    expect(openViews()).toEqual([])
  })

  it('follows a path that is a ref, and options that are a getter', async () => {
    const { zk, views, openViews } = createFakeClient()
    const path = ref('/a')
    const data = ref(false)
    const page = await mount(() => {
      const view = useView(zk, path, () => ({ data: data.value }))
      return () => [...view.value.nodes.keys()]
    })
    views[0]?.show(nodesAt('/a/x'))
    path.value = '/b'
    await settled()
    expect([page.text(), openViews()]).toEqual(['', ['/b children']])
    data.value = true
    await settled()
    expect(openViews()).toEqual(['/b children with data'])
  })

  it('keeps the view where the options are computed anew and are the same', async () => {
    const { zk, views } = createFakeClient()
    const tick = ref(0)
    await mount(() => {
      const view = useView(
        zk,
        () => (tick.value < 9 ? '/a' : '/b'),
        () => ({ data: tick.value < 9 }),
      )
      return () => view.value.nodes.size
    })
    tick.value++
    await settled()
    expect(views).toHaveLength(1)
  })

  it('shows nothing without a client', async () => {
    const page = await mount(() => {
      const view = useView(null, '/a')
      return () => view.value.stale
    })
    expect(page.text()).toBe('true')
  })

  it('lives as long as its effect scope outside of components', async () => {
    const { zk, openViews } = createFakeClient()
    const scope = effectScope()
    scope.run(() => useView(zk, '/a'))
    await aTaskLater()
    expect(openViews()).toEqual(['/a children'])
    scope.stop()
    await aTaskLater()
    expect(openViews()).toEqual([])
  })
})

describe('usePresence', () => {
  it('is in the room while its component is mounted, with the data as they are', async () => {
    const { zk, rooms, openRooms } = createFakeClient()
    const self = reactive({ name: 'Ada' })
    const page = await mount(() => {
      const { members } = usePresence<Person>(zk, '/room', () => ({ group: 'g', data: self }))
      return () => members.value.map(({ data }) => data.name)
    })
    self.name = 'Ada L.'
    await nextTick()
    expect(rooms.map(({ name, calls }) => [name, calls])).toEqual([
      ['/room as g', ['join {"name":"Ada"}', 'join {"name":"Ada L."}']],
    ])
    rooms[0]?.show(membersNamed('Ada', 'Bob'))
    await nextTick()
    expect(page.text()).toBe('Ada,Bob')
    await unmount(page.app)
    expect(openRooms()).toEqual([])
  })

  it('leaves when there is no data any more, and says why it may not join', async () => {
    const { zk, rooms } = createFakeClient()
    const data = ref<Person | undefined>({ name: 'Ada' })
    const page = await mount(() => {
      const { stale, error } = usePresence<Person>(zk, '/room', () => ({ data: data.value }))
      return () => `${stale.value} ${error.value?.code}`
    })
    rooms[0]?.refuse(new ZoogateError('FORBIDDEN', 'no rule allows it'))
    await aTaskLater()
    expect(page.text()).toBe('true FORBIDDEN')
    data.value = undefined
    await nextTick()
    expect(rooms[0]?.calls).toEqual(['join {"name":"Ada"}', 'leave'])
  })

  it('joins, updates and leaves the room that its path names now', async () => {
    const { zk, rooms } = createFakeClient()
    const path = ref('/a')
    let room: ReturnType<typeof usePresence<Person>> | undefined
    await mount(() => {
      room = usePresence<Person>(zk, path)
      return () => ''
    })
    const done = [room?.join({ name: 'Ada' }), room?.update({ name: 'Ada L.' })]
    rooms[0]?.answer()
    await Promise.all(done)
    path.value = '/b'
    await settled()
    const left = room?.leave()
    rooms[1]?.answer()
    await left
    expect(rooms.map(({ name, calls, isOpen }) => [name, calls, isOpen])).toEqual([
      ['/a', ['join {"name":"Ada"}', 'update {"name":"Ada L."}'], false],
      ['/b', ['leave'], true],
    ])
  })
})

describe('rendering on a server', () => {
  const setup = (zk: Zk) => () => {
    const session = useSessionState(zk)
    const view = useView(zk, '/a')
    const { members } = usePresence<Person>(zk, '/room', { data: { name: 'Ada' } })
    return () => `${session.value.state} ${[...view.value.nodes.keys()]} ${members.value.length}`
  }

  it('opens nothing', async () => {
    const { zk, views, rooms } = createFakeClient()
    expect(await renderToString(createSSRApp(component(setup(zk))))).toBe('<p>NOT_CONNECTED  0</p>')
    await aTaskLater()
    expect([views, rooms]).toEqual([[], []])
  })

  it('shows no leader yet', async () => {
    const zk = createClient({ url: 'ws://127.0.0.1:1', getToken: () => '' })
    const leading = component(() => {
      const election = useLeader(zk, '/election', { campaign: true })
      return () => election.value.leader
    })
    expect(await renderToString(createSSRApp(leading))).toBe('<p>null</p>')
  })

  it('is taken over by a page that is connected already, without a mismatch', async () => {
    const { zk, views, showSession } = createFakeClient()
    const html = await renderToString(createSSRApp(component(setup(zk))))
    showSession({ state: 'CONNECTED' })
    const complaints = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'error')]
    const page = await mount(setup(zk), createSSRApp, html)
    views[0]?.show(nodesAt('/a/x'))
    await nextTick()
    expect(page.text()).toBe('CONNECTED /a/x 0')
    for (const spy of complaints) expect(spy).not.toHaveBeenCalled()
    vi.restoreAllMocks()
  })
})
