import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import type { HexLong } from 'zoogate-client/protocol'
import { AclChanges } from '../../../../server/src/views/view-source.js'
import { closeGateways, startGateway, token } from '../../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../../tools/gateway/raw-page.js'
import { done, Viewer } from '../../../tools/server/viewer.js'
import { waitUntil } from '../../../tools/wait-until.js'

const ROOM = { path: '/room', data: true }

describe('a view over a gap', () => {
  let ensemble: DevEnsemble
  let url: string
  /** On a gateway of its own, which the faults of the other one do not reach. */
  let writer: RawPage
  beforeEach(async () => {
    ensemble = await startDevEnsemble({ servers: 3 })
    ;({ url } = await startGateway(ensemble.connectString))
    writer = await RawPage.connect((await startGateway(ensemble.connectString)).url, {
      token: token('writer'),
    })
    await done(writer, 'create', { path: '/room' })
    for (const name of ['a', 'b', 'c']) await create(name)
  })
  afterEach(async () => {
    await closeGateways()
    await ensemble.close()
  })
  const create = (name: string) => done(writer, 'create', { path: `/room/${name}`, data: name })
  const remove = (name: string) => done(writer, 'delete', { path: `/room/${name}` })

  /** A page that shows the room, and its gateway's own session for views. */
  async function shown() {
    const page = await RawPage.connect(url, { token: token() })
    const before = ensemble.sessions()
    const viewer = await Viewer.open(page, ROOM)
    await viewer.shows('a', 'b', 'c')
    const source = ensemble.sessions().find((id) => !before.includes(id)) as string
    return { viewer, source }
  }

  it('sends that it is stale, then only the nodes that have changed meanwhile', async () => {
    const { viewer, source } = await shown()
    ensemble.stallLinks({ session: source })
    await create('d')
    await remove('a')
    ensemble.cutLinks({ session: source })
    await viewer.shows('b', 'c', 'd')
    expect(viewer.heard).toEqual(['view', 'viewStale', 'view'])
    expect(viewer.last).toMatchObject({
      nodes: { a: null, d: ['d', null, expect.any(String), expect.any(Number)] },
    })
    expect(Object.keys((viewer.last as { nodes: object }).nodes)).toHaveLength(2)
    await create('e')
    await viewer.shows('b', 'c', 'd', 'e')
  })

  it('is fresh again where nothing has changed', async () => {
    const { viewer, source } = await shown()
    ensemble.cutLinks({ session: source })
    await viewer.until('the view is fresh again', ({ heard }) => heard.length === 3)
    expect(viewer.heard).toEqual(['view', 'viewStale', 'view'])
    expect(viewer.last).toMatchObject({ nodes: {} })
    expect(viewer.last).not.toHaveProperty('kept')
  })

  it('goes on in a new session where the gateway’s own has expired', async () => {
    const { viewer, source } = await shown()
    ensemble.expireSession(source)
    await remove('b')
    await viewer.until('the view is stale', ({ heard }) => heard.includes('viewStale'))
    await viewer.shows('a', 'c')
    await create('d')
    await viewer.shows('a', 'c', 'd')
    expect(ensemble.sessions()).not.toContain(source)
  })

  it('goes on while the page’s own link to the ensemble is down', async () => {
    const { viewer } = await shown()
    const { id } = await viewer.page.session()
    ensemble.stallLinks({ session: id })
    await create('d')
    await viewer.shows('a', 'b', 'c', 'd')
    expect(viewer.heard).toEqual(['view', 'view'])
  })

  it('sends a page that comes back only the changes that it has missed, on any gateway', async () => {
    const { viewer } = await shown()
    const other = await startGateway(ensemble.connectString)
    const same = await viewer.moveTo(other.url, ROOM)
    await same.shows('a', 'b', 'c')
    expect(same.last).toMatchObject({ nodes: {}, since: viewer.point.zxid })
    expect(same.last).not.toHaveProperty('kept')

    same.page.cut()
    await done(writer, 'setData', { path: '/room/a', data: 'new' })
    await create('d')
    const changed = await same.moveTo(other.url, ROOM)
    await changed.shows('a', 'b', 'c', 'd')
    expect(Object.keys((changed.last as { nodes: object }).nodes).sort()).toEqual(['a', 'd'])
    expect(changed.last).not.toHaveProperty('kept')

    changed.page.cut()
    await remove('b')
    const less = await changed.moveTo(url, ROOM)
    await less.shows('a', 'c', 'd')
    expect(less.last).toMatchObject({ nodes: {}, kept: expect.arrayContaining(['a', 'c', 'd']) })
  })

  it('asks the leader where a page knows a newer zxid than its gateway', async () => {
    const { viewer } = await shown()
    // A change outside of the room: it moves the zxid, and the first gateway gets no event for it.
    await done(writer, 'create', { path: '/elsewhere' })
    const other = await startGateway(ensemble.connectString)
    const newer = await Viewer.connect(other.url, ROOM)
    await newer.shows('a', 'b', 'c')
    expect(BigInt(newer.point.zxid)).toBeGreaterThan(BigInt(viewer.point.zxid))
    const back = await newer.moveTo(url, ROOM)
    await back.shows('a', 'b', 'c')
    expect(back.last).toMatchObject({ nodes: {}, since: newer.point.zxid })
    expect(viewer.update().heard).toEqual(['view'])
  })

  it.each([
    ['from a future that never was', '0xffffffffffffffff'],
    ['with more nodes than there have been', '0x0000000100000000'],
  ])('sends a snapshot to a page that comes %s', async (_, zxid) => {
    const { viewer } = await shown()
    const page = await RawPage.connect(url, { token: token() })
    const whole = await Viewer.open(page, { ...ROOM, since: { zxid, count: 0 } })
    await whole.shows('a', 'b', 'c')
    const names = Object.keys((whole.last as { nodes: object }).nodes)
    expect(names.sort()).toEqual(viewer.paths)
  })

  it('comes back after every server has been down', async () => {
    const { viewer } = await shown()
    await Promise.all([0, 1, 2].map((index) => ensemble.stopServer(index)))
    await viewer.until('the view is stale', ({ isStale }) => isStale)
    await Promise.all([0, 1, 2].map((index) => ensemble.startServer(index)))
    await viewer.shows('a', 'b', 'c')
  })

  it('leaves nothing behind when its gateway closes', async () => {
    const gateway = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(gateway.url, { token: token() })
    const before = ensemble.sessions()
    const viewer = await Viewer.open(page, ROOM)
    await viewer.shows('a', 'b', 'c')
    const source = ensemble.sessions().find((id) => !before.includes(id)) as string
    await gateway.gateway.close()
    await waitUntil('the session of the views is closed', () => !ensemble.sessions().includes(source))
  })
})

describe('a view after all earlier views were closed', () => {
  it('drops a node at once that a page of its gateway hides, also when a sync was due at the close', async () => {
    const ensemble = await startDevEnsemble({ servers: 1 })
    const { url } = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(url, { token: token() })
    await done(page, 'create', { path: '/room' })
    for (const name of ['a', 'b', 'c']) await done(page, 'create', { path: `/room/${name}` })
    const before = ensemble.sessions()
    const earlier = await Viewer.open(page, ROOM)
    await earlier.shows('a', 'b', 'c')
    const source = ensemble.sessions().find((id) => !before.includes(id)) as HexLong
    const setAcl = (name: string, scheme: string, id: string) =>
      done(page, 'setACL', { path: `/room/${name}`, acl: [{ scheme, id, permissions: ['read'] }] })
    ensemble.stallLinks({ session: source })
    await setAcl('a', 'world', 'anyone')
    await setAcl('b', 'world', 'anyone')
    await done(page, 'closeView', { view: earlier.view })
    ensemble.resumeLinks({ session: source })
    await waitUntil('the session of the views is closed', () => !ensemble.sessions().includes(source))
    const viewer = await Viewer.open(page, ROOM)
    await viewer.shows('a', 'b', 'c')
    await setAcl('c', 'digest', 'ada:secret')
    await viewer.shows('a', 'b')
    await closeGateways()
    await ensemble.close()
  })
})

describe('the ACL changes of a view source', () => {
  /** The log of syncs and changes, in order; `answer` answers the oldest sync. */
  function open() {
    const log: string[] = []
    const answers: (() => void)[] = []
    const changes = new AclChanges(
      (path, synced) => {
        log.push(`sync ${path}`)
        answers.push(synced)
      },
      (path) => log.push(`changed ${path}`),
    )
    return { changes, log, answer: () => answers.shift()?.() }
  }

  it('reach the views after the sync, not before', () => {
    const { changes, log, answer } = open()
    changes.add('/a')
    expect(log).toEqual(['sync /a'])
    answer()
    expect(log).toEqual(['sync /a', 'changed /a'])
  })

  it('share one sync where they come during an earlier one', () => {
    const { changes, log, answer } = open()
    for (const path of ['/a', '/b', '/c', '/b']) changes.add(path)
    answer()
    expect(log).toEqual(['sync /a', 'changed /a', 'sync /b'])
    answer()
    expect(log.slice(3)).toEqual(['changed /b', 'changed /c'])
    answer()
    expect(log).toHaveLength(5)
  })
})
