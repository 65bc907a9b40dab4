import type { Page } from 'playwright-core'
import { waitUntil } from '../wait-until.js'

/** What a test sees on one open service board. */
export class ServicePage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** The instances of a service that are shown, by name. */
  instances(service: string): Promise<string[]> {
    return this.#service(service).locator('.instance-name').allTextContents()
  }

  /** Where it is and which version, as it is shown. */
  async facts(service: string, instance: string): Promise<(string | null)[]> {
    const row = this.#instance(service, instance)
    return [await row.locator('.address').textContent(), await row.locator('.version').textContent()]
  }

  async load(service: string, instance: string): Promise<string | null> {
    const row = this.#instance(service, instance)
    return (await row.count()) === 0 ? null : row.locator('.load-number').textContent()
  }

  /** How many loads its trace shows. */
  bars(service: string, instance: string): Promise<number> {
    return this.#instance(service, instance).locator('.trace rect').count()
  }

  /** The instance that is marked as the leader; null without one. */
  async leader(service: string): Promise<string | null> {
    const marked = this.#service(service).locator('[data-leads="true"] .instance-name')
    return (await marked.allTextContents())[0] ?? null
  }

  /** How many services, instances and services without one. */
  numbers(): Promise<string[]> {
    return this.page.locator('.numbers span').allTextContents()
  }

  /** The entries, newest first: time, instance, service, what it did. */
  async history(): Promise<string[]> {
    const entries = await this.page.locator('#history li').all()
    const texts = entries.map(async (entry) => {
      const parts = await entry.locator('time, strong, span, em').allTextContents()
      return parts.join(' ')
    })
    return Promise.all(texts)
  }

  /** Whether it says that nothing is registered. */
  empty(): Promise<boolean> {
    return this.page.locator('.empty').isVisible()
  }

  async note(): Promise<string> {
    return (await this.page.locator('#state-note').textContent()) ?? ''
  }

  waitForWord(word: string): Promise<unknown> {
    return waitUntil(
      `the board is ${word}`,
      async () => (await this.page.locator('#state-word').textContent()) === word,
      { timeoutMs: 15_000, intervalMs: 20 },
    )
  }

  waitForInstances(service: string, names: string[]): Promise<unknown> {
    return waitUntil(
      `${service} is served by ${names.join(' and ') || 'no instance'}`,
      async () =>
        (await this.#service(service).count()) === 1 &&
        (await this.instances(service)).join() === names.join(),
      { timeoutMs: 20_000, intervalMs: 20 },
    ).catch(async (cause: Error) => {
      throw new Error(`${cause.message}; the page shows: ${await this.page.locator('body').ariaSnapshot()}`, {
        cause,
      })
    })
  }

  waitForLeader(service: string, name: string): Promise<unknown> {
    return waitUntil(`${name} leads ${service}`, async () => (await this.leader(service)) === name, {
      timeoutMs: 15_000,
      intervalMs: 20,
    })
  }

  #service(name: string) {
    return this.page.locator(`.service[data-service="${name}"]`)
  }

  #instance(service: string, name: string) {
    return this.#service(service).locator(`.instance[data-instance="${name}"]`)
  }
}
