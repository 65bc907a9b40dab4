import { describe, expect, it, vi } from 'vitest'
import { FakePage } from '../../../tools/sdk/fake-page.js'
import { sessionMessage } from '../../../tools/sdk/fake-socket.js'
import { preparePlayground, rejection } from '../../../tools/sdk/playground.js'

const start = preparePlayground()

/** Moves the clock without letting any timer fire, as a sleeping page sees it. */
const sleep = (ms: number) => vi.setSystemTime(Date.now() + ms)

describe('pings', () => {
  it('are answered from the message handler, with their id', async () => {
    const { zk, attach } = start()
    zk.connect()
    const socket = await attach()
    socket.receive({ type: 'ping', id: 7 })
    expect(socket.frames.at(-1)).toEqual({ type: 'pong', id: 7 })
  })

  it('are answered while the gateway still waits for the ensemble', async () => {
    const { zk, socket, settle } = start()
    zk.connect()
    await settle()
    socket().open().receive({ type: 'ping', id: 1 })
    expect(socket().frames.at(-1)).toEqual({ type: 'pong', id: 1 })
  })
})

describe('a gateway that goes silent', () => {
  it('is left after two thirds of the negotiated timeout and a round trip, and redialled within 100 ms', async () => {
    const { zk, attach, sockets, told } = start()
    zk.connect()
    const socket = await attach({ timeoutMs: 6_000 })
    await vi.advanceTimersByTimeAsync(4_400)
    expect(zk.state).toBe('CONNECTED')
    await vi.advanceTimersByTimeAsync(201)
    expect(told.at(-1)).toBe('CONNECTED -> CONNECTING')
    expect(socket.closed?.code).toBe(3001)
    expect(sockets).toHaveLength(2)
  })

  it('is kept as long as anything arrives', async () => {
    const { zk, attach, sockets } = start()
    zk.connect()
    const socket = await attach({ timeoutMs: 6_000 })
    for (let id = 0; id < 20; id++) {
      await vi.advanceTimersByTimeAsync(4_000)
      socket.receive({ type: 'ping', id })
    }
    expect([zk.state, sockets.length]).toEqual(['CONNECTED', 1])
  })

  it('is noticed by a call, with no timer firing: the call waits for the next gateway', async () => {
    const { zk, attach, redialled } = start()
    zk.connect()
    const socket = await attach()
    sleep(60_000)
    const write = zk.setData('/a', 'x')
    expect(zk.state).toBe('CONNECTING')
    expect(socket.calls).toEqual([])
    await redialled()
    const next = await attach({ resumed: true })
    expect(next.calls).toMatchObject([{ op: 'setData', path: '/a' }])
    next.receive({
      type: 'error',
      id: 1,
      error: { code: 'NO_NODE', message: 'no', retryable: false, outcome: 'not_executed' },
    })
    expect(await rejection(write)).toMatchObject({ code: 'NO_NODE' })
  })

  it.each([
    ['document', 'visibilitychange'],
    ['document', 'resume'],
    ['window', 'focus'],
    ['window', 'online'],
  ] as const)('is noticed at %s %s, with no timer firing', async (target, type) => {
    const page = new FakePage().enter()
    const { zk, attach } = start()
    zk.connect()
    await attach()
    sleep(60_000)
    page.dispatch(target, type)
    expect(zk.state).toBe('CONNECTING')
  })

  it('is left for the next gateway also before it sent a session', async () => {
    const { zk, socket, settle, sockets } = start({ sessionTimeoutMs: 6_000 })
    zk.connect()
    await settle()
    socket().open()
    await vi.advanceTimersByTimeAsync(4_700)
    expect(sockets).toHaveLength(2)
  })

  it('is left after ten seconds when the socket never opens', async () => {
    const { zk, settle, sockets } = start()
    zk.connect()
    await settle()
    await vi.advanceTimersByTimeAsync(9_999)
    expect(sockets).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(200)
    expect(sockets).toHaveLength(2)
  })
})

describe('waking up before the deadline', () => {
  it('asks a gateway that was quiet for seconds, and leaves it after two without an answer', async () => {
    const page = new FakePage().enter()
    const { zk, attach } = start({ sessionTimeoutMs: 40_000 })
    zk.connect()
    const socket = await attach({ timeoutMs: 40_000 })
    sleep(4_000)
    page.dispatch('document', 'visibilitychange')
    expect(socket.frames.at(-1)).toEqual({ type: 'ping', id: 0 })
    await vi.advanceTimersByTimeAsync(1_999)
    expect(zk.state).toBe('CONNECTED')
    await vi.advanceTimersByTimeAsync(1)
    expect(zk.state).toBe('CONNECTING')
  })

  it('keeps a link that answers, and does not ask one that was just heard', async () => {
    const page = new FakePage().enter()
    const { zk, attach } = start()
    zk.connect()
    const socket = await attach({ timeoutMs: 40_000 })
    page.dispatch('document', 'resume')
    expect(socket.messages.map(({ type }) => type)).toEqual(['hello'])
    sleep(4_000)
    page.dispatch('document', 'resume')
    socket.receive({ type: 'pong', id: 0 })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(zk.state).toBe('CONNECTED')
  })
})

describe('frames', () => {
  it('carry all calls of one tick, in order, and the next tick opens another', async () => {
    const { zk, attach } = start()
    zk.connect()
    const socket = await attach()
    for (const path of ['/a', '/b', '/c']) zk.exists(path).catch(() => undefined)
    await Promise.resolve()
    zk.exists('/d').catch(() => undefined)
    await Promise.resolve()
    const paths = socket.frames
      .slice(1)
      .map((frame) => [frame].flat().map((call) => 'path' in call && call.path))
    expect(paths).toEqual([['/a', '/b', '/c'], ['/d']])
  })

  it('are never larger than the gateway reads, in UTF-8 bytes', async () => {
    const { zk, attach } = start()
    zk.connect()
    const socket = await attach({ maxMessageBytes: 300 })
    const sent = vi.spyOn(socket, 'send')
    for (let n = 0; n < 40; n++) zk.setData(`/${'é'.repeat(n)}`, 'x').catch(() => undefined)
    await Promise.resolve()
    const sizes = sent.mock.calls.map(([text]) => new TextEncoder().encode(text).length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(300)
    expect(sizes.length).toBeLessThan(20)
    expect(socket.calls.map(({ id }) => id)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1))
  })

  it('never hold more messages than every gateway takes', async () => {
    const { zk, attach } = start()
    zk.connect()
    const socket = await attach()
    for (let n = 0; n < 2_500; n++) zk.exists('/a').catch(() => undefined)
    await Promise.resolve()
    expect(socket.frames.slice(1).map((frame) => [frame].flat().length)).toEqual([1_000, 1_000, 500])
    expect(socket.calls.map(({ id }) => id)).toEqual(Array.from({ length: 2_500 }, (_, n) => n + 1))
  })

  it('end the connection when they are unreadable, and the session is resumed', async () => {
    const { zk, attach, redialled } = start()
    zk.connect()
    const socket = await attach()
    const call = rejection(zk.exists('/a'))
    await Promise.resolve()
    socket.receiveText('{"type":')
    expect(zk.state).toBe('CONNECTING')
    expect((await redialled()).open().hello?.resume?.token).toBe('resume-1')
    const message = expect.stringContaining('SyntaxError')
    expect(await call).toMatchObject({ code: 'CONNECTION_LOSS', message })
  })

  it("close the socket without the gateway's words, since browsers throw at more than 123 bytes of them", async () => {
    const { zk, attach, redialled } = start()
    zk.connect()
    const socket = await attach()
    socket.receive({ type: 'closed', code: 4205, message: 'x'.repeat(124) })
    expect(socket.closed).toEqual({ code: 3001 })
    expect((await redialled()).open().hello?.resume).toBeDefined()
  })

  it('are not read after the socket was left: no message follows a verdict', async () => {
    const { zk, attach, told } = start({ renew: false })
    zk.connect()
    const socket = await attach()
    told.length = 0
    socket.receive({ type: 'closed', code: 4001, message: 'expired' }, sessionMessage({ id: '0xbad' }))
    expect(told).toEqual(['CONNECTED -> CLOSED (expired)'])
  })
})
