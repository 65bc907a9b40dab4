import { describe, expect, it, vi } from 'vitest'
import { CLOSE_CODES } from '../../../../client-sdk/src/protocol.js'
import { type Backoff, createBackoff } from '../../../../client-sdk/src/session/dialer.js'
import { FakePage } from '../../../tools/sdk/fake-page.js'
import { preparePlayground } from '../../../tools/sdk/playground.js'

const start = preparePlayground()
const host = ({ url }: { url: string }) => new URL(url).host

describe('several gateways', () => {
  it('are tried in random order, then in turn', async () => {
    vi.mocked(Math.random).mockRestore()
    const url = ['wss://a/', 'wss://b/', 'wss://c/']
    const firsts = new Set<string>()
    for (let round = 0; round < 60; round++) {
      const { zk, sockets, settle } = start({ url })
      zk.connect()
      await settle()
      firsts.add(sockets.map(host).join())
    }
    expect([...firsts].sort()).toEqual(['a', 'b', 'c'])

    const { zk, sockets, socket, settle, redialled } = start({ url })
    zk.connect()
    await settle()
    for (let dial = 1; dial < 6; dial++) {
      socket().end()
      await redialled()
    }
    const order = sockets.map(host)
    expect(new Set(order.slice(0, 3)).size).toBe(3)
    expect(order.slice(3)).toEqual(order.slice(0, 3))
  })

  it('are changed within 100 ms when one drains, with the session resumed', async () => {
    const { zk, attach, sockets } = start({ url: ['wss://a/', 'wss://b/'] })
    zk.connect()
    const socket = await attach()
    socket.refuse(CLOSE_CODES.DRAINING)
    await vi.advanceTimersByTimeAsync(101)
    expect(new Set(sockets.map(host)).size).toBe(2)
    expect(sockets[1]?.open().hello?.resume?.token).toBe('resume-1')
  })
})

describe('waiting', () => {
  it('grows while nothing answers, and starts anew after a connection that held', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999)
    const { zk, attach, socket, sockets, settle } = start()
    const waitForDial = async () => {
      const began = Date.now()
      const count = sockets.length
      socket().end()
      while (sockets.length === count && Date.now() - began < 60_000) await vi.advanceTimersByTimeAsync(10)
      return Date.now() - began
    }
    zk.connect()
    await settle()
    expect([await waitForDial(), await waitForDial(), await waitForDial()]).toEqual([100, 300, 700])
    await attach()
    expect(await waitForDial()).toBe(1_500)
    await attach({ resumed: true })
    await vi.advanceTimersByTimeAsync(5_001)
    expect(await waitForDial()).toBe(100)
  })

  it('is at least as long as the gateway asks for', async () => {
    const { zk, attach, sockets, socket } = start()
    zk.connect()
    await attach()
    socket().receive({ type: 'closed', code: 4205, message: 'a fault', retryAfterMs: 20_000 })
    await vi.advanceTimersByTimeAsync(19_999)
    expect(sockets).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(101)
    expect(sockets).toHaveLength(2)
  })

  it('grows too when a greeting with all its watches is refused again and again', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999)
    const { zk, attach, socket, sockets } = start()
    zk.connect()
    await attach()
    const waits: number[] = []
    socket().end()
    for (let dial = 2; dial <= 8; dial++) {
      const began = Date.now()
      while (sockets.length < dial && Date.now() - began < 60_000) await vi.advanceTimersByTimeAsync(50)
      waits.push(Date.now() - began)
      expect(socket().open().hello?.resume).toBeDefined()
      socket().end(1009)
    }
    expect(waits).toEqual([100, 300, 700, 1_500, 3_100, 5_000, 5_000])
    expect(zk.state).toBe('CONNECTING')
  })

  it('is over when the network comes back', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999)
    const page = new FakePage().enter()
    const { zk, socket, sockets, settle } = start()
    zk.connect()
    await settle()
    socket().end()
    await vi.advanceTimersByTimeAsync(100)
    socket().end()
    page.dispatch('window', 'online')
    await settle()
    expect(sockets).toHaveLength(3)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(sockets).toHaveLength(3)
  })
})

const take = (backoff: Backoff, count: number) => Array.from({ length: count }, () => backoff.waitMs())

describe('the backoff', () => {
  it('does not wait before the first attempt, then doubles up to five seconds', () => {
    expect(
      take(
        createBackoff(() => 1),
        8,
      ),
    ).toEqual([0, 100, 300, 700, 1_500, 3_100, 5_000, 5_000])
  })

  it('waits anything from nothing to the bound', () => {
    const parts = [0, 0.25, 0.5]
    expect(
      take(
        createBackoff(() => parts.shift() ?? 1),
        4,
      ),
    ).toEqual([0, 25, 150, 700])
  })

  it('starts with at most 100 ms after a reset, and stays bounded after a thousand attempts', () => {
    const backoff = createBackoff(() => 1)
    expect(Math.max(...take(backoff, 2_000))).toBe(5_000)
    backoff.reset()
    expect(backoff.waitMs()).toBe(100)
  })
})
