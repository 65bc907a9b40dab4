import { afterAll, beforeAll, expect, it } from 'vitest'
import WebSocket from 'ws'
import { type CoreClient, createClient } from 'zoogate-client/core'
import { createElection, createLock, createSharedValue, type Held } from 'zoogate-client/recipes'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { Kazoo } from '../../tools/zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const TURNS = 10

describeWith('zookeeper', 'kazoo')('the recipes of pages beside the recipes of kazoo', () => {
  let ensemble: RealEnsemble
  let pages: [CoreClient, CoreClient]
  let kazoos: [Kazoo, Kazoo]
  /** Takes part in no recipe. */
  let observer: Kazoo

  beforeAll(async () => {
    ensemble = await realEnsemble(1)
    const { url } = await startGateway(ensemble.connectString)
    const page = (name: string) => createClient({ url, getToken: () => token(name), WebSocket })
    const kazoo = () => Kazoo.connect(ensemble.connectString)
    pages = [page('ada'), page('bob')]
    kazoos = [await kazoo(), await kazoo()]
    observer = await kazoo()
    await Promise.all(pages.map((page) => page.connect()))
  })
  afterAll(async () => {
    await Promise.all(pages.map((page) => page.close()))
    await Promise.all([observer, ...kazoos].map((kazoo) => kazoo.close()))
    await closeGateways()
    await ensemble.close()
  })

  const queued = (path: string, names: string[]) =>
    waitUntil(`${names} are queued`, async () => (await observer.contenders(path)).join() === names.join())

  it('exclude each other from a lock', async () => {
    await observer.create('/counter', '0')
    const countOnPage = async (page: CoreClient) => {
      for (let turn = 0; turn < TURNS; turn += 1) {
        const held = await createLock(page, '/counted').acquire()
        const count = Number((await page.getData('/counter')).text())
        await page.setData('/counter', String(count + 1))
        expect(held.isHeld).toBe(true)
        await held.release()
      }
    }
    await Promise.all([
      ...pages.map(countOnPage),
      ...kazoos.map((kazoo) => kazoo.countUnderLock('/counted', '/counter', TURNS)),
    ])
    // Two holders at once would have lost a count.
    expect((await observer.get('/counter')).text).toBe(String(4 * TURNS))
    expect(await observer.getChildren('/counted')).toEqual([])
  })

  it('wait in one queue for a lock', async () => {
    const path = '/queue/of/all'
    const [ada, bob] = pages
    const [first, second] = kazoos
    const order: string[] = []
    const ofPage = async (page: CoreClient, data: string) => {
      const held = await createLock(page, path, { data }).acquire()
      order.push(data)
      return held
    }
    await first.acquireLock(path, 'kazoo 1')
    const adas: Promise<Held> = ofPage(ada, 'ada')
    await queued(path, ['kazoo 1', 'ada'])
    const seconds = second.acquireLock(path, 'kazoo 2').then(() => order.push('kazoo 2'))
    await queued(path, ['kazoo 1', 'ada', 'kazoo 2'])
    const bobs = ofPage(bob, 'bob')
    await queued(path, ['kazoo 1', 'ada', 'kazoo 2', 'bob'])
    expect(order).toEqual([])
    await first.releaseLock(path)
    const held = await adas
    await queued(path, ['ada', 'kazoo 2', 'bob'])
    expect(order).toEqual(['ada'])
    await held.release()
    await seconds
    await queued(path, ['kazoo 2', 'bob'])
    expect(order).toEqual(['ada', 'kazoo 2'])
    await second.releaseLock(path)
    await (await bobs).release()
    expect(order).toEqual(['ada', 'kazoo 2', 'bob'])
  })

  it('elect one leader, and all of them see it', async () => {
    const [ada, bob] = pages
    const [first, second] = kazoos
    await observer.create('/ballot', '')
    const candidate = createElection(ada, '/election', { data: 'ada' })
    const watching = createElection(bob, '/election')
    const shows = (name: string | null) =>
      waitUntil(`${name} is shown`, () => (watching.getSnapshot().leader?.data ?? null) === name)
    candidate.campaign()
    await waitUntil('ada leads', () => candidate.getSnapshot().isLeader)
    await shows('ada')
    const led = first.runElection('/election', 'kazoo', '/ballot')
    await queued('/election', ['ada', 'kazoo'])
    expect((await observer.get('/ballot')).text).toBe('')
    await candidate.resign()
    await led
    expect((await observer.get('/ballot')).text).toBe('kazoo')
    // A kazoo leader that stays: its Election is its Lock.
    await second.acquireLock('/election', 'kazoo 2')
    candidate.campaign()
    await queued('/election', ['kazoo 2', 'ada'])
    await shows('kazoo 2')
    expect(candidate.getSnapshot().isLeader).toBe(false)
    await second.releaseLock('/election')
    await waitUntil('ada leads again', () => candidate.getSnapshot().isLeader)
    await Promise.all([candidate.close(), watching.close()])
    expect(await observer.getChildren('/election')).toEqual([])
  })

  it('share a value', async () => {
    const value = createSharedValue(pages[0], '/values/limit', { initial: { limit: 1 } })
    await value.update(({ limit }) => ({ limit: limit + 1 }))
    expect((await observer.get('/values/limit')).text).toBe('{"limit":2}')
    await observer.set('/values/limit', '{"limit":9}')
    await waitUntil('the value of kazoo is shown', () => value.getSnapshot().value.limit === 9)
    expect(await value.compareAndSet({ limit: 3 }, 0)).toBeNull()
    value.close()
  })

  it('pass the lock on when a page is gone, and the page knows it before', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const page = createClient({
      url,
      getToken: () => token('eve'),
      sessionTimeoutMs: 4_000,
      WebSocket,
    })
    const { id } = await page.connect()
    const held = await createLock(page, '/given-on', { data: 'eve' }).acquire()
    const aborted = new Promise<number>((resolve) =>
      held.signal.addEventListener('abort', () => resolve(performance.now())),
    )
    const next = kazoos[0].acquireLock('/given-on', 'kazoo').then(() => performance.now())
    await queued('/given-on', ['eve', 'kazoo'])
    // The page goes on, and gets no message any more.
    await closeGateways()
    expect(await aborted).toBeLessThan(await next)
    expect(held.signal.reason).toMatchObject({ code: 'CONNECTION_LOSS' })
    expect(await ensemble.sessions()).not.toContain(id)
    await kazoos[0].releaseLock('/given-on')
    await page.close()
  })
})
