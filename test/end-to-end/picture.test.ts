import { copyFileSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BoardPage } from '../board-page.js'
import { launchChromium, screenshot, type TestBrowser } from '../chromium.js'
import { endRuns, run } from '../gateway-process.js'
import { type RealEnsemble, realEnsemble } from '../real-ensemble.js'
import { describeWith } from '../requirements.js'

const PICTURE = fileURLToPath(new URL('../../examples/presence-board/board.png', import.meta.url))
const README = fileURLToPath(new URL('../../README.md', import.meta.url))
const SIZE = { width: 1280, height: 964 }
const VISITORS = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Alan', 'Katherine', 'Dennis', 'Radia']

describeWith('zookeeper', 'chromium')('the picture in the README', () => {
  let ensemble: RealEnsemble
  let chromium: TestBrowser
  beforeAll(async () => {
    ;[ensemble, chromium] = await Promise.all([realEnsemble(1), launchChromium()])
  })
  afterAll(async () => {
    await chromium?.close()
    await endRuns()
    await ensemble?.close()
  })

  // UPDATE_PICTURE=1 replaces the picture with what this test sees.
  it('shows what `npm start` shows: eight visitors on real sessions', async () => {
    const http = await run(['dev', '--port', '0', '--zookeeper', ensemble.connectString]).listening()
    const context = await chromium.newContext()
    for (const name of VISITORS.slice(1)) await chromium.newPage(`${http}/?name=${name}`, context)
    const first = new BoardPage(await chromium.newPage(`${http}/?name=${VISITORS[0]}`, context))
    await first.page.setViewportSize(SIZE)
    await first.waitForNames(VISITORS)
    await first.waitForState('CONNECTED')
    const path = await screenshot(first.page, 'board')
    if (process.env.UPDATE_PICTURE === '1') copyFileSync(path, PICTURE)
    const shown = readFileSync(PICTURE)
    expect(shown.subarray(1, 4).toString()).toBe('PNG')
    expect(shown.readUInt32BE(16)).toBe(SIZE.width)
    expect(readFileSync(README, 'utf8')).toContain('(examples/presence-board/board.png)')
  })
})
