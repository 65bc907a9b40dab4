import { copyFileSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BoardPage } from '../board-page.js'
import { launchChromium, screenshot, type TestBrowser } from '../chromium.js'
import { endRuns, run } from '../gateway-process.js'
import { describeWith } from '../requirements.js'
import { waitUntil } from '../wait-until.js'

const PICTURE = fileURLToPath(new URL('../../examples/presence-board/board.png', import.meta.url))
const README = fileURLToPath(new URL('../../README.md', import.meta.url))
const SIZE = { width: 1280, height: 964 }
const VISITORS = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Alan', 'Katherine', 'Dennis', 'Radia']

describeWith('chromium')('the picture in the README', () => {
  let chromium: TestBrowser
  beforeAll(async () => {
    chromium = await launchChromium()
  })
  afterAll(async () => {
    await chromium?.close()
    await endRuns()
  })

  // UPDATE_PICTURE=1 replaces the picture with what this test sees.
  it('shows what `npm start` shows: eight visitors, one of whom has stopped a server', async () => {
    const http = await run(['dev', '--port', '0']).listening()
    const context = await chromium.newContext()
    for (const name of VISITORS.slice(1)) await chromium.newPage(`${http}/?name=${name}`, context)
    const page = await context.newPage()
    await page.setViewportSize(SIZE)
    await page.goto(`${http}/?name=${VISITORS[0]}`)
    const first = new BoardPage(page)
    await first.waitForNames(VISITORS)
    await first.fault('stop-server').click()
    await waitUntil('the session goes on', async () => (await first.log()).includes('goes on'))
    await first.waitForState('CONNECTED')
    await waitUntil('no tile is still coming in', () =>
      page.evaluate(() => document.querySelector('#cards')?.getAnimations({ subtree: true }).length === 0),
    )
    const path = await screenshot(page, 'board')
    if (process.env.UPDATE_PICTURE === '1') copyFileSync(path, PICTURE)
    const shown = readFileSync(PICTURE)
    expect(shown.subarray(1, 4).toString()).toBe('PNG')
    expect(shown.readUInt32BE(16)).toBe(SIZE.width)
    expect(readFileSync(README, 'utf8')).toContain('(examples/presence-board/board.png)')
  })
})
