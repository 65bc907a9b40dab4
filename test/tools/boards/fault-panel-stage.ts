import type { BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { launchChromium, type TestBrowser } from '../chromium.js'
import { endRuns, run } from '../gateway/gateway-process.js'
import { waitUntil } from '../wait-until.js'
import { BoardPage } from './board-page.js'

/** The session timeout under `zoogate dev`: 20 ticks of 500 ms. */
export const TIMEOUT_MS = 10_000

export const RESUMED = ['CONNECTED → CONNECTING', 'CONNECTING → CONNECTED']

/** Browsers with the presence board of a `zoogate dev`, each in a context of its own, with the panel open. */
export class FaultPanelStage {
  chromium!: TestBrowser
  #http!: string
  #rooms = 0
  readonly #contexts: BrowserContext[] = []

  /** Opens everything before the tests of the group that calls it, and closes it behind them. */
  constructor() {
    beforeAll(async () => {
      ;[this.chromium, this.#http] = await Promise.all([
        launchChromium(),
        // Without Java or anything else on the PATH.
        run(['dev', '--port', '0'], { PATH: '/nowhere' }).listening(),
      ])
    })
    afterEach(async () => {
      await Promise.all(this.#contexts.splice(0).map((context) => context.close()))
    })
    afterAll(async () => {
      await this.chromium?.close()
      await endRuns()
    })
  }

  async openContext(): Promise<BrowserContext> {
    const context = await this.chromium.newContext()
    this.#contexts.push(context)
    return context
  }

  async open(name: string, context: BrowserContext): Promise<BoardPage> {
    const query = new URLSearchParams({ room: `/rooms/faults-${this.#rooms}`, name })
    const visitor = new BoardPage(await this.chromium.newPage(`${this.#http}/?${query}`, context))
    await visitor.waitForState('CONNECTED')
    // On a window of this height it starts closed.
    await visitor.page.locator('#faults summary').click()
    await visitor.fault('cut-link').waitFor()
    return visitor
  }

  /** Ada, whose page gets the faults, and Grace, whose page shows Ada from another browser. `noted` gives each flicker of Ada's card. */
  async openTwo() {
    this.#rooms += 1
    const [ada, grace] = await Promise.all([
      this.open('Ada', await this.openContext()),
      this.open('Grace', await this.openContext()),
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
}

export async function waitForStates(
  visitor: BoardPage,
  recorded: () => Promise<string[]>,
  wanted: string[],
): Promise<void> {
  await waitUntil('the states have changed', async () => (await recorded()).length >= wanted.length, {
    timeoutMs: 3 * TIMEOUT_MS,
    intervalMs: 20,
  }).catch(async (cause: Error) => {
    throw new Error(`${cause.message}; the log says:\n${await visitor.log()}`, { cause })
  })
  expect(await recorded()).toEqual(wanted)
}

export const isDisabled = (visitor: BoardPage, fault: string) =>
  visitor.fault(fault).evaluate((button) => button.ariaDisabled === 'true')
