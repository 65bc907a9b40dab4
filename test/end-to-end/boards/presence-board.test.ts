import type { BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { BOARD_ENSEMBLES, type BoardEnsemble, TICK_MS } from '../../tools/boards/board-ensemble.js'
import { BoardPage } from '../../tools/boards/board-page.js'
import { type BoardServer, startBoardServer } from '../../tools/boards/board-server.js'
import { launchChromium, type TestBrowser } from '../../tools/chromium.js'
import { endRuns, type Run, serveProcess } from '../../tools/gateway/gateway-process.js'
import { describeWith } from '../../tools/requirements.js'
import { startTcpProxy, type TcpProxy } from '../../tools/tcp-proxy.js'
import { waitUntil } from '../../tools/wait-until.js'
import { Kazoo } from '../../tools/zookeeper/kazoo.js'

const TIMEOUT_MS = 10_000
/** Where a test has to wait until it has passed. */
const SHORT_TIMEOUT_MS = 6_000
/** A third of the timeout: the page's last message may be so much younger than its stop. */
const HEARTBEAT_ROUND_MS = SHORT_TIMEOUT_MS / 3
const SLACK_MS = 1_000

const RESUMED = ['CONNECTED → CONNECTING', 'CONNECTING → CONNECTED']
const RENEWED = [
  'CONNECTED → CONNECTING',
  'CONNECTING → CLOSED (expired)',
  'CLOSED → CONNECTING',
  'CONNECTING → CONNECTED',
]

for (const { name, requires, start } of BOARD_ENSEMBLES) {
  describeWith(
    'kazoo',
    'chromium',
    ...requires,
  )(`the presence board in Chromium before ${name}`, () => boardCases(start))
}

function boardCases(start: () => Promise<BoardEnsemble>): void {
  let ensemble: BoardEnsemble
  let kazoo: Kazoo
  let chromium: TestBrowser
  let board: BoardServer
  let gateway: Run
  /** Between the pages and the gateway. */
  let wire: TcpProxy
  /** Between the gateway and each server. */
  let links: TcpProxy[]
  let rooms = 0
  let room = ''
  const contexts: BrowserContext[] = []

  const startGateway = () =>
    serveProcess(links.map(({ port }) => `127.0.0.1:${port}`).join(','), {
      ZOOGATE_ALLOWED_ORIGINS: board.origin,
    })
  const portOf = async (run: Run) => Number(new URL(await run.listening()).port)

  beforeAll(async () => {
    ;[ensemble, chromium, board] = await Promise.all([start(), launchChromium(), startBoardServer()])
    links = await Promise.all(ensemble.ports.map((port) => startTcpProxy(port)))
    gateway = startGateway()
    wire = await startTcpProxy(await portOf(gateway))
    kazoo = await Kazoo.connect(ensemble.connectString)
  })
  afterAll(async () => {
    await chromium?.close()
    await kazoo?.close()
    await endRuns()
    await Promise.all([wire, ...(links ?? [])].map((proxy) => proxy?.close()))
    await board?.close()
    await ensemble?.close()
  })
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()))
  })

  const address = (name: string, timeoutMs: number) =>
    board.page({ gateway: `ws://127.0.0.1:${wire.port}/zoogate`, timeout: String(timeoutMs), room, name })

  const open = async (name: string, timeoutMs: number) => {
    const context = await chromium.newContext()
    contexts.push(context)
    const visitor = new BoardPage(await chromium.newPage(address(name, timeoutMs), context))
    await visitor.waitForState('CONNECTED')
    await waitUntil('the own card is there', () => visitor.page.locator('.card[data-mine="true"]').count())
    return visitor
  }
  const openTwo = async (timeoutMs = TIMEOUT_MS) => {
    rooms += 1
    room = `/rooms/test-${rooms}`
    const [ada, grace] = await Promise.all([open('Ada', timeoutMs), open('Grace', timeoutMs)])
    await Promise.all([ada, grace].map((visitor) => visitor.waitForNames(['Ada', 'Grace'])))
    return { ada, grace, adasNode: (await ada.ownMember()) as string }
  }

  it('two visitors see each other, and kazoo sees the nodes with their owners', async () => {
    const { ada, grace, adasNode } = await openTwo()
    for (const visitor of [ada, grace]) {
      const stat = await kazoo.exists(`${room}/${await visitor.ownMember()}`)
      expect(stat?.ephemeralOwner).toBe(await visitor.sessionId())
    }
    expect(await ada.page.locator('#session-timeout').textContent()).toContain('10')
    await ada.page.locator('#name').fill('Ada Lovelace')
    await ada.page.locator('#name').press('Enter')
    await grace.waitForNames(['Ada Lovelace', 'Grace'])
    expect((await kazoo.get(`${room}/${adasNode}`)).text).toContain('Ada Lovelace')
  })

  it('whoever leaves is gone from every wall, and is the same again on coming back', async () => {
    const { ada, grace, adasNode } = await openTwo()
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
    const { ada } = await openTwo()
    const page = await chromium.newPage(address('Ada’s other tab', TIMEOUT_MS), ada.page.context())
    await new BoardPage(page).waitForState('CONNECTED')
    const elsewhere = ada.page.locator('.card', { hasText: 'Ada’s other tab' })
    await waitUntil('it is there', async () => (await elsewhere.count()) === 1)
    expect(await elsewhere.locator('.card-you').textContent()).toBe('your other tab')
    expect(await ada.page.locator('.card', { hasText: 'Grace' }).locator('.card-you').isHidden()).toBe(true)
  })

  it('a closed tab’s card goes, long before the session timeout', async () => {
    const { ada, grace, adasNode } = await openTwo()
    const from = performance.now()
    await ada.page.close()
    await grace.waitForNames(['Grace'], TIMEOUT_MS)
    expect(performance.now() - from).toBeLessThan(TIMEOUT_MS - 2000)
    expect(await kazoo.exists(`${room}/${adasNode}`)).toBeNull()
  })

  it('a reload keeps the session, and the card never leaves the other’s wall', async () => {
    const { ada, grace, adasNode } = await openTwo()
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
    expect((await kazoo.exists(`${room}/${adasNode}`))?.ephemeralOwner).toBe(id)
  })

  it('a WebSocket that is cut for 3 s costs nothing, and what changed meanwhile is seen', async () => {
    const { ada, grace, adasNode } = await openTwo()
    const member = (name: string) => JSON.stringify({ name, colour: 'teal' })
    await kazoo.create(`${room}/member-kazoo`, member('Kazoo'), { ephemeral: true })
    for (const visitor of [ada, grace]) await visitor.waitForNames(['Ada', 'Grace', 'Kazoo'])
    const id = await ada.sessionId()
    const flickers = [await ada.watchForFlicker(adasNode), await grace.watchForFlicker(adasNode)]
    const states = await ada.recordStates()
    await wire.cut()
    const from = performance.now()
    await ada.waitForState('CONNECTING')
    await kazoo.set(`${room}/member-kazoo`, member('Kazoo the second'))
    await kazoo.create(`${room}/member-late`, member('Late'), { ephemeral: true })
    await waitUntil('three seconds have passed', () => performance.now() - from > 3000)
    await wire.restore()
    await ada.waitForState('CONNECTED')
    await ada.waitForNames(['Ada', 'Grace', 'Kazoo the second', 'Late'])
    expect(await ada.sessionId()).toBe(id)
    expect(await states()).toEqual(RESUMED)
    for (const flicker of flickers) expect(await flicker()).toEqual([])
    for (const node of ['member-kazoo', 'member-late']) await kazoo.delete(`${room}/${node}`)
  })

  it('the gateway is killed with SIGKILL, and the session goes on through another on the same keys', async () => {
    const { ada, grace, adasNode } = await openTwo()
    const id = await ada.sessionId()
    const flicker = await grace.watchForFlicker(adasNode)
    const next = startGateway()
    const port = await portOf(next)
    await gateway.kill()
    await ada.waitForState('CONNECTING')
    wire.retarget(port)
    gateway = next
    await Promise.all([ada, grace].map((visitor) => visitor.waitForState('CONNECTED')))
    expect(await ada.sessionId()).toBe(id)
    expect(await flicker()).toEqual([])
    expect((await kazoo.exists(`${room}/${adasNode}`))?.ephemeralOwner).toBe(id)
  })

  it('the ZooKeeper server of a session is killed, and the session goes on through another', async () => {
    const { ada, grace, adasNode } = await openTwo()
    const id = await ada.sessionId()
    const flicker = await grace.watchForFlicker(adasNode)
    const states = await ada.recordStates()
    const holder = (await ensemble.holder(id)) as number
    await ensemble.killServer(holder)
    await waitUntil('the session is held by another server', async () => {
      const now = await ensemble.holder(id)
      return now !== null && now !== holder
    })
    await ada.waitForState('CONNECTED')
    await grace.waitForState('CONNECTED')
    expect(await ada.sessionId()).toBe(id)
    expect(await states()).toEqual(RESUMED)
    expect(await flicker()).toEqual([])
    await ensemble.startServers([holder])
    await ensemble.waitForQuorum()
  })

  it('no server can be reached for longer than the timeout: CONNECTING, then expired, then a new session', async () => {
    const { ada, adasNode } = await openTwo(SHORT_TIMEOUT_MS)
    const id = await ada.sessionId()
    const states = await ada.recordStates()
    await Promise.all(links.map((link) => link.cut()))
    await ensemble.waitForSessionEnd(id)
    expect(await states()).toEqual(['CONNECTED → CONNECTING'])
    await Promise.all(links.map((link) => link.restore()))
    await ada.waitForState('CONNECTED')
    expect(await states()).toEqual(RENEWED)
    await ada.waitForNames(['Ada', 'Grace'])
    expect(await ada.sessionId()).not.toBe(id)
    // The same member, under the new session.
    await waitUntil('the own card is back', async () => (await ada.ownMember()) === adasNode)
    expect((await kazoo.exists(`${room}/${adasNode}`))?.ephemeralOwner).toBe(await ada.sessionId())
  })

  it('all servers are down for longer than the timeout: CONNECTING until the ensemble has spoken', async () => {
    const { ada } = await openTwo(SHORT_TIMEOUT_MS)
    const id = await ada.sessionId()
    const states = await ada.recordStates()
    const servers = [...ensemble.ports.keys()]
    await Promise.all(servers.map((index) => ensemble.killServer(index)))
    const from = performance.now()
    await waitUntil(
      'the outage has outlasted the timeout',
      () => performance.now() - from > SHORT_TIMEOUT_MS + 1000,
      {
        timeoutMs: SHORT_TIMEOUT_MS * 2,
      },
    )
    expect(await states()).toEqual(['CONNECTED → CONNECTING'])
    await ensemble.startServers(servers)
    await ensemble.waitForQuorum()
    await ada.waitForState('CONNECTED')
    // ZooKeeper starts the clock of every session that it knows anew when a leader is elected: the session has
    // outlived the outage, and a page that called it expired would have been wrong.
    expect(await states()).toEqual(RESUMED)
    expect(await ada.sessionId()).toBe(id)
    await ada.waitForNames(['Ada', 'Grace'])
  })

  it('a duplicated tab gets a session of its own, and both live on', async () => {
    const { ada, grace } = await openTwo(SHORT_TIMEOUT_MS)
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

  it('a page that is stopped with SIGSTOP loses its card in time, and finds out when it goes on', async () => {
    const { ada, grace, adasNode } = await openTwo(SHORT_TIMEOUT_MS)
    const id = await ada.sessionId()
    const states = await ada.recordStates()
    const resume = await chromium.stopRenderer(ada.page)
    const from = performance.now()
    await grace.waitForNames(['Grace'], SHORT_TIMEOUT_MS * 2)
    const after = performance.now() - from
    expect(after).toBeGreaterThan(SHORT_TIMEOUT_MS - HEARTBEAT_ROUND_MS - SLACK_MS)
    expect(after).toBeLessThan(SHORT_TIMEOUT_MS + TICK_MS + SLACK_MS)
    expect(await kazoo.exists(`${room}/${adasNode}`)).toBeNull()
    resume()
    await grace.waitForNames(['Ada', 'Grace'])
    await ada.waitForState('CONNECTED')
    expect(await ada.sessionId()).not.toBe(id)
    expect(await states()).toEqual(RENEWED)
  })
}
