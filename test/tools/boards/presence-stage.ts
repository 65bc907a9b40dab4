import type { BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { launchChromium, type TestBrowser } from '../chromium.js'
import { endRuns, type Run, serveProcess } from '../gateway/gateway-process.js'
import { startTcpProxy, type TcpProxy } from '../tcp-proxy.js'
import { waitUntil } from '../wait-until.js'
import { Kazoo } from '../zookeeper/kazoo.js'
import type { BoardEnsemble } from './board-ensemble.js'
import { BoardPage } from './board-page.js'
import { type BoardServer, startBoardServer } from './board-server.js'

/** For sessions that a test lets expire. */
export const SHORT_TIMEOUT_MS = 6_000
/** For all others: a session that ends in a test has not expired, but was closed. */
export const LONG_TIMEOUT_MS = 120_000

/** browser → proxy → gateway → a proxy for each server → ensemble; kazoo asks the ensemble itself. */
export class PresenceStage {
  ensemble!: BoardEnsemble
  kazoo!: Kazoo
  chromium!: TestBrowser
  /** Between the pages and the gateway. */
  wire!: TcpProxy
  /** Between the gateway and each server. */
  links!: TcpProxy[]
  /** The path of the room that the pages of the running test are in. */
  room = ''
  #board!: BoardServer
  #gateway!: Run
  #rooms = 0
  readonly #contexts: BrowserContext[] = []

  /** Opens everything before the tests of the group that calls it, and closes it behind them. */
  constructor(start: () => Promise<BoardEnsemble>) {
    beforeAll(() => this.#open(start))
    afterAll(() => this.#close())
    afterEach(async () => {
      await Promise.all(this.#contexts.splice(0).map((context) => context.close()))
    })
  }

  /** The address of the board for a visitor of the room. */
  address(name: string, timeoutMs = LONG_TIMEOUT_MS): string {
    const gateway = `ws://127.0.0.1:${this.wire.port}/zoogate`
    return this.#board.page({ gateway, timeout: String(timeoutMs), room: this.room, name })
  }

  /** Two visitors of a new room, in a browser each. Each sees both. */
  async openTwo(timeoutMs = LONG_TIMEOUT_MS) {
    this.#rooms += 1
    this.room = `/rooms/test-${this.#rooms}`
    const [ada, grace] = await Promise.all([this.#visit('Ada', timeoutMs), this.#visit('Grace', timeoutMs)])
    await Promise.all([ada, grace].map((visitor) => visitor.waitForNames(['Ada', 'Grace'])))
    return { ada, grace, adasNode: (await ada.ownMember()) as string }
  }

  /** SIGKILL for the gateway. Another with the same keys runs already, and the proxy leads to it once `noticed` resolves. */
  async replaceGateway(noticed: () => Promise<unknown>): Promise<void> {
    const next = this.#startGateway()
    const port = await portOf(next)
    await this.#gateway.kill()
    await noticed()
    this.wire.retarget(port)
    this.#gateway = next
  }

  async #visit(name: string, timeoutMs: number): Promise<BoardPage> {
    const context = await this.chromium.newContext()
    this.#contexts.push(context)
    const visitor = new BoardPage(await this.chromium.newPage(this.address(name, timeoutMs), context))
    await visitor.waitForState('CONNECTED')
    await waitUntil('the own card is there', () => visitor.page.locator('.card[data-mine="true"]').count())
    return visitor
  }

  #startGateway(): Run {
    return serveProcess(this.links.map(({ port }) => `127.0.0.1:${port}`).join(','), {
      ZOOGATE_ALLOWED_ORIGINS: this.#board.origin,
    })
  }

  async #open(start: () => Promise<BoardEnsemble>): Promise<void> {
    ;[this.ensemble, this.chromium, this.#board] = await Promise.all([
      start(),
      launchChromium(),
      startBoardServer(),
    ])
    this.links = await Promise.all(this.ensemble.ports.map((port) => startTcpProxy(port)))
    this.#gateway = this.#startGateway()
    this.wire = await startTcpProxy(await portOf(this.#gateway))
    this.kazoo = await Kazoo.connect(this.ensemble.connectString)
  }

  async #close(): Promise<void> {
    await this.chromium?.close()
    await this.kazoo?.close()
    await endRuns()
    await Promise.all([this.wire, ...(this.links ?? [])].map((proxy) => proxy?.close()))
    await this.#board?.close()
    await this.ensemble?.close()
  }
}

const portOf = async (run: Run) => Number(new URL(await run.listening()).port)
