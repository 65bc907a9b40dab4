import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from '../../../server/src/dev-ensemble/index.js'
import { BoardPage } from '../../tools/boards/board-page.js'
import { FaultPanelStage, RESUMED, waitForStates } from '../../tools/boards/fault-panel-stage.js'
import { run } from '../../tools/gateway/gateway-process.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'

const RENEWED = [
  'CONNECTED → CONNECTING',
  'CONNECTING → CLOSED (expired)',
  'CLOSED → CONNECTING',
  'CONNECTING → CONNECTED',
]

describeWith('chromium')('the fault panel of zoogate dev', () => {
  const stage = new FaultPanelStage()
  let realLooking: DevEnsemble
  beforeAll(async () => {
    realLooking = await startDevEnsemble({ servers: 1 })
  })
  afterAll(() => realLooking?.close())

  it('offers seven faults as buttons, each with what to watch for', async () => {
    const { ada } = await stage.openTwo()
    const buttons = ada.page.locator('#faults').getByRole('button')
    expect(await buttons.allTextContents()).toHaveLength(7)
    for (const text of await buttons.locator('.fault-watch').allTextContents()) expect(text).not.toBe('')
  })

  it('cuts the WebSocket of the tab in which it is pressed, and of no other', async () => {
    const { ada, grace, id, adasStates, gracesStates, noted } = await stage.openTwo()
    const sibling = await stage.open('Sibling', ada.page.context())
    const siblingStates = await sibling.recordStates()
    await ada.fault('cut-websocket').click()
    await waitForStates(ada, adasStates, RESUMED)
    expect(await ada.sessionId()).toBe(id)
    expect(await ada.log()).toMatch(/goes on[\s\S]*You pressed “Cut my WebSocket”/)
    await grace.waitForNames(['Ada', 'Grace', 'Sibling'])
    expect([await gracesStates(), await siblingStates(), await noted()]).toEqual([[], [], []])
  })

  it('cuts the link behind the gateway by keyboard, and keeps the focus', async () => {
    const { ada, id, adasStates, gracesStates, noted } = await stage.openTwo()
    await ada.fault('cut-link').focus()
    await ada.page.keyboard.press('Enter')
    await waitForStates(ada, adasStates, RESUMED)
    expect(await ada.sessionId()).toBe(id)
    expect([await gracesStates(), await noted()]).toEqual([[], []])
    expect(await ada.page.evaluate(() => document.activeElement?.id)).toBe('fault-cut-link')
  })

  it('expires the session: the tile leaves and comes back with another session', async () => {
    const { ada, grace, id, adasNode, adasStates, gracesStates } = await stage.openTwo()
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
    const page = await (await stage.openContext()).newPage()
    const answer = page.waitForResponse('**/demo/faults')
    await page.goto(await dev.listening())
    expect((await answer).status()).toBe(404)
    const visitor = new BoardPage(page)
    await visitor.waitForState('CONNECTED')
    expect(await page.locator('#faults').isVisible()).toBe(false)
    expect(await page.locator('#log li[data-kind="error"]').count()).toBe(0)
  })
})
