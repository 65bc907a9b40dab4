import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { startTestZoogate, type TestZoogate } from 'zoogate/testing'
import {
  type Client,
  type ClientOptions,
  createClient,
  type Presence,
} from '../../../client-sdk/src/index.js'
import { shown } from '../../tools/sdk/viewing.js'
import { waitUntil } from '../../tools/wait-until.js'

const ROOM = '/rooms/42'

let zoogate: TestZoogate
let clients: Client[]
beforeEach(async () => {
  zoogate = await startTestZoogate()
  clients = []
})
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()))
  await zoogate.close()
})

async function page(options: Partial<ClientOptions> = {}): Promise<Client> {
  const getToken = () => zoogate.token('ada')
  const zk = createClient({ url: zoogate.url, getToken, WebSocket, sessionTimeoutMs: 2_000, ...options })
  clients.push(zk)
  await zk.connect()
  return zk
}

/** A room that is shown, and its events since. */
async function looking(zk: Client) {
  const room = zk.presence<string>(ROOM)
  const events: string[] = []
  for (const type of ['joined', 'changed', 'left'] as const) {
    room.on(type, ({ member }) => events.push(`${type} ${member.data}`))
  }
  await fresh(room)
  return { room, events }
}
const fresh = (room: Presence<string>) =>
  waitUntil('the room is shown', () => !room.getSnapshot().stale, { intervalMs: 5 })
const data = (room: Presence<string>) => room.getSnapshot().members.map(({ data }) => data)
const until = (room: Presence<string>, wanted: string[]) =>
  waitUntil(`the members are ${wanted}`, () => data(room).join() === wanted.join(), { intervalMs: 5 })

describe('presence through a gateway', () => {
  it('shows all pages the same joins, changes and leaves, in the order of the joins', async () => {
    const ada = await looking(await page())
    const bob = await looking(await page())
    await ada.room.join('ada')
    await bob.room.join('bob')
    await until(ada.room, ['ada', 'bob'])
    await ada.room.update('Ada')
    await until(bob.room, ['Ada', 'bob'])
    expect(bob.room.getSnapshot().members.map(({ mine }) => mine)).toEqual([false, true])
    await ada.room.leave()
    await until(bob.room, ['bob'])
    expect(bob.events).toEqual(['joined ada', 'joined bob', 'changed Ada', 'left Ada'])
    expect(ada.events).toEqual(bob.events)
  })

  it('lets 20 pages join a room at once that does not exist yet', async () => {
    const rooms = await Promise.all(
      Array.from({ length: 20 }, async () => (await looking(await page())).room),
    )
    await Promise.all(rooms.map((room, n) => room.join(`member ${n}`)))
    for (const room of rooms) {
      await waitUntil('all members are shown', () => room.getSnapshot().members.length === 20, {
        intervalMs: 5,
      })
      expect(room.getSnapshot().members.filter(({ mine }) => mine)).toHaveLength(1)
      expect(data(room)).toEqual(data(rooms[0]!))
    }
  })

  it.each([
    ['a lost network', () => zoogate.cutPages()],
    ['another gateway in place of the first', () => zoogate.startGateway()],
  ])('reports no member that stays over %s', async (_, breakLink) => {
    const ada = await looking(await page())
    const bob = await looking(await page())
    await ada.room.join('ada')
    await bob.room.join('bob')
    await until(ada.room, ['ada', 'bob'])
    const before = ada.room.getSnapshot().members
    const stale = new Set<boolean>()
    ada.room.subscribe(() => stale.add(ada.room.getSnapshot().stale))
    ada.events.length = 0
    await breakLink()
    await waitUntil('it was stale', () => stale.has(true), { intervalMs: 5 })
    await fresh(ada.room)
    await bob.room.update('Bob')
    await until(ada.room, ['ada', 'Bob'])
    expect(ada.events).toEqual(['changed Bob'])
    expect(ada.room.getSnapshot().members[0]).toBe(before[0])
  })

  it('brings a member back with its id and newest data after its session has expired', async () => {
    const zk = await page()
    const ada = await looking(zk)
    const bob = await looking(await page())
    const { id } = await ada.room.join('ada')
    await ada.room.update('Ada')
    await until(bob.room, ['Ada'])
    const session = zk.session!
    zoogate.ensemble.expireSession(session.id)
    await waitUntil('there is another session', () => zk.session?.id !== session.id, { intervalMs: 5 })
    await waitUntil('it is back', () =>
      ada.room.getSnapshot().members.some((own) => own.mine && own.data === 'Ada'),
    )
    await until(bob.room, ['Ada'])
    expect(bob.room.getSnapshot().members[0]?.id).toBe(id)
    expect(ada.room.getSnapshot()).toMatchObject({ stale: false, error: null })
  })

  it('puts a member back that another page deletes, until it leaves', async () => {
    const zk = await page()
    const { room } = await looking(zk)
    const { id } = await room.join('ada')
    const other = await page()
    const { room: seen, events } = await looking(other)
    await other.delete(`${ROOM}/${id}`)
    await waitUntil('it left and came', () => events.includes('left ada') && events.includes('joined ada'), {
      intervalMs: 5,
    })
    await until(seen, ['ada'])
    await room.leave()
    await until(seen, [])
  })

  it('sends only the newest of many updates, and ends with it', async () => {
    const { room } = await looking(await page())
    const other = await looking(await page())
    await room.join('0')
    for (let n = 1; n <= 100; n++) {
      room.update(`${n}`).catch(() => undefined)
      if (n % 10 === 0) await delay(1)
    }
    await room.update('last')
    await until(other.room, ['last'])
    expect(data(room)).toEqual(['last'])
  })
})

/** A page whose connection the test breaks; it comes back when the test lets it. */
async function awayPage() {
  let comeBack = () => {}
  let mayCome = Promise.resolve()
  const sockets: WebSocket[] = []
  const zk = await page({
    getToken: () => mayCome.then(() => zoogate.token('ada')),
    WebSocket: class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols)
        sockets.push(this)
      }
    },
  })
  const goAway = () => {
    mayCome = new Promise((resolve) => {
      comeBack = resolve
    })
    sockets.at(-1)?.terminate()
  }
  return { zk, goAway, comeBack: () => comeBack() }
}

describe('a view through a gateway', () => {
  it.each([
    ['the same gateway', () => undefined],
    ['another gateway', () => zoogate.startGateway()],
  ])('catches up on %s with the changes during its absence, in one message', async (_, replace) => {
    const { zk, goAway, comeBack } = await awayPage()
    const writer = await page()
    await writer.create('/w')
    for (const name of ['a', 'b', 'c']) await writer.create(`/w/${name}`, name)
    await writer.create('/w/a/x', 'deep')
    const view = zk.view('/w', { depth: 'subtree', data: true })
    await waitUntil('it shows all', () => view.getSnapshot().nodes.size === 5, { intervalMs: 5 })
    expect(shown(view.getSnapshot())).toEqual({
      '/w': 0,
      '/w/a': 'a',
      '/w/a/x': 'deep',
      '/w/b': 'b',
      '/w/c': 'c',
    })
    const { nodes } = view.getSnapshot()
    const seen: string[] = []
    view.subscribe(() => {
      const { stale, nodes } = view.getSnapshot()
      seen.push(`${stale ? 'stale' : 'fresh'} ${nodes.size} ${nodes.get('/w/b')?.text()}`)
    })
    goAway()
    await waitUntil('it is stale', () => view.getSnapshot().stale, { intervalMs: 5 })
    await replace()
    const answers = () => writer.exists('/w').then(Boolean, () => null)
    await waitUntil('the writer gets answers', answers, { intervalMs: 5 })
    await writer.multi([
      { op: 'setData', path: '/w/b', data: 'B' },
      { op: 'delete', path: '/w/c' },
      { op: 'create', path: '/w/d', data: 'd' },
    ])
    comeBack()
    await waitUntil('it is fresh', () => !view.getSnapshot().stale, { intervalMs: 5 })
    await waitUntil('it has caught up', () => view.getSnapshot().nodes.has('/w/d'), { intervalMs: 5 })
    expect(shown(view.getSnapshot())).toEqual({
      '/w': 0,
      '/w/a': 'a',
      '/w/a/x': 'deep',
      '/w/b': 'B',
      '/w/d': 'd',
    })
    expect(view.getSnapshot().nodes.get('/w/a')).toBe(nodes.get('/w/a'))
    expect(seen).toEqual(['stale 5 b', 'fresh 5 B'])
  })
})
