import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { limited, metric } from '../../tools/gateway/gateway-metrics.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { RawSocket } from '../../tools/gateway/raw-socket.js'
import { waitUntil } from '../../tools/wait-until.js'

// Pages that do not read, and sockets that send no messages.

const LARGE = 'x'.repeat(500_000)

let ensemble: DevEnsemble
beforeAll(async () => {
  ensemble = await startDevEnsemble()
})
afterEach(closeGateways)
afterAll(() => ensemble.close())

const start = (limits: object = {}) => startGateway(ensemble.connectString, { limits })

async function withLargeNode(url: string, path: string): Promise<RawPage> {
  const page = await RawPage.connect(url, { token: token(`reader of ${path}`) })
  await page.call('create', { path, data: LARGE, mode: 'ephemeral' })
  return page
}

const answered = (http: string) => metric(http, 'zoogate_calls_total{op="getData",result="OK"}')

describe('a page that does not read', () => {
  it('gets no more replies until it has read the earlier ones, and loses none', async () => {
    const { url, http } = await start({ maxBufferedBytes: 100_000_000, maxBytesPerSecond: 100_000_000 })
    const page = await withLargeNode(url, '/unread')
    page.socket.pause()
    const ids: number[] = []
    // One at a time: each reply shows how much the gateway still writes.
    for (let at = 0; at < 60; at += 1) {
      const before = await answered(http)
      ids.push(page.start('getData', { path: '/unread' }))
      const isAnswered = async () => (await answered(http)) > before
      const isHeld = async () =>
        (await waitUntil('it is answered', isAnswered, { timeoutMs: 300 }).catch(() => null)) === null
      if (await isHeld()) break
    }
    expect(ids.length).toBeLessThan(60)
    page.socket.resume()
    for (const id of ids) expect(await page.answer(id)).toMatchObject({ type: 'reply' })
    expect(page.closedWith).toBeNull()
  })

  it('is cut off when the bytes for all pages exceed their limit, the largest backlog first', async () => {
    const { url, http } = await start({ maxBufferedBytesTotal: 4_000_000, maxBytesPerSecond: 100_000_000 })
    const pages = await Promise.all(['/a', '/b', '/c'].map((path) => withLargeNode(url, path)))
    const [least, more, most] = pages as [RawPage, RawPage, RawPage]
    // More than the kernel buffers for each.
    for (const [page, path, count] of [
      [least, '/a', 1],
      [more, '/b', 14],
      [most, '/c', 16],
    ] as const) {
      page.socket.pause()
      for (let at = 0; at < count; at += 1) page.start('getData', { path })
    }
    await waitUntil('a page is cut off', async () => (await limited(http, 'maxBufferedBytesTotal')) > 0)
    for (const page of pages) page.socket.resume()
    await waitUntil('one of them notices', () => more.closedWith !== null || most.closedWith !== null)
    expect(await least.call('exists', { path: '/a' })).toMatchObject({ type: 'reply' })
  })

  it('is ended once it has closed its own direction', async () => {
    const { url, http } = await start()
    const page = await withLargeNode(url, '/half-closed')
    page.socket.pause()
    for (let at = 0; at < 14; at += 1) page.start('getData', { path: '/half-closed' })
    await waitUntil('it has been sent more than it takes', async () => (await answered(http)) > 0)
    // The end of a TCP connection in one direction, without a close frame.
    const { _socket: socket } = page.socket as unknown as { _socket: { end(): void } }
    socket.end()
    await waitUntil('it is gone', async () => (await metric(http, 'zoogate_connections')) === 0)
  })
})

describe('frames without a message', () => {
  it('count as messages, control frames included', async () => {
    const { url, http } = await start({ maxMessagesPerSecond: 50 })
    const page = await RawPage.connect(url, { token: token() })
    for (let at = 0; at < 40; at += 1) page.sendText('[]')
    for (let at = 0; at < 40; at += 1) page.socket.ping()
    for (let at = 0; at < 40; at += 1) page.socket.pong()
    await page.call('exists', { path: '/' })
    expect(await limited(http, 'maxMessagesPerSecond')).toBeGreaterThan(0)
    expect(page.closedWith).toBeNull()
  })

  it('end a connection without a hello: a control frame at once, an empty one with the reason', async () => {
    const { url } = await start({ helloTimeoutMs: 60_000 })
    const empty = await RawPage.open(url)
    empty.sendText('[]')
    expect(await empty.closed()).toBe(CLOSE_CODES.BAD_MESSAGE)
    expect(empty.messages).toMatchObject([{ message: 'the first message is hello' }])
    const socket = await RawSocket.connect(url)
    expect(await socket.upgrade()).toBe(101)
    socket.socket.write(Buffer.of(0x8a, 0x80, 0, 0, 0, 0))
    await waitUntil('it is ended', () => socket.state === 'ended')
  })
})
