import '../../tools/bindings/dom.js'
import { createElement as h, StrictMode, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createApp, h as element } from 'vue'
import WebSocket from 'ws'
import { startTestZoogate, type TestZoogate } from 'zoogate/testing'
import { type Client, createClient } from 'zoogate-client'
import * as react from 'zoogate-client/react'
import * as svelte from 'zoogate-client/svelte'
import * as vue from 'zoogate-client/vue'
import { waitUntil } from '../../tools/wait-until.js'

type Person = { name: string }

let zoogate: TestZoogate
beforeAll(async () => {
  zoogate = await startTestZoogate({ servers: 1 })
})
afterAll(() => zoogate.close())

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function connect(sub: string): Promise<Client> {
  const zk = createClient({ url: zoogate.url, getToken: () => zoogate.token(sub), WebSocket })
  cleanUp.push(zk.close)
  await zk.connect()
  return zk
}

/** The events of a room as another page sees them. */
async function watchRoom(path: string): Promise<string[]> {
  const room = (await connect('watcher')).presence<Person>(path)
  const seen: string[] = []
  for (const type of ['joined', 'changed', 'left'] as const) {
    room.on(type, ({ member }) => seen.push(`${type} ${member.data.name}`))
  }
  await waitUntil('the room is shown', () => !room.getSnapshot().stale)
  return seen
}
const until = (list: readonly string[], last: string) =>
  waitUntil(`the last of ${list} is ${last}`, () => list.at(-1) === last)

function createPage() {
  const target = document.createElement('div')
  return {
    target,
    until: (text: string) => waitUntil(`the page says ${text}`, () => target.textContent === text),
  }
}

describe('a React component', () => {
  function renderPage() {
    const { target, until } = createPage()
    const root = createRoot(target)
    cleanUp.push(() => root.unmount())
    return { root, until }
  }
  function Room({ zk, path, name }: { zk: Client; path: string; name: string }) {
    const { members, error } = react.usePresence<Person>(zk, path, { data: { name } })
    return `${members.map(({ data }) => data.name).join()}${error?.code ?? ''}`
  }
  function Leading({ zk, name }: { zk: Client; name: string }) {
    const { isLeader, leader } = react.useLeader(zk, '/react/election', { data: name, campaign: true })
    return `${leader?.data ?? 'no one'} leads${isLeader ? ', myself' : ''}`
  }

  it('joins a room once, although components mount twice, move or come back', async () => {
    const path = '/react/room'
    const [zk, seen] = [await connect('ada'), await watchRoom(path)]
    const { root, until: untilPage } = renderPage()
    const render = (key: string, name: string) =>
      root.render(h(StrictMode, { key }, h(Room, { zk, path, name })))
    render('first', 'Ada')
    await until(seen, 'joined Ada')
    render('first', 'Ada L.')
    await until(seen, 'changed Ada L.')
    await untilPage('Ada L.')
    render('second', 'Ada B.')
    await until(seen, 'changed Ada B.')
    expect(seen).toEqual(['joined Ada', 'changed Ada L.', 'changed Ada B.'])
    zoogate.ensemble.expireSession(zk.session!.id)
    await waitUntil('it has left and joined again', () => seen.length === 5)
    expect(seen.slice(3)).toEqual(['left Ada B.', 'joined Ada B.'])
    root.unmount()
    await until(seen, 'left Ada B.')
    expect(seen).toHaveLength(6)
  })

  it('shows a view over a lost connection', async () => {
    const zk = await connect('ada')
    function Nodes() {
      const { nodes, stale } = react.useView(zk, '/viewed', { data: true })
      const { state } = react.useSessionState(zk)
      const texts = [...nodes.values()].map((node) => node.text())
      const text = `${texts.join()} ${stale ? 'stale' : state}`
      useEffect(() => void shown.push(text), [text])
      return text
    }
    const shown: string[] = []
    const { root, until } = renderPage()
    await zk.create('/viewed')
    await zk.create('/viewed/a', 'one')
    root.render(h(Nodes))
    await until('one CONNECTED')
    shown.length = 0
    zoogate.cutPages()
    await waitUntil('it is up to date again', () => shown.includes('one CONNECTED'))
    await zk.setData('/viewed/a', 'two')
    await until('two CONNECTED')
    expect(shown).toEqual(['one stale', 'one CONNECTED', 'two CONNECTED'])
  })

  it('leads until it is unmounted, then the next candidate leads', async () => {
    const [ada, bob] = [await connect('ada'), await connect('bob')]
    const [first, second] = [renderPage(), renderPage()]
    first.root.render(h(StrictMode, null, h(Leading, { zk: ada, name: 'Ada' })))
    await first.until('Ada leads, myself')
    second.root.render(h(StrictMode, null, h(Leading, { zk: bob, name: 'Bob' })))
    await second.until('Ada leads')
    first.root.unmount()
    await second.until('Bob leads, myself')
  })
})

describe('a Vue component', () => {
  it('joins a room and leads while it is mounted', async () => {
    const path = '/vue/room'
    const [zk, seen] = [await connect('ada'), await watchRoom(path)]
    const { target, until: untilPage } = createPage()
    const app = createApp({
      setup: () => {
        const { members } = vue.usePresence<Person>(zk, path, { data: { name: 'Ada' } })
        const election = vue.useLeader(zk, '/vue/election', { data: 'Ada', campaign: true })
        const parents = vue.useView(zk, '/vue')
        return () =>
          element('p', [
            `${members.value.map(({ data }) => data.name).join()} in ${[...parents.value.nodes.keys()].sort()}`,
            election.value.isLeader ? ', leading' : '',
          ])
      },
    })
    app.mount(target)
    await until(seen, 'joined Ada')
    await untilPage('Ada in /vue/election,/vue/room, leading')
    app.unmount()
    await until(seen, 'left Ada')
    expect(seen).toEqual(['joined Ada', 'left Ada'])
    const candidates = async () => (await zk.getChildren('/vue/election')).children
    await waitUntil('it is no candidate any more', async () => (await candidates()).length === 0)
  })
})

describe('a Svelte store', () => {
  it('joins a room and leads while it has a subscriber', async () => {
    const path = '/svelte/room'
    const [zk, seen] = [await connect('ada'), await watchRoom(path)]
    const room = svelte.presence<Person>(zk, path, { data: { name: 'Ada' } })
    const election = svelte.leader(zk, '/svelte/election', { data: 'Ada' })
    const children = svelte.view(zk, '/svelte')
    const shown: string[] = []
    const leave = [
      room.subscribe(({ members }) => shown.push(members.map(({ data }) => data.name).join())),
      election.subscribe(({ isLeader }) => shown.push(isLeader ? 'leading' : 'following')),
      children.subscribe(({ nodes }) => shown.push([...nodes.keys()].sort().join())),
    ]
    await until(seen, 'joined Ada')
    expect((await room.update({ name: 'Ada L.' })).data).toEqual({ name: 'Ada L.' })
    expect(shown).toContain('Ada L.')
    election.campaign()
    await waitUntil('it leads', () => shown.includes('leading'))
    await waitUntil('both are shown', () => shown.includes('/svelte/election,/svelte/room'))
    election.resign()
    await until(shown, 'following')
    for (const one of leave) one()
    await until(seen, 'left Ada L.')
    expect(seen).toEqual(['joined Ada', 'changed Ada L.', 'left Ada L.'])
  })
})
