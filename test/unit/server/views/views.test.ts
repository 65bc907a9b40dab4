import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { closeGateways, startGateway, token } from '../../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../../tools/gateway/raw-page.js'
import { done, Viewer } from '../../../tools/server/viewer.js'
import { waitUntil } from '../../../tools/wait-until.js'

describe.each([
  ['with lasting watches', true],
  ['with one-shot watches, on an ensemble before 3.6', false],
])('a view %s', (_, persistentWatches) => {
  let ensemble: DevEnsemble
  let url: string
  let writer: RawPage
  beforeAll(async () => {
    ensemble = await startDevEnsemble({ servers: 1, persistentWatches })
  })
  afterAll(() => ensemble.close())
  let room: string
  let rooms = 0
  beforeEach(async () => {
    ;({ url } = await startGateway(ensemble.connectString))
    writer = await RawPage.connect(url, { token: token('writer') })
    rooms += 1
    room = `/room-${rooms}`
    await done(writer, 'create', { path: room })
  })
  afterEach(closeGateways)
  const create = (name: string, data = '', rest: object = {}) =>
    done(writer, 'create', { path: `${room}/${name}`, data, ...rest })

  it('shows the children and then every change of them', async () => {
    await create('a', 'one')
    const viewer = await Viewer.connect(url, { path: room, data: true })
    await viewer.shows('a')
    expect(viewer.last).toMatchObject({
      kept: [],
      nodes: { a: ['one', null, expect.any(String), expect.any(Number)] },
    })
    await create('b', 'two')
    await viewer.shows('a', 'b')
    await done(writer, 'setData', { path: `${room}/a`, data: 'three' })
    await viewer.until('the data has changed', ({ nodes }) => nodes.get('a')?.[0] === 'three')
    expect(viewer.nodes.get('a')?.[6]).toBe(1)
    await done(writer, 'delete', { path: `${room}/b` })
    await viewer.shows('a')
    expect(viewer.last).not.toHaveProperty('kept')
  })

  it('shows only the length of data that the page did not ask for', async () => {
    await create('a', 'größer')
    const viewer = await Viewer.connect(url, { path: room })
    await viewer.shows('a')
    expect(viewer.nodes.get('a')?.[0]).toBe(8)
  })

  it('leaves out the fields that a new node has anyway', async () => {
    await create('a', 'x')
    const viewer = await Viewer.connect(url, { path: room, data: true })
    await viewer.shows('a')
    expect(viewer.nodes.get('a')).toHaveLength(4)
    const { result } = await done(writer, 'setData', { path: `${room}/a`, data: 'x' })
    await viewer.until('the version is there', ({ nodes }) => nodes.get('a')?.length === 7)
    const { stat } = result as { stat: { czxid: string; ctime: number; mzxid: string; mtime: number } }
    expect(viewer.nodes.get('a')).toEqual(['x', null, stat.czxid, stat.ctime, stat.mzxid, stat.mtime, 1])
  })

  it('shows a subtree with its own node and with everything below new nodes', async () => {
    await create('a', 'x')
    const viewer = await Viewer.connect(url, { path: room, depth: 'subtree' })
    await viewer.shows('', 'a')
    await create('a/b')
    await create('a/b/c')
    await create('d')
    await viewer.shows('', 'a', 'a/b', 'a/b/c', 'd')
    await done(writer, 'delete', { path: `${room}/a/b/c` })
    await done(writer, 'delete', { path: `${room}/a/b` })
    await viewer.shows('', 'a', 'd')
  })

  it('shows no grandchildren', async () => {
    await create('a')
    const viewer = await Viewer.connect(url, { path: room })
    await viewer.shows('a')
    await create('a/deep')
    await create('b')
    await viewer.shows('a', 'b')
  })

  it.each(['children', 'subtree'] as const)(
    'fills with the %s of a path when the path is created, and once more when it is created again',
    async (depth) => {
      const path = `${room}/later`
      const viewer = await Viewer.connect(url, { path, depth })
      await viewer.shows()
      const own = depth === 'subtree' ? [''] : []
      for (let round = 0; round < 2; round += 1) {
        await create('later')
        await create('later/a')
        await viewer.shows(...own, 'a')
        await done(writer, 'delete', { path: `${path}/a` })
        await done(writer, 'delete', { path })
        await viewer.shows()
      }
    },
  )

  it('shows nodes whose names are properties of every object', async () => {
    const viewer = await Viewer.connect(url, { path: room })
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
    for (const name of names) await create(name)
    await viewer.shows(...names)
    const second = await Viewer.connect(url, { path: room })
    await second.shows(...names)
    await done(writer, 'delete', { path: `${room}/__proto__` })
    await viewer.shows(...names.slice(1))
  })

  it('marks the nodes of each session, and no others', async () => {
    const viewer = await Viewer.connect(url, { path: room })
    await create('mine', '', { mode: 'ephemeral' })
    await create('container', '', { mode: 'container' })
    await done(viewer.page, 'create', { path: `${room}/other`, mode: 'ephemeral' })
    await viewer.shows('mine', 'container', 'other')
    const [one, other] = [await writer.session(), await viewer.page.session()]
    expect(one.mark).toMatch(/^[\w-]{11}$/)
    expect(viewer.nodes.get('mine')?.[1]).toBe(one.mark)
    expect(viewer.nodes.get('other')?.[1]).toBe(other.mark)
    expect(viewer.nodes.get('container')?.[1]).toBeNull()
    expect(JSON.stringify(viewer.page.messages.filter(({ type }) => type === 'view'))).not.toContain(
      one.id.slice(2),
    )
  })

  it('hides nodes that not all may read, and everything below them', async () => {
    const acl = [{ scheme: 'world', id: 'anyone', permissions: ['create' as const, 'delete' as const] }]
    await create('open')
    await create('hidden', 'secret', { acl })
    await create('hidden/below')
    const early = await Viewer.connect(url, { path: room, depth: 'subtree' })
    await early.shows('', 'open')
    await create('hidden2', 'secret', { acl })
    await create('hidden2/below')
    await create('open2')
    await early.shows('', 'open', 'open2')
    const children = await Viewer.connect(url, { path: room })
    await children.shows('open', 'open2')
    for (const depth of ['children', 'subtree'] as const) {
      const hidden = await Viewer.connect(url, { path: `${room}/hidden`, depth })
      expect(await hidden.ended()).toMatchObject({ code: 'NO_AUTH', retryable: false })
    }
  })

  it('needs one session for all pages, which is closed with the last of them', async () => {
    const pages = await Promise.all(Array.from({ length: 5 }, () => RawPage.connect(url, { token: token() })))
    const before = ensemble.sessions().length
    const viewers = await Promise.all(pages.map((page) => Viewer.open(page, { path: room })))
    for (const viewer of viewers) await viewer.shows()
    expect(new Set(viewers.map(({ view }) => view)).size).toBe(1)
    expect(ensemble.sessions()).toHaveLength(before + 1)
    for (const { page } of viewers.slice(1)) page.cut()
    await create('a')
    await (viewers[0] as Viewer).shows('a')
    await done((viewers[0] as Viewer).page, 'closeView', { view: (viewers[0] as Viewer).view })
    await waitUntil('the session is closed', () => ensemble.sessions().length === before)
  })
})
