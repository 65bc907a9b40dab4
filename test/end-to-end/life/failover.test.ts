import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { startTcpProxy, type TcpProxy } from '../../tools/tcp-proxy.js'
import { waitUntil } from '../../tools/wait-until.js'
import { Kazoo } from '../../tools/zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const TIMEOUT_MS = 4000

describeWith('zookeeper', 'kazoo')('gateways before three real servers', () => {
  let ensemble: RealEnsemble
  let kazoo: Kazoo
  const proxies: TcpProxy[] = []

  beforeAll(async () => {
    ensemble = await realEnsemble(3, { tickTimeMs: 500 })
    kazoo = await Kazoo.connect(ensemble.connectString)
  })
  afterAll(async () => {
    await kazoo.close()
    await ensemble.close()
  })
  afterEach(async () => {
    await closeGateways()
    await Promise.all(proxies.splice(0).map((proxy) => proxy.close()))
    for (const [index, server] of ensemble.servers.entries()) if (server.stopped) await ensemble.start(index)
    await ensemble.waitForQuorum()
  })

  const proxyTo = async (port: number) => {
    const proxy = await startTcpProxy(port)
    proxies.push(proxy)
    return proxy
  }
  const through = (url: string, proxy: TcpProxy) => url.replace(/:\d+\//, `:${proxy.port}/`)
  const portOf = (url: string) => Number(new URL(url).port)

  it('carries a session over to another server when its own is killed', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(url, { token: token(), timeoutMs: TIMEOUT_MS })
    const { id, resumeToken } = await page.session()
    await page.call('create', { path: '/carried', mode: 'ephemeral' })
    await page.call('getData', { path: '/carried', watch: true })
    const holder = (await ensemble.holder(id)) as number
    await ensemble.kill(holder)
    await page.next(({ type }) => type === 'suspended')
    await waitUntil(
      'the session is attached again',
      () => page.messages.filter((m) => m.type === 'session').length === 2,
    )
    const again = await page.session()
    expect(again).toMatchObject({ id, resumed: true })
    expect(again.resumeToken).not.toBe(resumeToken)
    await kazoo.set('/carried', 'changed')
    await page.next((m) => m.type === 'event' && m.event === 'NodeDataChanged')
    expect((await kazoo.exists('/carried'))?.ephemeralOwner).toBe(id)
  })

  it('fails the calls in flight when the link breaks, and runs none of them later', async () => {
    const link = await proxyTo(ensemble.servers[0]?.port as number)
    const { url } = await startGateway(`127.0.0.1:${link.port}`)
    const page = await RawPage.connect(url, { token: token(), timeoutMs: TIMEOUT_MS })
    link.stall({ direction: 'up' })
    const ids = Array.from({ length: 20 }, (_, at) => page.start('create', { path: `/lost-${at}` }))
    await waitUntil('the proxy holds them', () => page.socket.bufferedAmount === 0)
    await link.cut()
    const answers = await Promise.all(ids.map((id) => page.answer(id)))
    for (const answer of answers) {
      expect(answer).toMatchObject({ type: 'error', error: { code: 'CONNECTION_LOSS', retryable: true } })
    }
    const late = await page.call('exists', { path: '/' })
    expect(late).toMatchObject({ error: { code: 'CONNECTION_LOSS', outcome: 'not_executed' } })
    await link.restore()
    await waitUntil(
      'the session is attached again',
      () => page.messages.filter((m) => m.type === 'session').length === 2,
    )
    const children = await page.call('getChildren', { path: '/' })
    expect(JSON.stringify(children)).not.toContain('lost-')
  })

  it('never lets a half-open page steal its session back', async () => {
    const link = await proxyTo(ensemble.servers[0]?.port as number)
    const one = await startGateway(`127.0.0.1:${link.port}`)
    const two = await startGateway(ensemble.address(1))
    const wire = await proxyTo(portOf(one.url))
    const page = await RawPage.connect(through(one.url, wire), { token: token(), timeoutMs: TIMEOUT_MS })
    const { id } = await page.session()
    await page.call('create', { path: '/not-stolen', mode: 'ephemeral' })
    const resume = await page.resume()
    // Nothing passes between the page and the first gateway now, and both believe that the connection is open.
    wire.stall()
    const moved = await RawPage.connect(two.url, { token: token(), timeoutMs: TIMEOUT_MS, resume })
    // The first gateway loses its link and could attach again.
    await link.cut()
    await link.restore()
    const from = performance.now()
    await waitUntil(
      'the session has outlived its timeout twice',
      () => performance.now() - from > 2 * TIMEOUT_MS,
      {
        timeoutMs: 20_000,
      },
    )
    expect(moved.messages.map(({ type }) => type).filter((type) => type !== 'ping')).toEqual(['session'])
    expect(await ensemble.holder(id)).toBe(1)
    expect(await moved.call('exists', { path: '/not-stolen' })).toMatchObject({
      result: { stat: { owner: 'mine' } },
    })
    page.cut()
  })

  it('never closes a session after the linger that has moved to another server', async () => {
    const one = await startGateway(ensemble.address(0), { lingerMs: 800 })
    const two = await startGateway(ensemble.address(1))
    const page = await RawPage.connect(one.url, { token: token(), timeoutMs: TIMEOUT_MS })
    const { id } = await page.session()
    await page.call('create', { path: '/moved', mode: 'ephemeral' })
    const resume = await page.resume()
    page.goAway()
    await once(page.socket, 'close')
    const moved = await RawPage.connect(two.url, { token: token(), timeoutMs: TIMEOUT_MS, resume })
    await waitUntil('the first gateway has detached it', async () => {
      const metrics = await (await fetch(`${one.http}/metrics`)).text()
      return metrics.includes('zoogate_sessions 0')
    })
    const from = performance.now()
    await waitUntil('a timeout has passed', () => performance.now() - from > TIMEOUT_MS)
    expect(await ensemble.sessions()).toContain(id)
    expect(await moved.call('exists', { path: '/moved' })).toMatchObject({
      result: { stat: { owner: 'mine' } },
    })
  })

  it('tells a page that another one holds its session, also across servers', async () => {
    const one = await startGateway(ensemble.address(0))
    const two = await startGateway(ensemble.address(1))
    const page = await RawPage.connect(one.url, { token: token(), timeoutMs: TIMEOUT_MS })
    const moved = await RawPage.connect(two.url, {
      token: token(),
      timeoutMs: TIMEOUT_MS,
      resume: await page.resume(),
    })
    // The old link still answers reads; a write fails on it, so its gateway attaches the session again. Both pages are
    // alive, so each gateway takes the session from the other, until the gateway that held it first gives up.
    const write = async (from: RawPage) => {
      if (from.closedWith === null) await from.call('setData', { path: '/', data: '' })
    }
    const attached = (whose: RawPage) =>
      waitUntil('it is attached, or closed', () => {
        const news = whose.messages.findLast(({ type }) => type === 'session' || type === 'suspended')
        return whose.closedWith !== null || news?.type === 'session'
      })
    await waitUntil('one of them is told', async () => {
      for (const whose of [page, moved]) {
        await write(whose)
        await attached(whose)
      }
      return page.closedWith ?? moved.closedWith
    })
    expect(page.closedWith).toBe(CLOSE_CODES.TAKEN_OVER)
    expect(moved.closedWith).toBeNull()
    expect(await moved.call('setData', { path: '/', data: '' })).toMatchObject({ type: 'reply' })
  })

  it('stays suspended while no server answers, and goes on where the ensemble says so', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(url, { token: token(), timeoutMs: TIMEOUT_MS })
    const { id } = await page.session()
    await page.call('create', { path: '/outage', mode: 'ephemeral' })
    await Promise.all([0, 1, 2].map((index) => ensemble.kill(index)))
    await page.next(({ type }) => type === 'suspended')
    const from = performance.now()
    await waitUntil(
      'the outage has outlasted the timeout',
      () => performance.now() - from > TIMEOUT_MS + 1500,
    )
    expect(page.closedWith).toBeNull()
    await Promise.all([0, 1, 2].map((index) => ensemble.start(index)))
    await waitUntil(
      'the session is attached again',
      () => page.messages.filter((m) => m.type === 'session').length === 2,
      {
        timeoutMs: 20_000,
      },
    )
    // A new leader starts every session's clock anew: the ensemble kept the session, so the page keeps it.
    expect(await page.session()).toMatchObject({ id, resumed: true })
    expect(await page.call('exists', { path: '/outage' })).toMatchObject({
      result: { stat: { owner: 'mine' } },
    })
  })

  it('ends with expired when the ensemble has expired the session behind the outage', async () => {
    const links = await Promise.all(ensemble.servers.map(({ port }) => proxyTo(port)))
    const { url } = await startGateway(links.map(({ port }) => `127.0.0.1:${port}`).join(','))
    const page = await RawPage.connect(url, { token: token(), timeoutMs: TIMEOUT_MS })
    const { id } = await page.session()
    await Promise.all(links.map((link) => link.cut()))
    await ensemble.waitForSessionEnd(id)
    expect(page.closedWith).toBeNull()
    await Promise.all(links.map((link) => link.restore()))
    expect(await page.closed()).toBe(CLOSE_CODES.EXPIRED)
  })
})
