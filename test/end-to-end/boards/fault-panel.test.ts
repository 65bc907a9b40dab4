import type { BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from '../../../server/src/dev-ensemble/index.js'
import { BoardPage } from '../../tools/boards/board-page.js'
import { launchChromium, type TestBrowser } from '../../tools/chromium.js'
import { endRuns, run } from '../../tools/gateway/gateway-process.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'

/** What `zoogate dev` gives: 20 ticks of 500 ms. */
const TIMEOUT_MS = 10_000

const RESUMED = ['CONNECTED → CONNECTING', 'CONNECTING → CONNECTED']
const RENEWED = [
  'CONNECTED → CONNECTING',
  'CONNECTING → CLOSED (expired)',
  'CLOSED → CONNECTING',
  'CONNECTING → CONNECTED',
]

describeWith('chromium')('the fault panel of zoogate dev', () => {
  let chromium: TestBrowser
  let http: string
  let realLooking: DevEnsemble
  let rooms = 0
  const contexts: BrowserContext[] = []
  beforeAll(async () => {
    ;[chromium, http, realLooking] = await Promise.all([
      launchChromium(),
      // Nothing on the PATH, no Java above all.
      run(['dev', '--port', '0'], { PATH: '/nowhere' }).listening(),
      startDevEnsemble({ servers: 1 }),
    ])
  })
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()))
  })
  afterAll(async () => {
    await chromium?.close()
    await endRuns()
    await realLooking?.close()
  })

  const openContext = async () => {
    const context = await chromium.newContext()
    contexts.push(context)
    return context
  }
  const open = async (name: string, context: BrowserContext) => {
    const query = new URLSearchParams({ room: `/rooms/faults-${rooms}`, name })
    const visitor = new BoardPage(await chromium.newPage(`${http}/?${query}`, context))
    await visitor.waitForState('CONNECTED')
    // On a window of this height it starts closed.
    await visitor.page.locator('#faults summary').click()
    await visitor.fault('cut-link').waitFor()
    return visitor
  }
  /** Ada, who will press something, and Grace, who watches from another browser. */
  const openTwo = async () => {
    rooms += 1
    const [ada, grace] = await Promise.all([
      open('Ada', await openContext()),
      open('Grace', await openContext()),
    ])
    await Promise.all([ada, grace].map((visitor) => visitor.waitForNames(['Ada', 'Grace'])))
    const adasNode = (await ada.ownMember()) as string
    const flickers = await Promise.all([ada, grace].map((visitor) => visitor.watchForFlicker(adasNode)))
    return {
      ada,
      grace,
      adasNode,
      id: await ada.sessionId(),
      adasStates: await ada.recordStates(),
      gracesStates: await grace.recordStates(),
      noted: async () => (await Promise.all(flickers.map((flicker) => flicker()))).flat(),
    }
  }
  const waitForStates = async (visitor: BoardPage, recorded: () => Promise<string[]>, wanted: string[]) => {
    await waitUntil('the states have changed', async () => (await recorded()).length >= wanted.length, {
      timeoutMs: 2 * TIMEOUT_MS,
      intervalMs: 20,
    }).catch(async (cause: Error) => {
      throw new Error(`${cause.message}; the log says:\n${await visitor.log()}`, { cause })
    })
    expect(await recorded()).toEqual(wanted)
  }
  const isDisabled = (visitor: BoardPage, fault: string) =>
    visitor.fault(fault).evaluate((button) => button.ariaDisabled === 'true')

  it('offers seven faults as buttons, each with what to watch for', async () => {
    const { ada } = await openTwo()
    const buttons = ada.page.locator('#faults').getByRole('button')
    expect(await buttons.allTextContents()).toHaveLength(7)
    for (const text of await buttons.locator('.fault-watch').allTextContents()) expect(text).not.toBe('')
  })

  it('cuts the WebSocket of the tab in which it is pressed, and of no other', async () => {
    const { ada, grace, id, adasStates, gracesStates, noted } = await openTwo()
    const sibling = await open('Sibling', ada.page.context())
    const siblingStates = await sibling.recordStates()
    await ada.fault('cut-websocket').click()
    await waitForStates(ada, adasStates, RESUMED)
    expect(await ada.sessionId()).toBe(id)
    expect(await ada.log()).toMatch(/goes on[\s\S]*You pressed “Cut my WebSocket”/)
    await grace.waitForNames(['Ada', 'Grace', 'Sibling'])
    expect([await gracesStates(), await siblingStates(), await noted()]).toEqual([[], [], []])
  })

  it('cuts the link behind the gateway by keyboard, and keeps the focus', async () => {
    const { ada, id, adasStates, gracesStates, noted } = await openTwo()
    await ada.fault('cut-link').focus()
    await ada.page.keyboard.press('Enter')
    await waitForStates(ada, adasStates, RESUMED)
    expect(await ada.sessionId()).toBe(id)
    expect([await gracesStates(), await noted()]).toEqual([[], []])
    expect(await ada.page.evaluate(() => document.activeElement?.id)).toBe('fault-cut-link')
  })

  it('silences that link: the gateway gives it up and what was said into the silence is made good', async () => {
    const { ada, grace, id, adasStates, gracesStates, noted } = await openTwo()
    await ada.rename('Ada Byron')
    await grace.waitForNames(['Ada Byron', 'Grace'])
    await ada.fault('stall-link').click()
    await waitUntil(
      'it goes on',
      async () => (await ada.fault('stall-link').getAttribute('data-fault')) === 'going-on',
    )
    await ada.rename('Ada Lovelace')
    await waitForStates(ada, adasStates, RESUMED)
    await Promise.all([ada, grace].map((visitor) => visitor.waitForNames(['Ada Lovelace', 'Grace'])))
    expect(await ada.sessionId()).toBe(id)
    expect([await gracesStates(), await noted()]).toEqual([[], []])
  })

  it('stops the server of the session, once until it runs again', async () => {
    const { ada, id, adasStates, noted } = await openTwo()
    await ada.fault('stop-server').click()
    await waitForStates(ada, adasStates, RESUMED)
    expect(await ada.sessionId()).toBe(id)
    expect(await isDisabled(ada, 'stop-server')).toBe(true)
    await ada.fault('stop-server').dispatchEvent('click')
    await waitUntil('it may be pressed again', async () => !(await isDisabled(ada, 'stop-server')), {
      timeoutMs: 15_000,
    })
    expect(await ada.page.locator('#log li[data-kind="fault"]').count()).toBe(1)
    expect(await ada.page.locator('#log li[data-kind="error"]').count()).toBe(0)
    expect(await noted()).toEqual([])
  })

  it('stops all servers for longer than the timeout: the wall stays, stale, and the session goes on', async () => {
    const { ada, grace, id, adasStates, gracesStates, noted } = await openTwo()
    await ada.fault('stop-ensemble').click()
    await ada.waitForState('CONNECTING')
    const from = performance.now()
    await waitUntil('no fault can be pressed', () => isDisabled(ada, 'cut-link'))
    await waitUntil('the timeout has passed', () => performance.now() - from > TIMEOUT_MS + 1_000, {
      timeoutMs: 2 * TIMEOUT_MS,
    })
    expect(await adasStates()).toEqual(['CONNECTED → CONNECTING'])
    expect(await ada.names()).toEqual(expect.arrayContaining(['Ada', 'Grace']))
    await waitForStates(ada, adasStates, RESUMED)
    await waitForStates(grace, gracesStates, RESUMED)
    expect(await ada.sessionId()).toBe(id)
    expect(await noted()).toEqual([])
  })

  it('makes answers slow for a while', async () => {
    const { ada, grace, gracesStates, adasStates } = await openTwo()
    const rename = async (name: string) => {
      const from = performance.now()
      await ada.rename(name)
      await ada.waitForNames([name, 'Grace'])
      return performance.now() - from
    }
    await ada.fault('slow-answers').click()
    await waitUntil(
      'it goes on',
      async () => (await ada.fault('slow-answers').getAttribute('data-fault')) === 'going-on',
    )
    expect(await rename('Slow Ada')).toBeGreaterThan(500)
    await waitUntil('it is over', async () => !(await isDisabled(ada, 'slow-answers')), { timeoutMs: 15_000 })
    await waitUntil('a rename is fast again', async () => {
      const name = (await ada.names()).includes('Quick Ada') ? 'Quicker Ada' : 'Quick Ada'
      return (await rename(name)) < 500
    })
    await grace.waitForNames([...(await ada.names())])
    expect([await adasStates(), await gracesStates()]).toEqual([[], []])
  })

  it('expires the session: the tile leaves and comes back with another session', async () => {
    const { ada, grace, id, adasNode, adasStates, gracesStates } = await openTwo()
    await ada.fault('expire-session').click()
    await waitForStates(ada, adasStates, RENEWED)
    expect(await ada.sessionId()).not.toBe(id)
    await waitUntil('the other has seen it leave and come back', async () =>
      /Ada joined[\s\S]*Ada left/.test(await grace.log()),
    )
    await Promise.all([ada, grace].map((visitor) => visitor.waitForNames(['Ada', 'Grace'])))
    expect(await ada.ownMember()).toBe(adasNode)
    expect(await gracesStates()).toEqual([])
  })

  it('is not there where --zookeeper names an ensemble', async () => {
    const dev = run(['dev', '--port', '0', '--zookeeper', realLooking.connectString])
    const page = await (await openContext()).newPage()
    const answer = page.waitForResponse('**/demo/faults')
    await page.goto(await dev.listening())
    expect((await answer).status()).toBe(404)
    const visitor = new BoardPage(page)
    await visitor.waitForState('CONNECTED')
    expect(await page.locator('#faults').isVisible()).toBe(false)
    expect(await page.locator('#log li[data-kind="error"]').count()).toBe(0)
  })
})
