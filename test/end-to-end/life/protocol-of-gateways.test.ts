import { afterAll, beforeAll, expect, it } from 'vitest'
import type { GatewayMessage, ViewMessage } from 'zoogate-client/protocol'
import { GATEWAY_MESSAGES, PAGE_MESSAGES, shapeOf } from '../../tools/contract/protocol-document.js'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { startTcpProxy, type TcpProxy } from '../../tools/tcp-proxy.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

/** Which nodes a view has is not the document's business, but what each of them is. */
function fieldsOf(message: GatewayMessage | undefined): unknown {
  if (message?.type !== 'view') return shapeOf(message)
  const kinds = Object.values(message.nodes).map((node) => (node ? 'array' : 'null'))
  return [shapeOf({ ...message, nodes: null }), kinds.includes('array')]
}

/** The whole, a change and a difference. */
async function viewMessages(url: string, page: RawPage): Promise<GatewayMessage[]> {
  const spec = { path: '/rooms/43', data: true }
  await page.call('create', { path: '/rooms/43' })
  await page.call('create', { path: '/rooms/43/ada', data: 'Ada', mode: 'ephemeral' })
  await page.call('openView', spec)
  const whole = (await page.next(({ type }) => type === 'view')) as ViewMessage
  await page.call('delete', { path: '/rooms/43/ada' })
  await page.call('create', { path: '/rooms/43/bob', data: 'Bob', mode: 'ephemeral' })
  const change = await page.next((message) => message.type === 'view' && Array.isArray(message.nodes.bob))
  const returning = await RawPage.connect(url, { token: token() })
  await returning.call('openView', { ...spec, since: { zxid: whole.zxid, count: 1 } })
  const difference = await returning.next(({ type }) => type === 'view')
  returning.socket.close()
  return [whole, change, difference]
}

async function endedView(url: string): Promise<GatewayMessage> {
  const page = await RawPage.connect(url, { token: token() })
  const acl = [{ scheme: 'digest', id: 'nobody:nothing', permissions: ['read' as const] }]
  await page.call('create', { path: '/rooms/closed', acl })
  await page.call('openView', { path: '/rooms/closed' })
  const ended = await page.next(({ type }) => type === 'viewEnded')
  page.socket.close()
  return ended
}

/** A token that is about to expire is asked for at the first ping. */
async function refreshOf(url: string): Promise<GatewayMessage> {
  const page = await RawPage.connect(url, { token: token('ada', {}, { expiresIn: 8 }), timeoutMs: 4_000 })
  const refresh = await page.next(({ type }) => type === 'refresh')
  page.socket.close()
  return refresh
}

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
    const refresh = refreshOf(url)
    const views = await viewMessages(url, page)
    const ended = await endedView(url)
    await refresh
    await link.cut()
    await page.next(({ type }) => type === 'suspended')
    const stale = await page.next(({ type }) => type === 'viewStale')
    await link.restore()
    await gateway.drain({ withinMs: 1000 })
    await page.closed()

    const sent = [
      await page.session(),
      page.messages.find(({ type }) => type === 'suspended'),
      await page.answer(watched),
      await page.answer(failed),
      page.messages.find(({ type }) => type === 'event'),
      ...views,
      stale,
      ended,
      await refresh,
      page.messages.at(-1),
    ]
    expect(sent.map(fieldsOf)).toEqual(GATEWAY_MESSAGES.map(fieldsOf))
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
