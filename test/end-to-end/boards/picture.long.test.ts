import { copyFileSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BoardPage } from '../../tools/boards/board-page.js'
import { ServicePage } from '../../tools/boards/service-page.js'
import { launchChromium, screenshot, type TestBrowser } from '../../tools/chromium.js'
import { endRuns, run } from '../../tools/gateway/gateway-process.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const WIDTH = 1280
/** The bars that a trace of loads has in the picture; the test itself waits for fewer. */
const BARS = process.env.UPDATE_PICTURE === '1' ? 30 : 2
const VISITORS = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Alan', 'Katherine', 'Dennis', 'Radia']

describeWith('chromium')('the pictures in the README', () => {
  let chromium: TestBrowser
  beforeAll(async () => {
    chromium = await launchChromium()
  })
  afterAll(async () => {
    await chromium?.close()
    await endRuns()
  })

  // UPDATE_PICTURE=1 replaces the picture with what this test sees.
  it('show eight visitors of `npm start`, after one has stopped a server', async () => {
    const http = await run(['dev', '--port', '0']).listening()
    for (const name of VISITORS.slice(1)) await chromium.newPage(`${http}/?name=${name}`)
    const page = await openPage(chromium, 964)
    await page.goto(`${http}/?name=${VISITORS[0]}`)
    const first = new BoardPage(page)
    await first.waitForNames(VISITORS)
    await first.fault('stop-server').click()
    await waitUntil('the session goes on', async () => (await first.log()).includes('goes on'))
    await first.waitForState('CONNECTED')
    await waitUntil('no tile is still coming in', () =>
      page.evaluate(() => document.querySelector('#cards')?.getAnimations({ subtree: true }).length === 0),
    )
    await keepPicture(page, 'presence-board')
  })

  it('show simulated services, one without its first leader and one without any instance', async () => {
    const http = await run(['dev', '--port', '0']).listening()
    const page = await openPage(chromium, 820)
    await page.goto(`${http}/services`)
    const shown = new ServicePage(page)
    await shown.waitForInstances('checkout', ['checkout-1', 'checkout-2', 'checkout-3'])
    const leader = await shown.leader('checkout')
    await page.getByRole('button', { name: `Kill checkout/${leader}` }).click()
    await page.getByRole('button', { name: 'Stop mail/mail-1' }).click()
    await shown.waitForInstances('mail', [])
    await waitUntil('another leads', async () => ![leader, null].includes(await shown.leader('checkout')))
    await waitUntil('there is a trace', async () => (await shown.bars('search', 'search-1')) >= BARS, {
      timeoutMs: 60_000,
    })
    // A button under the mouse would be drawn as hovered.
    await page.mouse.move(0, 0)
    await keepPicture(page, 'service-board')
  })
})

async function openPage(chromium: TestBrowser, height: number): Promise<Page> {
  const page = await (await chromium.newContext()).newPage()
  await page.setViewportSize({ width: WIDTH, height })
  return page
}

/** Takes a screenshot, replaces the README's picture when asked to, and checks that the README shows a picture. */
async function keepPicture(page: Page, example: string): Promise<void> {
  const kept = `${ROOT}examples/${example}/board.png`
  const path = await screenshot(page, example)
  if (process.env.UPDATE_PICTURE === '1') copyFileSync(path, kept)
  const picture = readFileSync(kept)
  expect(picture.subarray(1, 4).toString()).toBe('PNG')
  expect(picture.readUInt32BE(16)).toBe(WIDTH)
  expect(readFileSync(`${ROOT}README.md`, 'utf8')).toContain(`(examples/${example}/board.png)`)
}
