import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { CHROMIUM } from './installed.js'
import { stopProcess } from './process-state.js'

const SCREENSHOTS = fileURLToPath(new URL('../node_modules/.cache/zoogate-screenshots/', import.meta.url))

const FLAGS = [
  // Chromium refuses to run as root inside its sandbox, and containers have no other user.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

// Playwright adds these for steadier tests. They switch off the behaviour that we test.
const REAL_LIFE = [
  '--disable-back-forward-cache',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

/** A headless Chromium with a fresh profile. One for a test file; `close()` closes its pages too. */
export interface TestBrowser {
  /** Playwright's own handle. */
  readonly browser: Browser
  /** As a person's own window: no storage, cookies or cache are shared with another context. */
  newContext(): Promise<BrowserContext>
  /** A tab in a context of its own, or in the given one, at `url`. */
  newPage(url: string, context?: BrowserContext): Promise<Page>
  /**
   * The process that runs this page's scripts; a navigation to another site changes it. While another page is
   * stopped this is the process that was found before: ask for it once before you stop the other.
   */
  rendererPid(page: Page): Promise<number>
  /**
   * Stops the page's renderer process (SIGSTOP): no script of it runs, nothing is read from its sockets by a
   * script, while the browser process keeps the sockets open. Other pages go on.
   *
   * @returns a function that lets it run again.
   */
  stopRenderer(page: Page): Promise<() => void>
  /** Kills the page's renderer process, as a crash does. Playwright tells the page by its 'crash' event. */
  killRenderer(page: Page): Promise<void>
  close(): Promise<void>
}

export async function launchChromium(): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: FLAGS,
    ignoreDefaultArgs: REAL_LIFE,
  })
  const stopped = new Set<number>()
  const resume = (pid: number) => {
    if (stopped.delete(pid)) process.kill(pid, 'SIGCONT')
  }
  const found = new WeakMap<Page, number>()
  const findRenderer = async (page: Page) => {
    // A trace ends only when every renderer has answered, which a stopped one does not.
    if (stopped.size === 0) found.set(page, await traceRenderer(browser, page))
    const pid = found.get(page)
    if (pid === undefined) {
      throw new Error(`ask for the rendererPid of ${page.url()} before another page is stopped`)
    }
    return pid
  }
  return {
    browser,
    newContext: () => browser.newContext(),
    newPage: async (url, context) => {
      const page = await (context ?? (await browser.newContext())).newPage()
      await page.goto(url)
      return page
    },
    rendererPid: findRenderer,
    stopRenderer: async (page) => {
      const pid = await findRenderer(page)
      stopped.add(pid)
      await stopProcess(pid)
      return () => resume(pid)
    },
    killRenderer: async (page) => {
      const pid = await findRenderer(page)
      const crashed = page.waitForEvent('crash', { timeout: 10_000 })
      process.kill(pid, 'SIGKILL')
      await crashed
    },
    close: async () => {
      for (const pid of stopped) resume(pid)
      await browser.close()
    },
  }
}

interface TraceEvent {
  name: string
  pid: number
}

/**
 * The DevTools protocol lists renderer processes but not which page is in which. A trace does: the page sets a
 * mark with a name of its own, and the trace's record of it carries the process id.
 */
async function traceRenderer(browser: Browser, page: Page): Promise<number> {
  const mark = `renderer-${randomUUID()}`
  await browser.startTracing(page, { categories: ['blink.user_timing'] })
  await page.evaluate((name) => performance.mark(name), mark)
  const trace = JSON.parse((await browser.stopTracing()).toString('utf8')) as { traceEvents: TraceEvent[] }
  const record = trace.traceEvents.find(({ name }) => name === mark)
  if (record === undefined)
    throw new Error(`the trace of ${page.url()} lacks the mark that names its process`)
  return record.pid
}

/** Waits until some element shows the text. @throws after `timeoutMs`, with what the page shows instead. */
export async function waitForText(page: Page, text: string, timeoutMs = 10_000): Promise<void> {
  const shown = page.getByText(text).first().waitFor({ state: 'visible', timeout: timeoutMs })
  await shown.catch(async (cause) => {
    const snapshot = await page.locator('body').ariaSnapshot()
    throw new Error(`'${text}' is not on ${page.url()} after ${timeoutMs} ms; it shows:\n${snapshot}`, {
      cause,
    })
  })
}

/** @returns the path of the PNG file, in a folder that git does not see. */
export async function screenshot(page: Page, name: string): Promise<string> {
  mkdirSync(SCREENSHOTS, { recursive: true })
  const path = `${SCREENSHOTS}${name}.png`
  await page.screenshot({ path, fullPage: true })
  return path
}
