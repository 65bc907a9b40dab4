import { describe, expect, it } from 'vitest'
import type { CoreClient } from 'zoogate-client/core'
import { createLock, type Held } from 'zoogate-client/recipes'
import { childrenOf, codeOf, stageForEach, untilQueued } from '../../../tools/sdk/recipe-stage.js'
import { waitUntil } from '../../../tools/wait-until.js'

const PATH = '/locks/printer'
const stage = stageForEach()

describe('a lock', () => {
  it('is held by one of two, and given to the other on release', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const first = await createLock(ada, PATH).acquire()
    const order: string[] = []
    const waiting = createLock(bob, PATH).acquire()
    waiting.then(() => order.push('bob holds'))
    await untilQueued(ada, PATH, 2)
    expect(first.isHeld).toBe(true)
    order.push('ada releases')
    await first.release()
    const second = await waiting
    expect(order).toEqual(['ada releases', 'bob holds'])
    expect([first.isHeld, second.isHeld]).toEqual([false, true])
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken)
    expect(first.signal.aborted).toBe(false)
    await second.release()
    expect(await childrenOf(ada, PATH)).toEqual([])
  })

  it('lets twenty in one at a time, in the order of the queue, with growing tokens', async () => {
    const pages = await Promise.all(Array.from({ length: 5 }, () => stage.page()))
    let inside = 0
    const held: { token: bigint; path: string }[] = []
    const visit = async (page: CoreClient) => {
      await using lock = await createLock(page, PATH).acquire()
      inside += 1
      expect(inside).toBe(1)
      held.push({ token: lock.fencingToken, path: lock.path })
      // A read and a write of one value by all contenders: without the lock updates get lost.
      const count = Number((await page.getData('/count')).text())
      await page.setData('/count', String(count + 1))
      expect(lock.isHeld).toBe(true)
      inside -= 1
    }
    const [ada] = pages as [CoreClient]
    await ada.create('/count', '0')
    await Promise.all(Array.from({ length: 20 }, (_, at) => visit(pages[at % 5] as CoreClient)))
    expect((await ada.getData('/count')).text()).toBe('20')
    expect(held.map(({ token }) => token)).toEqual(
      held.map(({ token }) => token).sort((a, b) => Number(a - b)),
    )
    expect(new Set(held.map(({ token }) => token)).size).toBe(20)
    const places = held.map(({ path }) => Number(path.slice(-10)))
    expect(places).toEqual(Array.from({ length: 20 }, (_, at) => at))
    expect(await childrenOf(ada, PATH)).toEqual([])
  })

  it('wakes only the next contender in the queue', async () => {
    const ada = await stage.page()
    const first = await createLock(ada, PATH).acquire()
    const others: Promise<Held>[] = []
    const reads = [0, 0, 0]
    for (const at of reads.keys()) {
      const page = await stage.page()
      const counting = Object.create(page, {
        getChildren: {
          value: (...args: Parameters<CoreClient['getChildren']>) => {
            reads[at] = (reads[at] ?? 0) + 1
            return page.getChildren(...args)
          },
        },
      }) as CoreClient
      others.push(createLock(counting, PATH).acquire())
      await untilQueued(ada, PATH, at + 2)
    }
    await waitUntil('all have looked', () => reads.every((count) => count === 1), { intervalMs: 10 })
    const [second, third, last] = others as [Promise<Held>, Promise<Held>, Promise<Held>]
    await first.release()
    const secondHeld = await second
    expect(reads).toEqual([2, 1, 1])
    await secondHeld.release()
    const thirdHeld = await third
    expect(reads).toEqual([2, 2, 1])
    await thirdHeld.release()
    await (await last).release()
  })

  it('names its nodes as kazoo does, or as Curator does', async () => {
    const ada = await stage.page()
    const kazoo = await createLock(ada, PATH, { data: 'ada' }).acquire()
    expect(kazoo.path).toMatch(/^\/locks\/printer\/[0-9a-f]{32}__lock__0000000000$/)
    expect((await ada.getData(kazoo.path)).text()).toBe('ada')
    await kazoo.release()
    const curator = await createLock(ada, PATH, { layout: 'curator' }).acquire()
    expect(curator.path).toMatch(/\/_c_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-lock-0000000001$/)
    await curator.release()
  })

  it('waits behind contenders of both namings, and not behind other nodes', async () => {
    const ada = await stage.page()
    await ada.create('/locks')
    await ada.create(PATH)
    await ada.create(`${PATH}/notes-0000000000`)
    const before = await ada.create(`${PATH}/_c_x-lock-`, '', { mode: 'ephemeral_sequential' })
    const waiting = createLock(ada, PATH).acquire()
    await untilQueued(ada, PATH, 3)
    const early = await Promise.race([waiting.then(() => 'held'), ada.exists(PATH).then(() => 'waiting')])
    expect(early).toBe('waiting')
    await ada.delete(before.path)
    await (await waiting).release()
  })

  it('rejects, and leaves no node, when it is not held in time or aborted', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const held = await createLock(ada, PATH).acquire()
    const lock = createLock(bob, PATH)
    expect(await codeOf(lock.acquire({ timeoutMs: 50 }))).toBe('TIMED_OUT')
    const controller = new AbortController()
    const aborted = codeOf(lock.acquire({ signal: controller.signal }))
    await untilQueued(ada, PATH, 2)
    controller.abort()
    expect(await aborted).toBe('ABORTED')
    expect(await codeOf(lock.acquire({ signal: controller.signal }))).toBe('ABORTED')
    await untilQueued(ada, PATH, 1)
    expect(held.isHeld).toBe(true)
    await held.release()
  })

  it('removes its node although the answer to its creation is still out when it is aborted', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    await createLock(ada, PATH)
      .acquire()
      .then((held: Held) => held.release())
    stage.zoogate.ensemble.delayAnswers(200, { session: bob.session?.id ?? '0x0' })
    const controller = new AbortController()
    const aborted = codeOf(createLock(bob, PATH).acquire({ signal: controller.signal }))
    await untilQueued(ada, PATH, 1)
    controller.abort()
    expect(await aborted).toBe('ABORTED')
    await untilQueued(ada, PATH, 0)
  })

  it('never makes two nodes when the link breaks before the answer to the creation', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    await createLock(ada, PATH)
      .acquire()
      .then((held: Held) => held.release())
    stage.zoogate.ensemble.delayAnswers(500, { session: bob.session?.id ?? '0x0' })
    const acquired = createLock(bob, PATH).acquire()
    const [made] = await untilQueued(ada, PATH, 1)
    stage.zoogate.ensemble.cutLinks({ session: bob.session?.id ?? '0x0' })
    const held = await acquired
    expect(held.path).toBe(`${PATH}/${made}`)
    expect(await childrenOf(ada, PATH)).toEqual([made])
    expect(held.fencingToken).toBe((await ada.exists(held.path))?.czxid)
    await held.release()
  })

  it('makes its node again when the link broke before the creation was done', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const session = bob.session?.id ?? '0x0'
    stage.zoogate.ensemble.stallLinks({ session })
    const acquired = createLock(bob, PATH).acquire()
    stage.zoogate.cutPages()
    stage.zoogate.ensemble.resumeLinks()
    const held = await acquired
    expect(held.isHeld).toBe(true)
    expect(await childrenOf(ada, PATH)).toHaveLength(1)
    await held.release()
  })

  it('queues up again in the next session when its own has expired while it waited', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const held = await createLock(ada, PATH).acquire()
    const waiting = createLock(bob, PATH).acquire()
    await untilQueued(ada, PATH, 2)
    const old = bob.session?.id
    stage.zoogate.ensemble.expireSession(old ?? '0x0')
    await waitUntil('bob has another session', () => bob.state === 'CONNECTED' && bob.session?.id !== old)
    await untilQueued(ada, PATH, 2)
    await held.release()
    expect((await waiting).path.slice(-10)).toBe('0000000002')
  })

  it('rejects when the client is closed while it waits, and where there is no session', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    await createLock(ada, PATH).acquire()
    const waiting = codeOf(createLock(bob, PATH).acquire())
    await untilQueued(ada, PATH, 2)
    await bob.close()
    expect(await waiting).toBe('SESSION_CLOSED')
    await untilQueued(ada, PATH, 1)
    expect(await codeOf(createLock(stage.newPage(), PATH).acquire())).toBe('SESSION_CLOSED')
  })

  it('rejects when another client deletes the waiting node', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const held = await createLock(ada, PATH).acquire()
    const waiting = codeOf(createLock(bob, PATH).acquire())
    const queue = await untilQueued(ada, PATH, 2)
    const other = queue.find((name) => !held.path.endsWith(name))
    await ada.delete(`${PATH}/${other}`)
    await held.release()
    expect(await waiting).toBe('NO_NODE')
  })
})
