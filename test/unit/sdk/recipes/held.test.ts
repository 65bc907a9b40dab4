import { describe, expect, it } from 'vitest'
import { createLock, type Held } from 'zoogate-client/recipes'
import { abortOf, childrenOf, stageForEach, untilQueued } from '../../../tools/sdk/recipe-stage.js'
import { waitUntil } from '../../../tools/wait-until.js'

const PATH = '/lock'
/** Two thirds of the timeout that the pages get. */
const LEASE_MS = 1_333
const stage = stageForEach()

/** What the holder hears, with the time of each; and how often. */
function told(held: Held): { at: number; code: string }[] {
  const heard: { at: number; code: string }[] = []
  held.signal.addEventListener('abort', () =>
    heard.push({ at: performance.now(), code: held.signal.reason.code }),
  )
  return heard
}

describe('a lock that is held', () => {
  it('is lost, once, when its session expires, and the next contender holds it', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const held = await createLock(ada, PATH).acquire()
    const heard = told(held)
    const next = createLock(bob, PATH).acquire()
    await untilQueued(bob, PATH, 2)
    stage.zoogate.ensemble.expireSession(ada.session?.id ?? '0x0')
    await next
    await abortOf(held.signal)
    expect(heard.map(({ code }) => code)).toEqual(['SESSION_EXPIRED'])
    expect(held.isHeld).toBe(false)
    await held.release()
  })

  it('is lost well before the session of a page without a link expires', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const held = await createLock(ada, PATH).acquire()
    const heard = told(held)
    const next = createLock(bob, PATH).acquire()
    const nextAt = next.then(() => performance.now())
    await untilQueued(bob, PATH, 2)
    stage.zoogate.ensemble.stallLinks({ session: ada.session?.id ?? '0x0' })
    const gainedAt = await nextAt
    expect(heard.map(({ code }) => code)).toEqual(['CONNECTION_LOSS'])
    const [{ at }] = heard as [{ at: number; code: string }]
    expect(at).toBeLessThan(gainedAt)
    expect(held.isHeld).toBe(false)
  })

  it('stays held over a link that is back before the lease ends', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const held = await createLock(ada, PATH).acquire()
    const heard = told(held)
    const states: string[] = []
    ada.on('state', ({ state }) => states.push(state))
    stage.zoogate.cutPages()
    stage.zoogate.ensemble.cutLinks()
    await waitUntil('ada is back', () => states.at(-1) === 'CONNECTED', { intervalMs: 10 })
    const resumedAt = performance.now()
    await waitUntil(
      'a lease without renewal would be over',
      () => performance.now() - resumedAt > 1.2 * LEASE_MS,
    )
    expect([held.isHeld, heard]).toEqual([true, []])
    expect(await childrenOf(bob, PATH)).toEqual([held.path.slice(PATH.length + 1)])
    await held.release()
  })

  it('is lost at once when another client deletes its node, also after a change of its data', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const held = await createLock(ada, PATH).acquire()
    const heard = told(held)
    await bob.setData(held.path, 'touched')
    await ada.getData(held.path)
    expect(held.isHeld).toBe(true)
    await bob.delete(held.path)
    await abortOf(held.signal)
    // The end of the lease would say CONNECTION_LOSS.
    expect(heard.map(({ code }) => code)).toEqual(['NO_NODE'])
    await held.release()
  })

  it('is lost when the client is closed', async () => {
    const ada = await stage.page()
    const held = await createLock(ada, PATH).acquire()
    const heard = told(held)
    const closed = ada.close()
    expect([held.isHeld, heard.map(({ code }) => code)]).toEqual([false, ['SESSION_CLOSED']])
    await closed
    await held.release()
  })

  it('leaves no node behind when it was lost but the session lives on', async () => {
    const [ada, bob] = [await stage.page(), await stage.page({ sessionTimeoutMs: 2_000 })]
    const held = await createLock(ada, PATH).acquire()
    const heard = told(held)
    const session = ada.session?.id ?? '0x0'
    // Answers are late, but what the page sends arrives: the session does not expire.
    stage.zoogate.ensemble.delayAnswers(LEASE_MS + 300, { session })
    await abortOf(held.signal)
    expect(heard.map(({ code }) => code)).toEqual(['CONNECTION_LOSS'])
    stage.zoogate.ensemble.delayAnswers(0)
    await untilQueued(bob, PATH, 0)
    expect(stage.zoogate.ensemble.sessions()).toContain(session)
    await held.release()
  })

  it('gives up waiting for the lease of a lock that was released', async () => {
    const ada = await stage.page()
    const held = await createLock(ada, PATH).acquire()
    const heard = told(held)
    const released = held.release()
    expect([held.isHeld, held.release()]).toEqual([false, released])
    await released
    await ada.close()
    expect(heard).toEqual([])
  })
})
