import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { closeGateways, startGateway, token } from '../../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../../tools/gateway/raw-page.js'
import { done, Viewer } from '../../../tools/server/viewer.js'
import { waitUntil } from '../../../tools/wait-until.js'

describe('a gateway that shows views', () => {
  let ensemble: DevEnsemble
  beforeEach(async () => {
    ensemble = await startDevEnsemble({ servers: 1 })
  })
  afterEach(async () => {
    await closeGateways()
    await ensemble.close()
  })
  const connect = (url: string, claims: object = {}) => RawPage.connect(url, { token: token('ada', claims) })

  it('limits the views of one session and of all sessions', async () => {
    const { url } = await startGateway(ensemble.connectString, { limits: { maxViews: 2, maxSharedViews: 3 } })
    const [one, other] = [await connect(url), await connect(url)]
    const open = async (page: RawPage, path: string) => {
      const answer = await page.call('openView', { path })
      return answer.type === 'error' ? answer.error : answer.result
    }
    const first = (await open(one, '/a')) as { view: number }
    await open(one, '/b')
    expect(await open(one, '/c')).toMatchObject({ code: 'RATE_LIMITED', path: '/c', retryable: true })
    expect(await open(other, '/c')).toHaveProperty('view')
    expect(await open(other, '/d')).toMatchObject({
      code: 'RATE_LIMITED',
      message: expect.stringContaining('3'),
    })
    await done(one, 'closeView', first)
    expect(await open(other, '/d')).toHaveProperty('view')
    // A view that a page shows already takes none of the gateway's.
    expect(await open(one, '/d')).toHaveProperty('view')
  })

  it('limits the different views of one subject, and counts refusals', async () => {
    const { url, http } = await startGateway(ensemble.connectString, {
      limits: { maxSharedViewsPerSubject: 2 },
    })
    const [one, other] = [await connect(url), await connect(url)]
    await done(one, 'openView', { path: '/a' })
    const { result } = await done(other, 'openView', { path: '/b' })
    const refused = await one.call('openView', { path: '/c' })
    expect(refused).toMatchObject({
      type: 'error',
      error: {
        code: 'RATE_LIMITED',
        path: '/c',
        retryable: true,
        message: expect.stringContaining('close some'),
      },
    })
    // Two more pages for views that the subject shows already, and another subject.
    await done(other, 'openView', { path: '/a' })
    await done(one, 'openView', { path: '/b' })
    const grace = await RawPage.connect(url, { token: token('grace') })
    await done(grace, 'openView', { path: '/c' })
    const metrics = await (await fetch(`${http}/metrics`)).text()
    expect(metrics).toContain('zoogate_limited_total{limit="maxSharedViewsPerSubject"} 1\n')
    await done(other, 'closeView', result as { view: number })
    expect(await one.call('openView', { path: '/c' })).toMatchObject({ type: 'error' })
    one.cut()
    await waitUntil(
      'a place is free when the other page is gone',
      async () => (await other.call('openView', { path: '/c' })).type === 'reply',
    )
  })

  it('ends a view with too many nodes or bytes, at once or later', async () => {
    const { url } = await startGateway(ensemble.connectString, {
      limits: { maxViewNodes: 3, maxViewBytes: 2000 },
    })
    const writer = await connect(url)
    for (const path of ['/many', '/big', '/full', '/full/a', '/full/b', '/full/c', '/full/d', '/full/d/e']) {
      await done(writer, 'create', { path })
    }
    for (const depth of ['children', 'subtree'] as const) {
      const full = await Viewer.connect(url, { path: '/full', depth })
      expect(await full.ended()).toMatchObject({ code: 'TOO_LARGE', retryable: false })
    }
    const many = await Viewer.connect(url, { path: '/many' })
    const big = await Viewer.connect(url, { path: '/big', data: true })
    for (const name of ['a', 'b', 'c']) await done(writer, 'create', { path: `/many/${name}` })
    await many.shows('a', 'b', 'c')
    await done(writer, 'create', { path: '/many/d' })
    expect(await many.ended()).toMatchObject({ code: 'TOO_LARGE' })
    await done(writer, 'create', { path: '/big/a', data: 'x'.repeat(2000) })
    expect(await big.ended()).toMatchObject({ code: 'TOO_LARGE' })
    const session = await writer.session()
    await waitUntil('nothing is held for views any more', () => ensemble.sessions().length === 5)
    expect(ensemble.sessions()).toContain(session.id)
  })

  it('evicts the largest view of the subject that uses most memory', async () => {
    const { url, http } = await startGateway(ensemble.connectString, {
      limits: { maxViewBytesTotal: 20_000 },
    })
    const writer = await connect(url)
    for (const path of ['/small', '/small/a', '/large', '/larger']) await done(writer, 'create', { path })
    const small = await Viewer.connect(url, { path: '/small' })
    await small.shows('a')
    const mallory = await RawPage.connect(url, { token: token('mallory') })
    const large = await Viewer.open(mallory, { path: '/large', data: true })
    const larger = await Viewer.open(mallory, { path: '/larger', data: true })
    await done(writer, 'create', { path: '/large/x', data: 'x'.repeat(4_000) })
    await large.shows('x')
    await done(writer, 'create', { path: '/larger/x', data: 'x'.repeat(12_000) })
    await larger.shows('x')
    await done(writer, 'create', { path: '/small/b', data: 'x'.repeat(6_000) })
    await small.shows('a', 'b')
    // The excess comes from the subject that uses least.
    const straw = await Viewer.connect(url, { path: '/small', data: true })
    expect(await larger.ended()).toMatchObject({ code: 'RATE_LIMITED', retryable: true })
    await straw.shows('a', 'b')
    expect([large.update().error, small.update().error]).toEqual([null, null])
    expect(await (await fetch(`${http}/metrics`)).text()).toContain(
      'zoogate_limited_total{limit="maxViewBytesTotal"} 1\n',
    )
  })

  it('refuses a page that has views read in a loop, and no page that opens views which are shown', async () => {
    // A burst of two of the largest views, which is twenty reads; hardly any read is allowed anew meanwhile.
    const { url, http } = await startGateway(ensemble.connectString, {
      limits: { maxViewNodes: 10, maxViewReadsPerSecond: 1 },
    })
    const writer = await connect(url)
    await done(writer, 'create', { path: '/room' })
    const names = Array.from({ length: 9 }, (_, at) => `n${at}`)
    for (const name of names) await done(writer, 'create', { path: `/room/${name}` })
    const page = await connect(url)
    for (let round = 0; round < 2; round += 1) {
      const viewer = await Viewer.open(page, { path: '/room' })
      await viewer.shows(...names)
      await done(page, 'closeView', { view: viewer.view })
    }
    expect(await page.call('openView', { path: '/room' })).toMatchObject({
      type: 'error',
      error: {
        code: 'RATE_LIMITED',
        retryable: true,
        message: expect.stringMatching(/try again in [1-9] s$/),
      },
    })
    expect(await (await fetch(`${http}/metrics`)).text()).toContain(
      'zoogate_limited_total{limit="maxViewReadsPerSecond"} 1\n',
    )
    const first = await Viewer.connect(url, { path: '/room' })
    await first.shows(...names)
    const later = await connect(url)
    for (let round = 0; round < 10; round += 1) {
      const viewer = await Viewer.open(later, { path: '/room' })
      await viewer.shows(...names)
      await done(later, 'closeView', { view: viewer.view })
    }
  })

  it('opens a view only for a page whose rules let it read all of the view', async () => {
    const { url } = await startGateway(ensemble.connectString, { access: 'rules' })
    const allow = ['read']
    const rules = [
      { path: '/rooms', allow },
      { path: '/rooms/*', allow },
      { path: '/half', allow },
      { path: '/half/one', allow },
      { path: '/deep/**', allow },
    ]
    const page = await connect(url, { zk: { rules } })
    const verdict = async (path: string, depth: 'children' | 'subtree') => {
      const answer = await page.call('openView', { path, depth })
      return answer.type === 'error' ? answer.error.code : 'shown'
    }
    expect(await verdict('/rooms', 'children')).toBe('shown')
    expect(await verdict('/rooms', 'subtree')).toBe('FORBIDDEN')
    expect(await verdict('/rooms/1', 'children')).toBe('FORBIDDEN')
    expect(await verdict('/half', 'children')).toBe('FORBIDDEN')
    expect(await verdict('/deep/1', 'children')).toBe('shown')
    expect(await verdict('/deep', 'subtree')).toBe('shown')
    expect(await verdict('/', 'children')).toBe('FORBIDDEN')
    const bad = await page.call('openView', { path: '/rooms/../secret' })
    expect(bad).toMatchObject({ type: 'error', error: { code: 'BAD_REQUEST' } })
  })

  it('shows two tenants no nodes of each other under the same names', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const root = await connect(url)
    for (const path of ['/one', '/one/room', '/two', '/two/room', '/onetwo', '/onetwo/room']) {
      await done(root, 'create', { path })
    }
    const viewers = await Promise.all(
      ['/one', '/two'].map((chroot) =>
        Viewer.connect(url, { path: '/room', data: true }, { zk: { chroot } }),
      ),
    )
    const [one, two] = viewers as [Viewer, Viewer]
    expect(one.view).not.toBe(two.view)
    await done(one.page, 'create', { path: '/room/mine', data: 'a' })
    await done(root, 'create', { path: '/onetwo/room/neighbour' })
    await done(two.page, 'create', { path: '/room/theirs', data: 'b' })
    await one.shows('mine')
    await two.shows('theirs')
    // From above the same nodes have longer names, in another view.
    const above = await Viewer.open(root, { path: '/one', depth: 'subtree' })
    await above.shows('', 'room', 'room/mine')
  })

  it('shows a view that one page opens twice until it has closed it twice', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const writer = await connect(url)
    await done(writer, 'create', { path: '/room' })
    const viewer = await Viewer.connect(url, { path: '/room' })
    await viewer.shows()
    await done(writer, 'create', { path: '/room/a' })
    await viewer.shows('a')
    const again = await Viewer.open(viewer.page, {
      path: '/room',
      since: { zxid: viewer.point.zxid, count: 1 },
    })
    expect(again.view).toBe(viewer.view)
    await again.shows('a')
    expect(again.last).toMatchObject({ kept: [] })
    const { view } = viewer
    await done(viewer.page, 'closeView', { view })
    await done(writer, 'create', { path: '/room/b' })
    await viewer.shows('a', 'b')
    await done(viewer.page, 'closeView', { view })
    await done(writer, 'create', { path: '/room/c' })
    await done(viewer.page, 'closeView', { view })
    expect(viewer.paths).toEqual(['a', 'b'])
  })

  it('counts its views in the metrics', async () => {
    const { url, http } = await startGateway(ensemble.connectString)
    const page = await connect(url)
    await done(page, 'create', { path: '/room' })
    await done(page, 'create', { path: '/room/a' })
    const figures = async () => {
      const text = await (await fetch(`${http}/metrics`)).text()
      return Object.fromEntries(
        [...text.matchAll(/^zoogate_(view\w*) (\d+)$/gm)].map(([, k, n]) => [k, Number(n)]),
      )
    }
    const viewer = await Viewer.open(page, { path: '/room' })
    await viewer.shows('a')
    const shown = { views: 1, view_subscribers: 1, view_slow_subscribers: 0, view_nodes: 1, view_watches: 1 }
    expect(await figures()).toMatchObject(shown)
    await done(page, 'closeView', { view: viewer.view })
    const nothing = {
      views: 0,
      view_subscribers: 0,
      view_slow_subscribers: 0,
      view_nodes: 0,
      view_watches: 0,
    }
    expect(await figures()).toMatchObject(nothing)
  })
})
