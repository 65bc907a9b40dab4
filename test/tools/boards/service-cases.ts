import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { launchChromium, type TestBrowser } from '../chromium.js'
import { endRuns, type Run, serveProcess } from '../gateway/gateway-process.js'
import { PYTHON } from '../installed.js'
import { startTcpProxy, type TcpProxy } from '../tcp-proxy.js'
import { waitUntil } from '../wait-until.js'
import { Kazoo } from '../zookeeper/kazoo.js'
import type { BoardEnsemble } from './board-ensemble.js'
import { type BoardServer, startBoardServer } from './board-server.js'
import { ServicePage } from './service-page.js'

const REGISTER_PY = fileURLToPath(new URL('../../../examples/service-board/register.py', import.meta.url))
const REGISTER_MJS = fileURLToPath(new URL('../../../examples/service-board/register.mjs', import.meta.url))

/** For a backend that a test lets expire. */
const SHORT_TIMEOUT_S = 4
/** For all others: one that is gone in a test has said so itself. */
const LONG_TIMEOUT_S = 100

/** What an operator sees on the board while backends come and go. */
export function serviceCases(start: () => Promise<BoardEnsemble>): void {
  let ensemble: BoardEnsemble
  let kazoo: Kazoo
  let chromium: TestBrowser
  let board: BoardServer
  let gateway: Run
  /** Between the page and the gateway. */
  let wire: TcpProxy
  let roots = 0
  const backends: Backend[] = []
  const pages: Page[] = []

  beforeAll(async () => {
    ;[ensemble, chromium, board] = await Promise.all([start(), launchChromium(), startBoardServer()])
    gateway = serveProcess(ensemble.connectString, { ZOOGATE_ALLOWED_ORIGINS: board.origin })
    wire = await startTcpProxy(Number(new URL(await gateway.listening()).port))
    kazoo = await Kazoo.connect(ensemble.connectString)
  })
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.close()))
    await Promise.all(backends.splice(0).map((backend) => backend.end('SIGKILL')))
  })
  afterAll(async () => {
    await chromium?.close()
    await kazoo?.close()
    await endRuns()
    await wire?.close()
    await board?.close()
    await ensemble?.close()
  })

  /** A board that looks at a chroot's services of its own, and what starts backends there. */
  const openBoard = async () => {
    roots += 1
    const chroot = `/test-${roots}`
    await kazoo.ensurePath(chroot)
    const page = await chromium.newPage(
      board.page({ gateway: `ws://127.0.0.1:${wire.port}/zoogate`, root: `${chroot}/services` }, '/services'),
    )
    pages.push(page)
    const shown = new ServicePage(page)
    await shown.waitForWord('Live')
    const register = (service: string, name: string, timeoutS = LONG_TIMEOUT_S) => {
      const backend = new Backend(PYTHON, [
        REGISTER_PY,
        service,
        ...['--name', name, '--port', '8001', '--timeout', String(timeoutS)],
        ...['--zookeeper', `${ensemble.connectString}${chroot}`],
      ])
      backends.push(backend)
      return backend
    }
    return { shown, chroot, register }
  }

  it('the board says what to run while nothing is registered', async () => {
    const { shown } = await openBoard()
    const text = await shown.page.locator('.empty').innerText()
    expect(text).toContain('python3 examples/service-board/register.py checkout --zookeeper')
    expect(text).toContain(`register.mjs checkout --gateway ws://127.0.0.1:${wire.port}/zoogate`)
  })

  it('the board shows backends that come, what they say of themselves, and which one leads', async () => {
    const { shown, chroot, register } = await openBoard()
    register('checkout', 'web-1')
    await shown.waitForInstances('checkout', ['web-1'])
    await shown.waitForLeader('checkout', 'web-1')
    register('checkout', 'web-2')
    await shown.waitForInstances('checkout', ['web-1', 'web-2'])
    const [address, version] = await shown.facts('checkout', 'web-2')
    expect(address).toMatch(/:8001$/)
    expect(version).toBe('1.0.0')
    expect(await shown.empty()).toBe(false)
    const told = JSON.parse((await kazoo.get(`${chroot}/services/checkout/web-2`)).text) as object
    await kazoo.create(`${chroot}/services/checkout/kazoo`, JSON.stringify({ ...told, load: 0.97 }), {
      ephemeral: true,
    })
    await waitUntil('the load is shown', async () => (await shown.load('checkout', 'kazoo')) === '97 %')
    await kazoo.set(`${chroot}/services/checkout/kazoo`, JSON.stringify({ ...told, load: 0.02 }))
    await waitUntil('the change is shown', async () => (await shown.load('checkout', 'kazoo')) === '2 %')
    expect(await shown.numbers()).toEqual(['1 service', '3 instances', '0 down'])
  })

  it('the board shows that a backend which ends by itself has left, long before its session could expire', async () => {
    const { shown, register } = await openBoard()
    const backend = register('mail', 'mail-1')
    await shown.waitForInstances('mail', ['mail-1'])
    await backend.end('SIGTERM')
    await shown.waitForInstances('mail', [])
    expect(await shown.numbers()).toEqual(['1 service', '0 instances', '1 down'])
    const [newest] = await shown.history()
    expect(newest).toMatch(/mail-1 mail left after \d+ s$/)
  })

  it('the board shows a backend that was killed until its session ends, and then which one leads after it', async () => {
    const { shown, chroot, register } = await openBoard()
    const first = register('search', 'first', SHORT_TIMEOUT_S)
    await shown.waitForLeader('search', 'first')
    register('search', 'second')
    await shown.waitForInstances('search', ['first', 'second'])
    const owner = (await kazoo.exists(`${chroot}/services/search/first`))?.ephemeralOwner as string
    await first.end('SIGKILL')
    await ensemble.waitForSessionEnd(owner)
    await shown.waitForInstances('search', ['second'])
    await shown.waitForLeader('search', 'second')
    await waitUntil('the history tells all of it', async () => (await shown.history()).length === 5)
    const history = (await shown.history()).map((entry) => entry.replace(/^\S+ /, ''))
    expect(history.slice(0, 2).sort()).toEqual([
      expect.stringMatching(/^first search left after \d+ s$/),
      'second search leads, after first',
    ])
    // A process registers and stands for election at once, in either order.
    expect(history.slice(2).sort()).toEqual([
      'first search joined',
      'first search leads',
      'second search joined',
    ])
  })

  it('the board stays as it was while the link is down, says since when, and then tells what it missed', async () => {
    const { shown, chroot } = await openBoard()
    const path = `${chroot}/services/shop`
    await kazoo.ensurePath(path)
    await kazoo.create(`${path}/a`, '{}', { ephemeral: true })
    await shown.waitForInstances('shop', ['a'])
    await wire.cut()
    await shown.waitForWord('CONNECTING')
    expect(await shown.note()).toMatch(/^as of \d\d:\d\d:\d\d$/)
    await kazoo.delete(`${path}/a`)
    await kazoo.create(`${path}/b`, '{}', { ephemeral: true })
    expect(await shown.instances('shop')).toEqual(['a'])
    await wire.restore()
    await shown.waitForWord('Live')
    await shown.waitForInstances('shop', ['b'])
    const history = await shown.history()
    expect(history[0]).toMatch(/b shop joined$/)
    expect(history[1]).toMatch(/a shop left while disconnected, after \d+ s at most$/)
  })

  it('the board shows a backend that registers through the gateway', async () => {
    const gatewayUrl = `ws://127.0.0.1:${wire.port}/zoogate`
    const page = await chromium.newPage(board.page({ gateway: gatewayUrl }, '/services'))
    pages.push(page)
    const shown = new ServicePage(page)
    const backend = new Backend(process.execPath, [
      REGISTER_MJS,
      'gate',
      ...['--name', 'gate-1', '--gateway', gatewayUrl, '--token-url', `${board.origin}/demo/token`],
    ])
    backends.push(backend)
    await shown.waitForInstances('gate', ['gate-1'])
    await shown.waitForLeader('gate', 'gate-1')
    await backend.end('SIGTERM')
    await shown.waitForInstances('gate', [])
  })
}

/** A process that registers, with what it says when it should not. */
class Backend {
  readonly #process
  #said = ''

  constructor(command: string, args: string[]) {
    this.#process = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.on('data', (data) => {
        this.#said += data
      })
    }
  }

  /** Resolves when it is gone. @throws Error where it was gone already */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { exitCode, signalCode } = this.#process
    if (signalCode !== null || (exitCode === 0 && signal === 'SIGKILL')) return
    if (exitCode !== null) throw new Error(`a backend ended with ${exitCode}: ${this.#said}`)
    this.#process.kill(signal)
    await once(this.#process, 'exit')
  }
}
