import { randomUUID } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest'
import { launchChromium, screenshot, type TestBrowser, waitForText } from '../chromium.js'
import { processState } from '../process-state.js'
import { describeWith } from '../requirements.js'
import { waitUntil } from '../wait-until.js'

// A page that asks its server for /beat/NAME every 20 ms for as long as its scripts run.
const PAGE = `<!doctype html><title>beats</title><p id="text">not yet</p><script>
  const name = location.search.slice(1)
  setInterval(() => fetch('/beat/' + name), 20)
  setTimeout(() => { document.querySelector('#text').textContent = 'here is ' + name }, 100)
</script>`

describeWith('chromium')('a test browser', () => {
  let browser: TestBrowser
  let server: Server
  const beats = new Map<string, number>()
  const beatsOf = (name: string) => beats.get(name) ?? 0
  const url = (name: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/?${name}`
  const beatsAgain = (name: string) => {
    const before = beatsOf(name)
    return waitUntil(`${name} beats`, () => beatsOf(name) > before + 2)
  }

  beforeAll(async () => {
    server = createServer((request, response) => {
      const [, beat, name = ''] = (request.url ?? '').split('/')
      if (beat === 'beat') beats.set(name, beatsOf(name) + 1)
      response.setHeader('content-type', 'text/html').end(PAGE)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    server?.closeAllConnections()
    server?.close()
  })

  // Pages that go on beating would slow down the next test.
  afterEach(() => Promise.all(browser.browser.contexts().map((context) => context.close())))

  /** Requests that were on their way when the page stopped arrive; then no more. */
  const standsStill = async (name: string, other: string) => {
    await beatsAgain(other)
    const before = beatsOf(name)
    for (let round = 0; round < 5; round++) await beatsAgain(other)
    expect(beatsOf(name)).toBe(before)
  }

  const stopsAlone = async (context?: BrowserContext) => {
    const [stoppedName, goingName] = [randomUUID(), randomUUID()]
    const stopped = await browser.newPage(url(stoppedName), context)
    const going = await browser.newPage(url(goingName), context)
    const [stoppedPid, goingPid] = [await browser.rendererPid(stopped), await browser.rendererPid(going)]
    expect(stoppedPid).not.toBe(goingPid)
    const resume = await browser.stopRenderer(stopped)
    onTestFinished(resume)
    expect(processState(stoppedPid)).toBe('T')
    expect(await browser.rendererPid(going)).toBe(goingPid)
    await standsStill(stoppedName, goingName)
    resume()
    await beatsAgain(stoppedName)
  }

  it('stops one page and not another of another context', async () => {
    await stopsAlone()
  })

  it('stops one page and not another of the same context and site', async () => {
    await stopsAlone(await browser.newContext())
  })

  it('cannot find the process of a page while another is stopped, and says so', async () => {
    const resume = await browser.stopRenderer(await browser.newPage(url('first')))
    onTestFinished(resume)
    const late = await browser.newPage(url('late'))
    await expect(browser.rendererPid(late)).rejects.toThrow('before another page is stopped')
    resume()
    expect(await browser.rendererPid(late)).toBeGreaterThan(0)
  })

  it('kills one page and not another', async () => {
    const doomed = await browser.newPage(url('doomed'))
    const survivor = await browser.newPage(url('survivor'))
    const pid = await browser.rendererPid(doomed)
    await browser.killRenderer(doomed)
    await waitUntil('the process is gone', () => !existsSync(`/proc/${pid}`))
    await standsStill('doomed', 'survivor')
    expect(await survivor.title()).toBe('beats')
  })

  it('shares storage inside a context and not between contexts', async () => {
    const context = await browser.newContext()
    const first = await browser.newPage(url('first'), context)
    await first.evaluate(() => localStorage.setItem('key', 'value'))
    const read = (page: Page) => page.evaluate(() => localStorage.getItem('key'))
    expect(await read(await browser.newPage(url('same'), context))).toBe('value')
    expect(await read(await browser.newPage(url('other')))).toBeNull()
  })

  it('puts a page that is left into the back/forward cache', async () => {
    const page = await browser.newPage(url('cached'))
    await page.evaluate(() =>
      addEventListener('pageshow', (event) => Object.assign(window, { back: event.persisted })),
    )
    await page.goto(url('elsewhere'))
    await page.goBack({ waitUntil: 'commit' })
    expect(await page.evaluate(() => Reflect.get(window, 'back'))).toBe(true)
  })

  it('waits for text, and names the text that it found instead', async () => {
    const page = await browser.newPage(url('text'))
    await waitForText(page, 'here is text')
    await expect(waitForText(page, 'something else', 200)).rejects.toThrow(
      /after 200 ms; it shows:\n.*here is text/,
    )
  })

  it('takes a screenshot', async () => {
    const path = await screenshot(await browser.newPage(url('picture')), 'harness')
    expect(statSync(path).size).toBeGreaterThan(1000)
  })
})
