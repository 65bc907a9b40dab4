import { describe, expect, it } from 'vitest'
import { createSharedValue } from 'zoogate-client/recipes'
import { codeOf, stageForEach } from '../../../tools/sdk/recipe-stage.js'
import { waitUntil } from '../../../tools/wait-until.js'

const PATH = '/settings/limit'
const stage = stageForEach()

const until = (what: string, probe: () => boolean) => waitUntil(what, probe, { intervalMs: 10 })

describe('a shared value', () => {
  it('reads as its initial value, or undefined, until the first write creates its node', async () => {
    const page = await stage.page()
    const value = createSharedValue(page, PATH, { initial: 5 })
    const bare = createSharedValue<number>(page, PATH)
    expect(await value.get()).toEqual({ value: 5, version: null })
    expect(await bare.get()).toEqual({ value: undefined, version: null })
    expect(await page.exists(PATH)).toBeNull()
    expect(await value.set(7)).toEqual({ value: 7, version: 0 })
    expect((await page.getData(PATH)).text()).toBe('7')
    expect(await bare.get()).toEqual({ value: 7, version: 0 })
    value.close()
    bare.close()
  })

  it('shows each change to all clients, in frozen snapshots that stay the same in between', async () => {
    const [ada, bob] = [await stage.page(), stage.newPage()]
    const mine = createSharedValue(ada, PATH, { initial: 'a' })
    const theirs = createSharedValue(bob, PATH, { initial: 'a' })
    const before = theirs.getSnapshot()
    expect(before).toEqual({ value: 'a', version: null, stale: true, error: null })
    await bob.connect()
    await until('the absence is seen', () => !theirs.getSnapshot().stale)
    const seen: string[] = []
    theirs.subscribe(() => seen.push(theirs.getSnapshot().value))
    for (const value of ['b', 'c']) {
      await mine.set(value)
      await until(`${value} is shown`, () => theirs.getSnapshot().value === value)
    }
    const shown = theirs.getSnapshot()
    expect(Object.isFrozen(shown)).toBe(true)
    await bob.exists(PATH)
    expect(theirs.getSnapshot()).toBe(shown)
    expect(seen).toEqual(['b', 'c'])
    await ada.delete(PATH)
    await until('the absence is shown', () => theirs.getSnapshot().version === null)
    expect(theirs.getServerSnapshot()).toBe(before)
    theirs.close()
    mine.close()
  })

  it('is stale without a connection, and up to date again after it', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const value = createSharedValue(ada, PATH, { initial: { limit: 0 } })
    await createSharedValue<object>(bob, PATH).set({ limit: 1 })
    await until('1 is shown', () => value.getSnapshot().value.limit === 1)
    const { value: shown } = value.getSnapshot()
    const seen: [object, boolean][] = []
    value.subscribe(() => seen.push([value.getSnapshot().value, value.getSnapshot().stale]))
    stage.zoogate.cutPages()
    await until('it is fresh again', () => seen.length > 1 && !value.getSnapshot().stale)
    expect(seen).toEqual([
      [{ limit: 1 }, true],
      [{ limit: 1 }, false],
    ])
    expect(value.getSnapshot().value).toBe(shown)
    value.close()
  })

  it('is replaced only if no other client was faster', async () => {
    const page = await stage.page()
    const value = createSharedValue(page, PATH, { initial: 0 })
    expect(await value.compareAndSet(1, 3)).toBeNull()
    expect(await value.compareAndSet(1, null)).toEqual({ value: 1, version: 0 })
    expect(await value.compareAndSet(2, null)).toBeNull()
    expect(await value.compareAndSet(2, 0)).toEqual({ value: 2, version: 1 })
    expect(await value.compareAndSet(3, 0)).toBeNull()
    expect(await value.get()).toEqual({ value: 2, version: 1 })
    value.close()
  })

  it('loses no update of twenty at once', async () => {
    const pages = await Promise.all(Array.from({ length: 4 }, () => stage.page()))
    const values = pages.map((page) => createSharedValue(page, PATH, { initial: 0 }))
    const updates = Array.from({ length: 20 }, (_, at) => values[at % 4]?.update((count) => count + 1))
    await Promise.all(updates)
    expect(await values[0]?.get()).toEqual({ value: 20, version: 19 })
    for (const value of values) value.close()
  })

  it('gives up an update when others are always faster', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const value = createSharedValue(ada, PATH, { initial: 0 })
    await value.set(0)
    let rivals = 0
    const { getData } = ada
    const overtaken = Object.create(ada, {
      getData: {
        value: async (...args: Parameters<typeof getData>) => {
          const content = await getData(...args)
          await bob.setData(PATH, '9')
          rivals += 1
          return content
        },
      },
    }) as typeof ada
    const rival = createSharedValue(overtaken, PATH, { initial: 0 })
    rival.close()
    expect(await codeOf(rival.update((count) => count + 1, { maxAttempts: 3 }))).toBe('BAD_VERSION')
    expect(rivals).toBeGreaterThanOrEqual(3)
    expect((await value.get()).value).toBe(9)
    value.close()
  })

  it('rejects with an unknown outcome, and repeats no write', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const session = ada.session?.id ?? '0x0'
    const value = createSharedValue(ada, PATH, { initial: 0 })
    await value.set(0)
    stage.zoogate.ensemble.delayAnswers(400, { session })
    const update = value.update((count) => count + 1)
    await waitUntil('it was written', async () => (await bob.getData(PATH)).text() === '1', { intervalMs: 5 })
    stage.zoogate.ensemble.cutLinks({ session })
    await expect(update).rejects.toMatchObject({ code: 'CONNECTION_LOSS', outcome: 'unknown' })
    expect(await value.get()).toEqual({ value: 1, version: 1 })
    value.close()
  })

  it('repeats an update of unknown outcome once it is certain that it has not happened', async () => {
    const ada = await stage.page()
    const value = createSharedValue(ada, PATH, { initial: 0 })
    await value.set(0)
    const session = ada.session?.id ?? '0x0'
    const given: number[] = []
    const updated = value.update((count) => {
      given.push(count)
      // The write that follows gets as far as the gateway.
      if (given.length === 1) stage.zoogate.ensemble.stallLinks({ session })
      return count + 1
    })
    await until('the first attempt is made', () => given.length === 1)
    await ada.exists(PATH, { timeoutMs: 100 }).catch(() => undefined)
    stage.zoogate.ensemble.cutLinks({ session })
    expect(await updated).toEqual({ value: 1, version: 1 })
    expect(given).toEqual([0, 0])
    value.close()
  })

  it('gives advice on a node without JSON', async () => {
    const page = await stage.page()
    await page.create('/plain', 'Ada')
    const value = createSharedValue<string>(page, '/plain')
    await until('it is refused', () => value.getSnapshot().error?.code === 'MARSHALLING_ERROR')
    expect(await codeOf(value.get())).toBe('MARSHALLING_ERROR')
    await value.set('Bob')
    await until('Bob is shown', () => value.getSnapshot().value === 'Bob')
    expect(value.getSnapshot()).toMatchObject({ error: null, stale: false })
    value.close()
  })
})
