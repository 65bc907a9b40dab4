import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { startTcpProxy, type TcpProxy } from '../../tools/tcp-proxy.js'
import { waitUntil } from '../../tools/wait-until.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const ROUNDS = 50
const TIMEOUT_MS = 4_000

describeWith('zookeeper')(`${ROUNDS} sessions that move while their old gateway does not know`, () => {
  let ensemble: RealEnsemble
  /** Between the pages and the first gateway. */
  let wire: TcpProxy
  /** Between the first gateway and its server. */
  let link: TcpProxy

  beforeAll(async () => {
    ensemble = await realEnsemble(3)
  })
  afterAll(() => ensemble.close())
  afterEach(async () => {
    await closeGateways()
    await Promise.all([wire?.close(), link?.close()])
  })

  const passes = async (ms: number) => {
    const from = performance.now()
    await waitUntil(`${ms} ms have passed`, () => performance.now() - from > ms, { timeoutMs: 2 * ms + 5000 })
  }

  /** Two gateways on different servers, and pages that hold an ephemeral node each through the first. */
  const open = async (lingerMs: number) => {
    link = await startTcpProxy(ensemble.servers[0]?.port as number)
    const one = await startGateway(`127.0.0.1:${link.port}`, { lingerMs })
    const two = await startGateway(ensemble.address(1))
    wire = await startTcpProxy(Number(new URL(one.url).port))
    const url = one.url.replace(/:\d+\//, `:${wire.port}/`)
    const pages = await Promise.all(
      Array.from({ length: ROUNDS }, async (_, round) => {
        const page = await RawPage.connect(url, { token: token(), timeoutMs: TIMEOUT_MS })
        await page.call('create', { path: `/moved-${lingerMs}-${round}`, mode: 'ephemeral' })
        return page
      }),
    )
    return { one, two, pages }
  }

  const expectHeld = async (moved: RawPage[], lingerMs: number) => {
    const ephemerals = await ensemble.ephemerals()
    for (const [round, page] of moved.entries()) {
      expect(page.messages.filter(({ type }) => type !== 'ping').map(({ type }) => type)).toEqual(['session'])
      const { id } = await page.session()
      expect(ephemerals.get(`/moved-${lingerMs}-${round}`)).toBe(id)
      expect(await ensemble.holder(id)).toBe(1)
    }
  }

  it('are never stolen back through half-open sockets, though the old gateway loses its links', async () => {
    const { two, pages } = await open(3000)
    const resumes = await Promise.all(pages.map((page) => page.resume()))
    wire.stall()
    const moved = await Promise.all(
      resumes.map((resume) => RawPage.connect(two.url, { token: token(), timeoutMs: TIMEOUT_MS, resume })),
    )
    // Each drop is a chance for the old gateway to attach again.
    for (let drop = 0; drop < 4; drop += 1) {
      link.drop()
      await passes(TIMEOUT_MS / 2)
    }
    await expectHeld(moved, 3000)
    for (const page of [...pages, ...moved]) page.cut()
  })

  it('are never closed by the late linger of the old gateway', async () => {
    const { one, two, pages } = await open(1000)
    const resumes = await Promise.all(pages.map((page) => page.resume()))
    for (const page of pages) page.goAway()
    await Promise.all(pages.map((page) => once(page.socket, 'close')))
    const moved = await Promise.all(
      resumes.map((resume) => RawPage.connect(two.url, { token: token(), timeoutMs: TIMEOUT_MS, resume })),
    )
    await waitUntil('the old gateway has let go of all', async () => {
      const metrics = await (await fetch(`${one.http}/metrics`)).text()
      return metrics.includes('zoogate_sessions 0')
    })
    await passes(TIMEOUT_MS + 1000)
    await expectHeld(moved, 1000)
    for (const page of moved) page.cut()
  })
})
