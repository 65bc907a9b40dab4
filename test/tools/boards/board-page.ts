import type { Locator, Page } from 'playwright-core'
import { waitUntil } from '../wait-until.js'

/** What a test sees and does on one open presence board. */
export class BoardPage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** The names on the cards. */
  names(): Promise<string[]> {
    return this.page.locator('.card .card-name').allTextContents()
  }

  state(): Promise<string | null> {
    return this.page.locator('#state').getAttribute('data-state')
  }

  async sessionId(): Promise<string> {
    return (await this.page.locator('#session-id').textContent())?.trim() ?? ''
  }

  /** The name of this visitor's own node. */
  ownMember(): Promise<string | null> {
    return this.page.locator('.card[data-mine="true"]').getAttribute('data-member')
  }

  waitForState(state: string, timeoutMs = 15_000): Promise<unknown> {
    return waitUntil(`the page is ${state}`, async () => (await this.state()) === state, {
      timeoutMs,
      intervalMs: 20,
    })
  }

  /** Waits until exactly these names are on the wall, in any order. */
  waitForNames(names: string[], timeoutMs = 15_000): Promise<unknown> {
    const wanted = [...names].sort().join()
    return waitUntil(
      `the wall shows ${wanted || 'no names'}`,
      async () => (await this.names()).sort().join() === wanted,
      { timeoutMs, intervalMs: 20 },
    ).catch(async (cause: Error) => {
      throw new Error(`${cause.message}; it shows ${await this.names()}. Log:\n${await this.log()}`, {
        cause,
      })
    })
  }

  async rename(name: string): Promise<void> {
    await this.page.locator('#name').fill(name)
    await this.page.locator('#name').press('Enter')
  }

  /** The button of a fault, such as `cut-link`. */
  fault(name: string): Locator {
    return this.page.locator(`#fault-${name}`)
  }

  async log(): Promise<string> {
    return (await this.page.locator('#log li').allTextContents()).join('\n')
  }

  /** From now on, notes each time that a card or a state is there no more. `noted` gives the notes. */
  async watchForFlicker(member: string): Promise<() => Promise<string[]>> {
    await this.page.evaluate((name) => {
      const notes: string[] = []
      Object.assign(window, { flickerNotes: notes })
      const look = () => {
        if (!document.querySelector(`.card[data-member="${name}"]`)) notes.push(`no card of ${name}`)
      }
      look()
      new MutationObserver(look).observe(document.body, { childList: true, subtree: true, attributes: true })
    }, member)
    return () => this.page.evaluate(() => (window as unknown as { flickerNotes: string[] }).flickerNotes)
  }

  /** The state changes that the log tells from now on, as `CONNECTED → CONNECTING`, oldest first. */
  async recordStates(): Promise<() => Promise<string[]>> {
    const changes = async () =>
      (await this.page.locator('#log li[data-kind="state"]').allTextContents())
        .map((text) => text.replace(/^[\d:]+/, '').trim())
        .reverse()
    const before = (await changes()).length
    return async () => (await changes()).slice(before)
  }
}
