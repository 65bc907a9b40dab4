import { afterAll, beforeAll, expect, it } from 'vitest'
import type { GatewayMessage } from 'zoogate-client/protocol'
import { GATEWAY_MESSAGES, PAGE_MESSAGES, shapeOf } from '../contract/protocol-document.js'
import { closeGateways, startGateway, token } from '../gateway-fixture.js'
import { RawPage } from '../raw-page.js'
import { type RealEnsemble, realEnsemble } from '../real-ensemble.js'
import { describeWith } from '../requirements.js'
import { startTcpProxy, type TcpProxy } from '../tcp-proxy.js'

describeWith('zookeeper')('the messages of gateways in PROTOCOL.md', () => {
  let ensemble: RealEnsemble
  let link: TcpProxy
  beforeAll(async () => {
    ensemble = await realEnsemble(1)
    link = await startTcpProxy(ensemble.servers[0]?.port as number)
  })
  afterAll(async () => {
    await closeGateways()
    await link.close()
    await ensemble.close()
  })

  it('have the fields that a gateway sends, no more and no fewer', async () => {
    const { url, gateway } = await startGateway(`127.0.0.1:${link.port}`)
    const page = await RawPage.connect(url, { token: token() })
    await page.call('create', { path: '/rooms' })
    await page.call('create', { path: '/rooms/42', data: 'hello', mode: 'ephemeral' })
    const watched = page.start('getData', { path: '/rooms/42', watch: true })
    const failed = page.start('setData', { path: '/rooms/42', data: '', version: 7 })
    await page.answer(failed)
    await page.call('delete', { path: '/rooms/42' })
    await link.cut()
    await page.next(({ type }) => type === 'suspended')
    await link.restore()
    await gateway.drain({ withinMs: 1000 })
    await page.closed()

    const sent: Record<string, GatewayMessage | undefined> = {
      session: await page.session(),
      suspended: page.messages.find(({ type }) => type === 'suspended'),
      reply: await page.answer(watched),
      error: await page.answer(failed),
      event: page.messages.find(({ type }) => type === 'event'),
      closed: page.messages.at(-1),
    }
    for (const shown of GATEWAY_MESSAGES) {
      expect(shapeOf(sent[shown.type]), shown.type).toEqual(shapeOf(shown))
    }
    expect(GATEWAY_MESSAGES.map(({ type }) => type).sort()).toEqual(Object.keys(sent).sort())
  })

  it('answer every call that the document shows', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(url, { token: token() })
    const calls = PAGE_MESSAGES.filter((message) => message.type === 'call')
    for (const call of calls) {
      page.send(call)
      expect(await page.answer(call.id)).toMatchObject({ id: call.id })
    }
    page.send(PAGE_MESSAGES.find(({ type }) => type === 'ping'))
    expect(await page.next(({ type }) => type === 'pong')).toEqual({ type: 'pong', id: 1 })
    page.send(PAGE_MESSAGES.find(({ type }) => type === 'close'))
    expect(await page.closed()).toBe(4000)
  })
})
