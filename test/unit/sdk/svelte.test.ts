import '../../tools/bindings/dom.js'
import { get } from 'svelte/store'
import { beforeAll, describe, expect, it } from 'vitest'
import { createClient } from 'zoogate-client'
import { leader, presence, sessionState, view } from 'zoogate-client/svelte'
import { aTaskLater, createFakeClient, membersNamed, nodesAt } from '../../tools/bindings/fake-client.js'
import { buildForPage, buildForServer } from '../../tools/bindings/svelte-component.js'

/** A component that is given its stores, in Svelte 4's way of reading them and in Svelte 5's. */
const SOURCE = `
<script>
  import { fromStore } from 'svelte/store'
  let { state, nodes, room } = $props()
  const current = fromStore(nodes)
</script>
<p>{$state.state}: {[...$nodes.nodes.keys()].join(' ')}, {current.current.nodes.size} nodes,
{$room.members.map(({ data }) => data.name).join(' ')}</p>
`
type Person = { name: string }

const storesOf = ({ zk }: ReturnType<typeof createFakeClient>) => ({
  state: sessionState(zk),
  nodes: view(zk, '/a', { depth: 'subtree' }),
  room: presence<Person>(zk, '/room', { data: { name: 'Ada' } }),
})

const text = (target: Element) => target.textContent?.replaceAll(/\s+/g, ' ').trim()

describe('a component', () => {
  let page: Awaited<ReturnType<typeof buildForPage>>
  let server: Awaited<ReturnType<typeof buildForServer>>
  beforeAll(async () => {
    ;[page, server] = await Promise.all([buildForPage(SOURCE), buildForServer(SOURCE)])
  })

  it('shows what its stores show while it is mounted', async () => {
    const client = createFakeClient()
    const target = document.createElement('div')
    const app = page.runtime.mount(page.Component, { target, props: storesOf(client) })
    await aTaskLater()
    expect([client.openViews(), client.openRooms()]).toEqual([['/a subtree'], ['/room']])
    expect(client.rooms[0]?.calls).toEqual(['join {"name":"Ada"}'])
    client.showSession({ state: 'CONNECTED' })
    client.views[0]?.show(nodesAt('/a/x', '/a/y'))
    client.rooms[0]?.show(membersNamed('Ada'))
    await aTaskLater()
    expect(text(target)).toBe('CONNECTED: /a/x /a/y, 2 nodes, Ada')
    await page.runtime.unmount(app)
    await aTaskLater()
    expect([client.openViews(), client.openRooms()]).toEqual([[], []])
  })

  it('is rendered on a server without opening anything', async () => {
    const client = createFakeClient()
    const { body } = server.runtime.render(server.Component, { props: storesOf(client) })
    await aTaskLater()
    expect(body).toContain('NOT_CONNECTED')
    expect([client.views, client.rooms]).toEqual([[], []])
  })

  it('takes over what a server has rendered, without a mismatch', async () => {
    const client = createFakeClient()
    const target = document.createElement('div')
    target.innerHTML = server.runtime.render(server.Component, { props: storesOf(client) }).body
    const paragraph = target.querySelector('p')
    const app = page.runtime.hydrate(page.Component, { target, recover: false, props: storesOf(client) })
    await aTaskLater()
    client.views[0]?.show(nodesAt('/a/x'))
    await aTaskLater()
    expect(text(target)).toBe('NOT_CONNECTED: /a/x, 1 nodes,')
    expect(target.querySelector('p')).toBe(paragraph)
    await page.runtime.unmount(app)
  })
})

describe('a store', () => {
  it('calls back with its value at once, then with every other, until it is left', async () => {
    const { zk, views } = createFakeClient()
    const told: number[] = []
    const leave = view(zk, '/a').subscribe(({ nodes }) => told.push(nodes.size))
    expect(told).toEqual([0])
    await aTaskLater()
    views[0]?.show(nodesAt('/a/x'))
    leave()
    views[0]?.show(nodesAt('/a/x', '/a/y'))
    expect(told).toEqual([0, 0, 1])
  })

  it('opens one view for all subscriptions, and closes it after the last one', async () => {
    const { zk, views, openViews } = createFakeClient()
    const nodes = view(zk, '/a', { data: true })
    const leave = [nodes.subscribe(() => undefined), nodes.subscribe(() => undefined)]
    await aTaskLater()
    expect(openViews()).toEqual(['/a children with data'])
    for (const one of leave) one()
    await aTaskLater()
    expect([views.length, openViews()]).toEqual([1, []])
  })

  it('gives its value without a subscription, and opens nothing for it', async () => {
    const { zk, views } = createFakeClient()
    expect(get(view(zk, '/a')).stale).toBe(true)
    await aTaskLater()
    expect(views).toEqual([])
  })

  it('joins, updates and leaves a room', async () => {
    const { zk, rooms } = createFakeClient()
    const room = presence<Person>(zk, '/room', { group: 'ada' })
    const leave = room.subscribe(() => undefined)
    const done = [room.join({ name: 'Ada' }), room.update({ name: 'Ada L.' }), room.leave()]
    expect(rooms.map(({ name, calls }) => [name, calls])).toEqual([
      ['/room as ada', ['join {"name":"Ada"}', 'update {"name":"Ada L."}', 'leave']],
    ])
    rooms[0]?.answer()
    await Promise.all(done)
    leave()
  })

  it('shows an election without a subscription as stale and without a leader', () => {
    const zk = createClient({ url: 'ws://127.0.0.1:1', getToken: () => '' })
    expect(get(leader(zk, '/election', { campaign: true }))).toMatchObject({ stale: true, leader: null })
  })
})
