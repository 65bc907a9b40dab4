import { RoomPage } from '../tools/end-to-end/room-page.js'
import type { Random } from '../tools/seeded-random.js'

export interface HonestSettings {
  url: string
  count: number
  seed: number
}

/** The honest pages since the last report. */
export interface HonestReport {
  /** Milliseconds from a change to its acknowledgement, sorted. */
  latenciesMs: number[]
  /** Sockets that ended, whatever for, and were opened again. */
  interruptions: number
  /** Lost sessions and other broken promises; empty is good. */
  losses: string[]
}

/** Pages in one room, which see each other's changes. */
const ROOM_SIZE = 20
/** Pages behind one address, as in an office. */
const PAGES_PER_ADDRESS = 20
/** Connections being opened at a time: what a listen backlog holds. */
const OPENING = 100
const SESSION_TIMEOUT_MS = 10_000
/** Between two changes of one page. */
const PACE_MS = 20_000

export const roomOf = (index: number) => `/rooms/${Math.floor(index / ROOM_SIZE)}`
export const nameOf = (index: number) => `honest-${index}`

function addressOf(index: number): string {
  const number = Math.floor(index / PAGES_PER_ADDRESS)
  return `127.1.${Math.floor(number / 250)}.${1 + (number % 250)}`
}

/** Pages that are in rooms, look at them, and say something new now and then. */
export class HonestPages {
  readonly #random: Random
  readonly #pages: RoomPage[] = []
  readonly #ids: string[] = []
  #report: HonestReport = { latenciesMs: [], interruptions: 0, losses: [] }
  #isStopping = false

  constructor(random: Random) {
    this.#random = random
  }

  async open({ url, count }: HonestSettings): Promise<void> {
    while (this.#pages.length < count) {
      const first = this.#pages.length
      const opening = Array.from({ length: Math.min(OPENING, count - first) }, async (_, at) => {
        const index = first + at
        const options = { name: nameOf(index), room: roomOf(index), from: addressOf(index) }
        const page = await RoomPage.open(url, { ...options, timeoutMs: SESSION_TIMEOUT_MS })
        await page.join('here')
        return page
      })
      this.#pages.push(...(await Promise.all(opening)))
    }
    this.#ids.push(...this.#pages.map(({ session }) => session.id))
  }

  /** By the index of the page. */
  get sessionIds(): readonly string[] {
    return this.#ids
  }

  /** Resolves when the pages have stopped, after finishing their changes. */
  async live(): Promise<void> {
    await Promise.all(this.#pages.map((page, index) => this.#liveAs(page, index)))
  }

  /** The report since the last one. */
  report(): HonestReport {
    const report = this.#report
    this.#report = { latenciesMs: [], interruptions: 0, losses: [] }
    report.latenciesMs.sort((a, b) => a - b)
    return report
  }

  stop(): void {
    this.#isStopping = true
  }

  async #liveAs(page: RoomPage, index: number): Promise<void> {
    await this.#pause(this.#random() * PACE_MS)
    while (!this.#isStopping) {
      try {
        await this.#change(page, index)
      } catch (error) {
        this.#report.losses.push(`${nameOf(index)}: ${error instanceof Error ? error.message : error}`)
      }
      await this.#pause(PACE_MS * (0.5 + this.#random()))
    }
  }

  async #change(page: RoomPage, index: number): Promise<void> {
    if (!page.isOpen) {
      this.#report.interruptions += 1
      await page.resume()
    }
    const { id } = page.session
    if (id !== this.#ids[index]) this.#report.losses.push(`${nameOf(index)}: another session, ${id}`)
    const from = performance.now()
    await page.update(`changed at ${from}`)
    this.#report.latenciesMs.push(performance.now() - from)
  }

  /** Ends early when the pages are to stop. */
  async #pause(ms: number): Promise<void> {
    const until = performance.now() + ms
    while (!this.#isStopping && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(500, until - performance.now())))
    }
  }
}
