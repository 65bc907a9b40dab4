import { expect, it } from 'vitest'
import { waitUntil } from '../wait-until.js'
import { TICK_MS } from './board-ensemble.js'
import { BoardPage } from './board-page.js'
import { type PresenceStage, SHORT_TIMEOUT_MS } from './presence-stage.js'

const RESUMED = ['CONNECTED → CONNECTING', 'CONNECTING → CONNECTED']
const RENEWED = [
  'CONNECTED → CONNECTING',
  'CONNECTING → CLOSED (expired)',
  'CLOSED → CONNECTING',
  'CONNECTING → CONNECTED',
]

/** What visitors do, and faults that a session survives at once. */
export function everydayCases(stage: PresenceStage): void {
  it('two visitors see each other, and kazoo sees the nodes with their owners', async () => {
    const { ada, grace, adasNode } = await stage.openTwo()
    for (const visitor of [ada, grace]) {
      const stat = await stage.kazoo.exists(`${stage.room}/${await visitor.ownMember()}`)
      expect(stat?.ephemeralOwner).toBe(await visitor.sessionId())
    }
    expect(await ada.page.locator('#session-timeout').textContent()).toContain('120')
    await ada.page.locator('#name').fill('Ada Lovelace')
    await ada.page.locator('#name').press('Enter')
    await grace.waitForNames(['Ada Lovelace', 'Grace'])
    expect((await stage.kazoo.get(`${stage.room}/${adasNode}`)).text).toContain('Ada Lovelace')
  })

  it('a visitor that leaves is gone from every wall, and is the same member after coming back', async () => {
    const { ada, grace, adasNode } = await stage.openTwo()
    await ada.page.locator('#leave').click()
    await grace.waitForNames(['Grace'])
    await ada.waitForState('CLOSED')
    expect(await ada.names()).toEqual(['Grace'])
    expect(await ada.page.locator('#log li[data-kind="error"]').count()).toBe(0)
    await ada.page.locator('#rejoin').click()
    await Promise.all([ada, grace].map((visitor) => visitor.waitForNames(['Ada', 'Grace'])))
    expect(await ada.ownMember()).toBe(adasNode)
  })

  it('a second tab of one browser is shown as such to the first', async () => {
    const { ada } = await stage.openTwo()
    const page = await stage.chromium.newPage(stage.address('Ada’s other tab'), ada.page.context())
    await new BoardPage(page).waitForState('CONNECTED')
    const elsewhere = ada.page.locator('.card', { hasText: 'Ada’s other tab' })
    await waitUntil('it is there', async () => (await elsewhere.count()) === 1)
    expect(await elsewhere.locator('.card-you').textContent()).toBe('your other tab')
    expect(await ada.page.locator('.card', { hasText: 'Grace' }).locator('.card-you').isHidden()).toBe(true)
  })

  it('the card of a closed tab goes long before its session could expire', async () => {
    const { ada, grace, adasNode } = await stage.openTwo()
    await ada.page.close()
    await grace.waitForNames(['Grace'])
    expect(await stage.kazoo.exists(`${stage.room}/${adasNode}`)).toBeNull()
  })

  it('a reload keeps the session, and the card never leaves the other’s wall', async () => {
    const { ada, grace, adasNode } = await stage.openTwo()
    const id = await ada.sessionId()
    const flicker = await grace.watchForFlicker(adasNode)
    await ada.page.reload()
    await ada.waitForState('CONNECTED')
    await ada.waitForNames(['Ada', 'Grace'])
    expect(await ada.sessionId()).toBe(id)
    expect(await ada.ownMember()).toBe(adasNode)
    // Longer than the linger: nothing of the reload is left that could still take the session.
    const from = performance.now()
    await waitUntil('the linger has passed', () => performance.now() - from > 4000)
    expect(await flicker()).toEqual([])
    expect((await stage.kazoo.exists(`${stage.room}/${adasNode}`))?.ephemeralOwner).toBe(id)
  })

  it('a WebSocket that is cut for 3 s costs nothing, and what changed meanwhile is seen', async () => {
    const { ada, grace, adasNode } = await stage.openTwo()
    const member = (name: string) => JSON.stringify({ name, colour: 'teal' })
    await stage.kazoo.create(`${stage.room}/member-kazoo`, member('Kazoo'), { ephemeral: true })
    for (const visitor of [ada, grace]) await visitor.waitForNames(['Ada', 'Grace', 'Kazoo'])
    const id = await ada.sessionId()
    const flickers = [await ada.watchForFlicker(adasNode), await grace.watchForFlicker(adasNode)]
    const states = await ada.recordStates()
    await stage.wire.cut()
    const from = performance.now()
    await ada.waitForState('CONNECTING')
    await stage.kazoo.set(`${stage.room}/member-kazoo`, member('Kazoo the second'))
    await stage.kazoo.create(`${stage.room}/member-late`, member('Late'), { ephemeral: true })
    await waitUntil('three seconds have passed', () => performance.now() - from > 3000)
    await stage.wire.restore()
    await ada.waitForState('CONNECTED')
    await ada.waitForNames(['Ada', 'Grace', 'Kazoo the second', 'Late'])
    expect(await ada.sessionId()).toBe(id)
    expect(await states()).toEqual(RESUMED)
    for (const flicker of flickers) expect(await flicker()).toEqual([])
    for (const node of ['member-kazoo', 'member-late']) await stage.kazoo.delete(`${stage.room}/${node}`)
  })

  it('a session goes on through another gateway with the same keys when its own is killed', async () => {
    const { ada, grace, adasNode } = await stage.openTwo()
    const id = await ada.sessionId()
    const flicker = await grace.watchForFlicker(adasNode)
    await stage.replaceGateway(() => ada.waitForState('CONNECTING'))
    await Promise.all([ada, grace].map((visitor) => visitor.waitForState('CONNECTED')))
    expect(await ada.sessionId()).toBe(id)
    expect(await flicker()).toEqual([])
    expect((await stage.kazoo.exists(`${stage.room}/${adasNode}`))?.ephemeralOwner).toBe(id)
  })

  it('a session goes on through another ZooKeeper server when its own is killed', async () => {
    const { ada, grace, adasNode } = await stage.openTwo()
    const id = await ada.sessionId()
    const flicker = await grace.watchForFlicker(adasNode)
    const states = await ada.recordStates()
    const holder = (await stage.ensemble.holder(id)) as number
    await stage.ensemble.killServer(holder)
    await waitUntil('the session is held by another server', async () => {
      const now = await stage.ensemble.holder(id)
      return now !== null && now !== holder
    })
    await ada.waitForState('CONNECTED')
    await grace.waitForState('CONNECTED')
    expect(await ada.sessionId()).toBe(id)
    expect(await states()).toEqual(RESUMED)
    expect(await flicker()).toEqual([])
    await stage.ensemble.startServers([holder])
    await stage.ensemble.waitForQuorum()
  })
}

/** Each of these waits until a session timeout has passed. */
export function outageCases(stage: PresenceStage): void {
  it('a page gets a new session when no server has been reachable for longer than its timeout', async () => {
    const { ada, adasNode } = await stage.openTwo(SHORT_TIMEOUT_MS)
    const id = await ada.sessionId()
    const states = await ada.recordStates()
    await Promise.all(stage.links.map((link) => link.cut()))
    await stage.ensemble.waitForSessionEnd(id)
    expect(await states()).toEqual(['CONNECTED → CONNECTING'])
    await Promise.all(stage.links.map((link) => link.restore()))
    await ada.waitForState('CONNECTED')
    expect(await states()).toEqual(RENEWED)
    await ada.waitForNames(['Ada', 'Grace'])
    expect(await ada.sessionId()).not.toBe(id)
    // The same member, under the new session.
    await waitUntil('the own card is back', async () => (await ada.ownMember()) === adasNode)
    expect((await stage.kazoo.exists(`${stage.room}/${adasNode}`))?.ephemeralOwner).toBe(
      await ada.sessionId(),
    )
  })

  it('a page stays CONNECTING while all servers are down, and keeps its session when they are back', async () => {
    const { ada } = await stage.openTwo(SHORT_TIMEOUT_MS)
    const id = await ada.sessionId()
    const states = await ada.recordStates()
    const servers = [...stage.ensemble.ports.keys()]
    await Promise.all(servers.map((index) => stage.ensemble.killServer(index)))
    const from = performance.now()
    await waitUntil(
      'the outage has outlasted the timeout',
      () => performance.now() - from > SHORT_TIMEOUT_MS + 1000,
      {
        timeoutMs: SHORT_TIMEOUT_MS * 2,
      },
    )
    expect(await states()).toEqual(['CONNECTED → CONNECTING'])
    await stage.ensemble.startServers(servers)
    await stage.ensemble.waitForQuorum()
    await ada.waitForState('CONNECTED')
    // ZooKeeper starts the clock of every session that it knows anew when a leader is elected: the session has
    // outlived the outage, and a page that called it expired would have been wrong.
    expect(await states()).toEqual(RESUMED)
    expect(await ada.sessionId()).toBe(id)
    await ada.waitForNames(['Ada', 'Grace'])
  })

  it('a duplicated tab gets a session of its own, and both live on', async () => {
    const { ada, grace } = await stage.openTwo(SHORT_TIMEOUT_MS)
    const id = await ada.sessionId()
    const opened = ada.page.context().waitForEvent('page')
    // A window with an opener starts with a copy of its session storage, as "Duplicate tab" does.
    await ada.page.evaluate(() => void window.open(location.href))
    const copy = new BoardPage(await opened)
    await copy.waitForState('CONNECTED')
    await grace.waitForNames(['Ada', 'Ada', 'Grace'])
    expect(await copy.sessionId()).not.toBe(id)
    expect(await ada.sessionId()).toBe(id)
    const from = performance.now()
    await waitUntil('a timeout has passed', () => performance.now() - from > SHORT_TIMEOUT_MS + TICK_MS, {
      timeoutMs: SHORT_TIMEOUT_MS * 2,
    })
    expect([await ada.state(), await copy.state()]).toEqual(['CONNECTED', 'CONNECTED'])
    expect(await ada.sessionId()).toBe(id)
    await grace.waitForNames(['Ada', 'Ada', 'Grace'])
  })

  it('a page that is stopped with SIGSTOP loses its card, and learns of it when it goes on', async () => {
    const { ada, grace, adasNode } = await stage.openTwo(SHORT_TIMEOUT_MS)
    const id = await ada.sessionId()
    const states = await ada.recordStates()
    const resume = await stage.chromium.stopRenderer(ada.page)
    await grace.waitForNames(['Grace'], SHORT_TIMEOUT_MS * 2)
    expect(await stage.kazoo.exists(`${stage.room}/${adasNode}`)).toBeNull()
    resume()
    await grace.waitForNames(['Ada', 'Grace'])
    await ada.waitForState('CONNECTED')
    expect(await ada.sessionId()).not.toBe(id)
    expect(await states()).toEqual(RENEWED)
  })
}
