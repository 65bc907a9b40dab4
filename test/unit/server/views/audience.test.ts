import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { closeGateways, startGateway, token } from '../../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../../tools/gateway/raw-page.js'
import { heapAfterCollection } from '../../../tools/heap.js'
import { FakePage, startViews } from '../../../tools/server/fake-page.js'
import { done, Viewer } from '../../../tools/server/viewer.js'
import { waitUntil } from '../../../tools/wait-until.js'

const SPEC = { path: '/room', depth: 'children', data: true } as const

describe('a page that does not read', () => {
  let ensemble: DevEnsemble
  let url: string
  let http: string
  let writer: RawPage
  beforeEach(async () => {
    ensemble = await startDevEnsemble({ servers: 1 })
    ;({ url, http } = await startGateway(ensemble.connectString))
    writer = await RawPage.connect(url, { token: token('writer') })
    await done(writer, 'create', { path: '/room' })
    for (const name of ['a', 'b']) await done(writer, 'create', { path: `/room/${name}` })
  })
  afterEach(async () => {
    await closeGateways()
    await ensemble.close()
  })
  const set = (name: string, data: string) => done(writer, 'setData', { path: `/room/${name}`, data })
  const knows = (page: FakePage, name: string, data: string) =>
    waitUntil(`${name} is ${data}`, () => page.map.nodes.get(name)?.[0] === data, { intervalMs: 1 })

  it('gets nothing until it has read everything, then the newest state of the changed nodes', async () => {
    const gateway = startViews(ensemble.connectString)
    const [slow, quick] = [new FakePage(gateway, SPEC), new FakePage(gateway, SPEC)]
    await waitUntil('both show the room', () => !slow.isStale && !quick.isStale)
    slow.stall()
    for (let count = 1; count <= 50; count += 1) {
      await set('a', `${count}`)
      await knows(quick, 'a', `${count}`)
    }
    await done(writer, 'delete', { path: '/room/b' })
    await waitUntil('the deletion is sent', () => quick.map.nodes.size === 1)
    expect(slow.texts).toHaveLength(1)
    expect(gateway.views.readings()).toMatchObject({ subscribers: 2, slow: 1 })
    slow.drain()
    expect(slow.texts).toHaveLength(2)
    expect(JSON.parse(String(slow.texts[1]))).toMatchObject({
      kept: [],
      nodes: { a: expect.arrayContaining(['50']) },
    })
    expect([...slow.map.nodes]).toEqual([...quick.map.nodes])
    expect(gateway.views.readings().slow).toBe(0)
    await set('a', 'more')
    await knows(slow, 'a', 'more')
    for (const page of [slow, quick]) page.leave()
    await gateway.views.closed()
  })

  it('learns of a gap that began meanwhile once it reads again', async () => {
    const gateway = startViews(ensemble.connectString)
    const [slow, quick] = [new FakePage(gateway, SPEC), new FakePage(gateway, SPEC)]
    await waitUntil('both show the room', () => !slow.isStale && !quick.isStale)
    slow.stall()
    await set('a', 'unseen')
    await knows(quick, 'a', 'unseen')
    await ensemble.stopServer(0)
    await waitUntil('the link is lost', () => quick.isStale)
    expect(slow.isStale).toBe(false)
    slow.drain()
    expect(slow.isStale).toBe(true)
    expect(slow.texts).toHaveLength(2)
    await ensemble.startServer(0)
    await knows(slow, 'a', 'unseen')
    expect(slow.isStale).toBe(false)
    for (const page of [slow, quick]) page.leave()
    await gateway.views.closed()
  })

  it('costs the gateway no memory, however many such pages there are and however much changes', async () => {
    const gateway = startViews(ensemble.connectString)
    const quick = new FakePage(gateway, SPEC)
    const slow = Array.from({ length: 500 }, () => new FakePage(gateway, SPEC))
    await waitUntil('all show the room', () => slow.every(({ isStale }) => !isStale))
    for (const page of slow) page.stall()
    await set('a', 'x'.repeat(100_000))
    await waitUntil('all are behind', () => gateway.views.readings().slow === 500)
    const before = heapAfterCollection()
    for (let count = 0; count < 100; count += 1) await set('a', `${count}${'x'.repeat(100_000)}`)
    await knows(quick, 'a', `99${'x'.repeat(100_000)}`)
    quick.texts.length = 0
    expect(heapAfterCollection() - before).toBeLessThan(4_000_000)
    for (const page of slow) page.drain()
    // One text for all of them.
    expect(new Set(slow.map(({ texts }) => texts[1])).size).toBe(1)
    for (const page of [...slow, quick]) page.leave()
    await gateway.views.closed()
  })

  it('is up to date after it reads again, over a real socket', async () => {
    const viewer = await Viewer.connect(url, { path: '/room', data: true })
    await viewer.shows('a', 'b')
    viewer.page.socket.pause()
    const isSlow = async () =>
      /^zoogate_view_slow_subscribers 1$/m.test(await (await fetch(`${http}/metrics`)).text())
    const big = 'x'.repeat(500_000)
    let changes = 0
    await waitUntil(
      'the kernel takes no more',
      async () => {
        changes += 1
        await set('a', `${changes}${big}`)
        return isSlow()
      },
      { intervalMs: 1 },
    )
    for (let more = 0; more < 20; more += 1) await set('a', `${more}${big}`)
    await set('a', 'the last')
    const sent = changes + 21
    viewer.page.socket.resume()
    await viewer.until('it has the newest', ({ nodes }) => nodes.get('a')?.[0] === 'the last')
    expect(viewer.heard.length).toBeLessThan(sent)
    expect(viewer.page.closedWith).toBeNull()
    expect(await isSlow()).toBe(false)
  })
})
