import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { limited, metric } from '../../tools/gateway/gateway-metrics.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { RawSocket } from '../../tools/gateway/raw-socket.js'
import { waitUntil } from '../../tools/wait-until.js'

let ensemble: DevEnsemble
beforeAll(async () => {
  ensemble = await startDevEnsemble()
})
afterEach(closeGateways)
afterAll(() => ensemble.close())

const start = (limits: object, options: object = {}) =>
  startGateway(ensemble.connectString, { limits, ...options })

describe('the rate of connections', () => {
  it('is one for each address, and answers 429 with the time to wait to an address that is past it', async () => {
    const { url, http } = await start({ connectBurst: 3, maxConnectsPerSecond: 1 })
    const statuses: number[] = []
    for (let at = 0; at < 3; at += 1) statuses.push(await (await RawSocket.connect(url)).upgrade())
    const fourth = await RawSocket.connect(url)
    statuses.push(await fourth.upgrade())
    expect(statuses).toEqual([101, 101, 101, 429])
    expect(fourth.received).toContain('\r\nRetry-After: 1\r\n')
    await waitUntil('the refused socket is ended', () => fourth.state === 'ended')
    expect(await (await RawSocket.connect(url, '127.0.0.2')).upgrade()).toBe(101)
    expect(await limited(http, 'maxConnectsPerSecond')).toBe(1)
  })

  it('counts pages behind a trusted proxy by the address that it forwards, and ignores an address that a stranger forwards', async () => {
    const limits = { connectBurst: 1, maxConnectsPerSecond: 1 }
    const { url } = await start(limits, { trustedProxies: ['127.0.0.2'] })
    const status = async (from: string, forwarded: string) =>
      (await RawSocket.connect(url, from)).upgrade('/zoogate', { 'X-Forwarded-For': forwarded })
    expect(await status('127.0.0.2', '203.0.113.1')).toBe(101)
    expect(await status('127.0.0.2', '203.0.113.2')).toBe(101)
    expect(await status('127.0.0.2', '198.51.100.9, 203.0.113.2')).toBe(429)
    expect(await status('127.0.0.3', '203.0.113.3')).toBe(101)
    expect(await status('127.0.0.3', '203.0.113.4')).toBe(429)
  })

  it('warns the operator of a proxy that no setting names', async () => {
    const warnings: string[] = []
    const nothing = () => undefined
    const log = {
      debug: nothing,
      info: nothing,
      warn: (_: object, text: string) => warnings.push(text),
      error: nothing,
    }
    const { url } = await start({}, { log })
    await (await RawSocket.connect(url)).upgrade('/zoogate', { 'X-Forwarded-For': '203.0.113.1' })
    expect(warnings.filter((text) => text.includes('X-Forwarded-For'))).toHaveLength(1)
    expect(warnings.find((text) => text.includes('X-Forwarded-For'))).toContain('set trustedProxies')
  })
})

describe('slots for connections without a hello', () => {
  it('are limited for one address', async () => {
    const { url, http } = await start({ maxUnauthenticatedPerAddress: 2 })
    const status = async (from: string) => (await RawSocket.connect(url, from)).upgrade()
    const first = await RawSocket.connect(url, '127.0.0.2')
    expect(await first.upgrade()).toBe(101)
    expect(await status('127.0.0.2')).toBe(101)
    expect(await status('127.0.0.2')).toBe(429)
    expect(await status('127.0.0.3')).toBe(101)
    expect(await limited(http, 'maxUnauthenticatedPerAddress')).toBe(1)
    first.cut()
    await waitUntil('its slot is free', async () => (await metric(http, 'zoogate_unauthenticated')) === 2)
    expect(await status('127.0.0.2')).toBe(101)
  })

  it('are left at once by a page whose hello is accepted', async () => {
    const { url } = await start({ maxUnauthenticatedPerAddress: 1 })
    for (let at = 0; at < 3; at += 1) await RawPage.connect(url, { token: token() })
  })

  it('come free for a new connection when the oldest one is closed with 4206', async () => {
    const { url, http } = await start({ maxUnauthenticated: 2 })
    const [first, second] = [await RawPage.open(url), await RawPage.open(url)]
    const page = await RawPage.connect(url, { token: token() })
    expect(await first.closed()).toBe(CLOSE_CODES.OVERLOADED)
    expect(first.messages).toEqual([
      expect.objectContaining({ type: 'closed', code: CLOSE_CODES.OVERLOADED, retryAfterMs: 1_000 }),
    ])
    expect([second.closedWith, page.closedWith]).toEqual([null, null])
    expect(await limited(http, 'maxUnauthenticated')).toBe(1)
  })
})

describe('sessions', () => {
  it('are limited for one subject: one more is refused with 4206 and a time to wait, while a resume needs no room', async () => {
    const { url, http } = await start({ maxSessionsPerSubject: 2 })
    const pages = [
      await RawPage.connect(url, { token: token() }),
      await RawPage.connect(url, { token: token() }),
    ]
    const [first] = pages as [RawPage, RawPage]
    const third = await RawPage.open(url)
    third.hello({ token: token() })
    expect(await third.closed()).toBe(CLOSE_CODES.OVERLOADED)
    expect(third.messages).toMatchObject([{ type: 'closed', retryAfterMs: expect.any(Number) }])
    expect(await limited(http, 'maxSessionsPerSubject')).toBe(1)
    await RawPage.connect(url, { token: token('grace') })
    const back = await RawPage.connect(url, { token: token(), resume: await first.resume() })
    expect(await back.session()).toMatchObject({ resumed: true })
    expect(await first.closed()).toBe(CLOSE_CODES.TAKEN_OVER)
    back.send({ type: 'close' })
    await back.closed()
    await RawPage.connect(url, { token: token() })
  })

  it('are limited in all, lingering ones included', async () => {
    const { url, http } = await start({ maxSessions: 1 }, { lingerMs: 300 })
    const page = await RawPage.connect(url, { token: token() })
    page.goAway()
    await page.closed()
    const refused = await RawPage.open(url)
    refused.hello({ token: token('grace') })
    expect(await refused.closed()).toBe(CLOSE_CODES.OVERLOADED)
    await waitUntil(
      'the session that lingers is over',
      async () => (await metric(http, 'zoogate_sessions')) === 0,
    )
    await RawPage.connect(url, { token: token('grace') })
    expect(await limited(http, 'maxSessions')).toBe(1)
  })
})

describe('detached sessions', () => {
  const cutOff = async (page: RawPage, http: string, left: number) => {
    page.cut()
    await waitUntil(
      'the gateway has detached it',
      async () => (await metric(http, 'zoogate_sessions')) === left,
    )
  }
  const refusedFor = async (url: string, hello: Parameters<RawPage['hello']>[0]) => {
    const page = await RawPage.open(url)
    page.hello(hello)
    const first = await page.next(({ type }) => type === 'closed' || type === 'session')
    return first.type === 'closed' ? first.code : 'not refused'
  }

  it('count until their timeout has passed, and once when they are resumed', async () => {
    const { url, http } = await start({ maxSessionsPerSubject: 1 })
    const page = await RawPage.connect(url, { token: token(), timeoutMs: 4_000 })
    const resume = await page.resume()
    await cutOff(page, http, 0)
    expect(await refusedFor(url, { token: token() })).toBe(CLOSE_CODES.OVERLOADED)
    const back = await RawPage.connect(url, { token: token(), resume, timeoutMs: 4_000 })
    expect(await back.session()).toMatchObject({ resumed: true })
    const from = performance.now()
    await cutOff(back, http, 0)
    await waitUntil(
      'there is room again',
      async () => (await refusedFor(url, { token: token() })) === 'not refused',
      { timeoutMs: 10_000, intervalMs: 100 },
    )
    expect(performance.now() - from).toBeGreaterThan(3_900)
  })

  it('do not count once their end is certain', async () => {
    const { url, http } = await start({ maxSessionsPerSubject: 1 }, { lingerMs: 50 })
    const page = await RawPage.connect(url, { token: token() })
    page.goAway()
    await waitUntil('its linger is over', async () => (await metric(http, 'zoogate_sessions')) === 0)
    const next = await RawPage.connect(url, { token: token() })
    next.send({ type: 'close' })
    expect(await next.closed()).toBe(CLOSE_CODES.CLOSED)
    await RawPage.connect(url, { token: token() })
  })

  it('may be resumed up to twice the quota of a subject, beyond the sessions that other replicas have admitted', async () => {
    const others = [await start({ maxSessionsPerSubject: 3 }), await start({})]
    const resumes = []
    for (const { url } of [others[0]!, others[1]!, others[1]!]) {
      const page = await RawPage.connect(url, { token: token() })
      resumes.push(await page.resume())
      page.cut()
    }
    const { url, http } = await start({ maxSessionsPerSubject: 1 })
    const [first, second, third] = resumes
    await RawPage.connect(url, { token: token(), resume: first! })
    await RawPage.connect(url, { token: token(), resume: second! })
    expect(await refusedFor(url, { token: token(), resume: third! })).toBe(CLOSE_CODES.OVERLOADED)
    expect(await limited(http, 'maxSessionsPerSubject')).toBe(1)
  })
})

/** More than the other tests of a busy machine cause, less than a task of two seconds does. */
const MAX_LAG_MS = 200

describe('an overloaded gateway', () => {
  it('refuses new sessions, resumes the sessions of pages, and recovers', async () => {
    const { url, http } = await start({ maxEventLoopLagMs: MAX_LAG_MS })
    const page = await RawPage.connect(url, { token: token() })
    const resume = await page.resume()
    const [newcomer, returner] = [await RawPage.open(url), await RawPage.open(url)]
    const lag = () => metric(http, 'zoogate_event_loop_lag_seconds')
    // The gateway runs in this process.
    const until = performance.now() + 2_000
    while (performance.now() < until);
    await waitUntil('the lag is noticed', async () => (await lag()) > MAX_LAG_MS / 1000, { intervalMs: 5 })
    newcomer.hello({ token: token('grace') })
    returner.hello({ token: token(), resume })
    expect(await newcomer.closed()).toBe(CLOSE_CODES.OVERLOADED)
    expect(await returner.session()).toMatchObject({ resumed: true })
    expect(await limited(http, 'maxEventLoopLagMs')).toBe(1)
    await waitUntil('the lag is over', async () => (await lag()) < MAX_LAG_MS / 2000)
    await RawPage.connect(url, { token: token('grace') })
  })
})

describe('a slow connection', () => {
  it('ends with 408 before its upgrade is complete, and takes no slot from others', async () => {
    const { url, http } = await start({ upgradeTimeoutMs: 1_000, maxUnauthenticatedPerAddress: 50 })
    const slow = await Promise.all(Array.from({ length: 100 }, () => RawSocket.connect(url, '127.0.0.2')))
    for (const { socket } of slow) socket.write('GET /zoogate HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    await waitUntil('half of them are turned away', async () => {
      return slow.filter(({ state }) => state === 'ended').length === 50
    })
    const page = await RawPage.connect(url, { token: token() })
    expect(await page.call('exists', { path: '/' })).toMatchObject({ type: 'reply' })
    await waitUntil('all of them are ended', () => slow.every(({ state }) => state === 'ended'))
    expect(slow.filter(({ received }) => received.startsWith('HTTP/1.1 408'))).toHaveLength(50)
    expect(await limited(http, 'upgradeTimeoutMs')).toBe(50)
    expect(await limited(http, 'maxUnauthenticatedPerAddress')).toBe(50)
  })

  it('ends when it says nothing at all', async () => {
    const { url } = await start({ upgradeTimeoutMs: 500 })
    const silent = await RawSocket.connect(url)
    await waitUntil('it is ended', () => silent.state === 'ended')
  })

  it('ends with 4202 without a hello, and is counted', async () => {
    const { url, http } = await start({ helloTimeoutMs: 200 })
    const page = await RawPage.open(url)
    expect(await page.closed()).toBe(CLOSE_CODES.HELLO_TIMEOUT)
    expect(await limited(http, 'helloTimeoutMs')).toBe(1)
  })
})

describe('a page that sends too fast', () => {
  it('is slowed down to its rate, and loses no call and no order', async () => {
    const { url, http } = await start({ maxMessagesPerSecond: 100 })
    const page = await RawPage.connect(url, { token: token() })
    const from = performance.now()
    const ids = Array.from({ length: 400 }, () => page.start('exists', { path: '/' }))
    await page.answer(ids.at(-1) as number)
    // Two seconds' worth came at once.
    expect(performance.now() - from).toBeGreaterThan(1_900)
    expect(page.messages.flatMap((message) => (message.type === 'reply' ? [message.id] : []))).toEqual(ids)
    expect(await limited(http, 'maxMessagesPerSecond')).toBeGreaterThan(0)
  })

  it('is held back by its bytes too', async () => {
    const { url, http } = await start({ maxBytesPerSecond: 50_000 })
    const page = await RawPage.connect(url, { token: token() })
    // Two seconds' worth may come at once.
    const data = 'x'.repeat(90_000)
    const from = performance.now()
    await page.call('create', { path: '/bytes-1', data, mode: 'ephemeral' })
    await page.call('exists', { path: '/' })
    await page.call('exists', { path: '/' })
    expect(await limited(http, 'maxBytesPerSecond')).toBe(0)
    page.start('create', { path: '/bytes-2', data, mode: 'ephemeral' })
    // The gateway handles that frame, and holds back the next ones until its bytes are paid for.
    await page.call('exists', { path: '/' })
    expect(performance.now() - from).toBeGreaterThan(1_500)
    expect(await limited(http, 'maxBytesPerSecond')).toBeGreaterThan(0)
  })
})

describe('the backlog of a page', () => {
  const pings = (count: number) => Array.from({ length: count }, (_, id) => ({ type: 'ping', id }))

  it('does not keep alive a page that no longer answers, whose node goes in time', async () => {
    const { url } = await start({ maxMessagesPerSecond: 100 })
    const page = await RawPage.connect(url, { token: token(), timeoutMs: 4_000 })
    const { id } = await page.session()
    await page.call('create', { path: '/flooder', mode: 'ephemeral' })
    page.answers = false
    // A quarter of an hour of messages at this rate.
    for (let at = 0; at < 90_000; at += 1) page.sendText('{"type":"ping","id":0}')
    expect(await page.closed(60_000)).toBe(CLOSE_CODES.SILENT)
    await waitUntil('the session has expired', () => !ensemble.sessions().includes(id), { timeoutMs: 20_000 })
  })

  it('does not end a page whose messages wait for its rate', async () => {
    const { url } = await start({ maxMessagesPerSecond: 500 })
    const page = await RawPage.connect(url, { token: token(), timeoutMs: 4_000 })
    const from = performance.now()
    for (let round = 0; round < 4; round += 1) page.send(pings(1_000))
    page.send({ type: 'ping', id: 7_777 })
    await page.next((message) => message.type === 'pong' && message.id === 7_777)
    // Two thirds of the timeout would have been over by then.
    expect(performance.now() - from).toBeGreaterThan(5_000)
    expect(page.closedWith).toBeNull()
  })
})

describe('each limit of calls', () => {
  it('is counted when a call meets it', async () => {
    const { url, http } = await start({
      maxPathDepth: 2,
      maxWatches: 1,
      maxDataBytes: 100,
      maxMultiParts: 1,
      maxCallsInFlight: 1,
      maxMessageBytes: 1_024,
    })
    const page = await RawPage.connect(url, { token: token() })
    await page.call('create', { path: '/deep' })
    await page.call('create', { path: '/deep/er' })
    const deep = { type: 'error', error: { code: 'BAD_REQUEST', path: '/deep/er/still' } }
    expect(await page.call('create', { path: '/deep/er/still' })).toMatchObject(deep)
    const part = { op: 'create', path: '/deep/er/still' } as const
    expect(await page.call('multi', { parts: [part] })).toMatchObject({ error: { ...deep.error, part: 0 } })
    await page.call('exists', { path: '/deep', watch: true })
    await page.call('exists', { path: '/deep', watch: true })
    await page.call('create', { path: '/large', data: 'x'.repeat(101) })
    await page.call('multi', { parts: [part, part] })
    page.send([1, 2].map((id) => ({ type: 'call', id: 100 + id, op: 'exists', path: '/' })))
    expect(await page.answer(102)).toMatchObject({ error: { code: 'THROTTLED' } })
    page.sendText(`"${'x'.repeat(2_000)}"`)
    expect(await page.closed()).toBe(1009)
    const names = ['maxWatches', 'maxDataBytes', 'maxMultiParts', 'maxCallsInFlight', 'maxMessageBytes']
    expect(await Promise.all(names.map((name) => limited(http, name)))).toEqual([1, 1, 1, 1, 1])
    expect(await limited(http, 'maxPathDepth')).toBe(2)
  })
})
