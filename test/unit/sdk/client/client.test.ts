import { describe, expect, it, vi } from 'vitest'
import { CLOSE_CODES } from '../../../../client-sdk/src/protocol.js'
import { FakePage } from '../../../tools/sdk/fake-page.js'
import { sessionMessage } from '../../../tools/sdk/fake-socket.js'
import { preparePlayground, rejection } from '../../../tools/sdk/playground.js'
import { WIRE_STAT } from '../../../tools/sdk/wire-stat.js'

const start = preparePlayground()

describe('connect', () => {
  it('dials with the subprotocol, greets with token and timeout, and resolves with the session', async () => {
    const { zk, attach, told } = start({ sessionTimeoutMs: 8_000 })
    const connecting = zk.connect()
    const socket = await attach({ timeoutMs: 6_000 })
    expect(await connecting).toEqual({ id: '0xa1', timeoutMs: 6_000, resumed: false, readOnly: false })
    expect(socket.protocols).toEqual(['zoogate.v1'])
    expect(socket.frames).toEqual([{ type: 'hello', token: 'token-1', timeoutMs: 8_000 }])
    expect(told).toEqual([
      'NOT_CONNECTED -> CONNECTING',
      'CONNECTING -> CONNECTED',
      'session 0xa1 after none',
    ])
  })

  it('does nothing before it is called', async () => {
    const { zk, sockets, asked, settle } = start()
    await settle()
    expect([zk.state, zk.session, sockets, asked]).toEqual(['NOT_CONNECTED', null, [], []])
  })

  it('is idempotent while CONNECTING and while CONNECTED', async () => {
    const { zk, attach, sockets } = start()
    const first = zk.connect()
    const second = zk.connect()
    await attach()
    expect(await first).toBe(await second)
    expect(await zk.connect()).toBe(zk.session)
    expect(sockets).toHaveLength(1)
  })

  it('keeps trying an unreachable gateway without rejecting', async () => {
    const { zk, socket, redialled, attach, settle } = start()
    const connecting = zk.connect()
    await settle()
    socket().end(1006)
    ;(await redialled()).end(1006)
    await redialled()
    await attach()
    expect((await connecting).id).toBe('0xa1')
  })

  it('stops waiting at its own limits, and goes on connecting', async () => {
    const { zk, attach } = start()
    const abort = new AbortController()
    const timed = rejection(zk.connect({ timeoutMs: 1_000 }))
    const aborted = rejection(zk.connect({ signal: abort.signal }))
    abort.abort()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await timed).toMatchObject({ code: 'TIMED_OUT', retryable: false })
    expect(await aborted).toMatchObject({ code: 'ABORTED' })
    expect(zk.state).toBe('CONNECTING')
    await attach()
    expect(zk.state).toBe('CONNECTED')
  })

  it('begins nothing when its signal is aborted already', async () => {
    const { zk, settle, asked } = start()
    expect(await rejection(zk.connect({ signal: AbortSignal.abort() }))).toMatchObject({ code: 'ABORTED' })
    await settle()
    expect([zk.state, asked]).toEqual(['NOT_CONNECTED', []])
  })

  it('throws where there is no WebSocket', () => {
    vi.stubGlobal('WebSocket', undefined)
    const { zk } = start({ WebSocket: undefined as never })
    expect(() => zk.connect()).toThrow('WebSocket: pass a constructor')
  })

  it('opens exactly one session under StrictMode: mount, unmount, mount', async () => {
    const { zk, attach, sockets, told } = start()
    zk.connect()
    zk.close()
    const connecting = zk.connect()
    await attach()
    await connecting
    expect(sockets.filter((socket) => !socket.closed)).toHaveLength(1)
    expect(sockets.flatMap((socket) => socket.hello ?? [])).toHaveLength(1)
    expect(told.at(-1)).toBe('session 0xa1 after none')
  })

  it('leaves one session when StrictMode unmounts after the greeting', async () => {
    const { zk, attach, sockets, settle } = start()
    zk.connect()
    await settle()
    sockets[0]?.open()
    zk.close()
    zk.connect()
    await settle()
    expect(sockets[0]?.messages.at(-1)).toEqual({ type: 'close' })
    sockets[0]?.receive(sessionMessage({ id: '0xdead' }))
    await attach({ id: '0xbeef' })
    sockets[0]?.refuse(CLOSE_CODES.CLOSED)
    expect(zk.session?.id).toBe('0xbeef')
    expect(zk.state).toBe('CONNECTED')
  })
})

describe('renewal', () => {
  it('passes visibly through CLOSED and opens a session without resume', async () => {
    const { zk, attach, told, socket, redialled } = start()
    zk.connect()
    await attach()
    told.length = 0
    socket().refuse(CLOSE_CODES.EXPIRED)
    await redialled()
    await attach({ id: '0xb2' })
    expect(told).toEqual([
      'CONNECTED -> CLOSED (expired)',
      'CLOSED -> CONNECTING',
      'CONNECTING -> CONNECTED',
      'session 0xb2 after 0xa1',
    ])
    expect(socket().hello?.resume).toBeUndefined()
  })

  it('stays CLOSED with renew: false, until connect() is called', async () => {
    const { zk, attach, socket, sockets, settle } = start({ renew: false })
    zk.connect()
    await attach()
    socket().refuse(CLOSE_CODES.EXPIRED)
    await vi.advanceTimersByTimeAsync(60_000)
    expect([zk.state, sockets.length]).toEqual(['CLOSED', 1])
    zk.connect()
    await settle()
    expect(socket().open().hello?.resume).toBeUndefined()
  })

  it('does not happen when a listener calls close() at CLOSED', async () => {
    const { zk, attach, socket, sockets } = start()
    zk.on('state', ({ state }) => state === 'CLOSED' && zk.close())
    zk.connect()
    await attach()
    socket().refuse(CLOSE_CODES.EXPIRED)
    await vi.advanceTimersByTimeAsync(60_000)
    expect([zk.state, sockets.length]).toEqual(['CLOSED', 1])
  })

  it('slows down when each new session expires at once', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999)
    const { zk, attach, socket, sockets } = start()
    zk.connect()
    await attach()
    const began = Date.now()
    const waits: number[] = []
    for (let round = 0; round < 7; round++) {
      const before = Date.now()
      const count = sockets.length
      socket().refuse(CLOSE_CODES.EXPIRED)
      while (sockets.length === count && Date.now() - began < 60_000) await vi.advanceTimersByTimeAsync(50)
      waits.push(Date.now() - before)
      await attach({ id: `0x${round}` })
    }
    expect(waits).toEqual([100, 300, 700, 1_500, 3_100, 5_000, 5_000])
  })
})

describe('tokens', () => {
  it('asks anew before each dial and says why', async () => {
    const { zk, attach, socket, redialled, asked } = start()
    zk.connect()
    await attach()
    socket().end()
    await redialled()
    await attach({ resumed: true })
    socket().refuse(CLOSE_CODES.TOKEN_EXPIRED)
    const next = (await redialled()).open()
    expect(asked).toEqual(['connect', 'reconnect', 'expired'])
    expect(next.hello).toMatchObject({ token: 'token-3', resume: { token: 'resume-1' } })
  })

  it('closes with auth_failed when two tokens in a row are refused', async () => {
    const { zk, socket, redialled, settle, asked } = start()
    const connecting = rejection(zk.connect())
    await settle()
    socket().open().refuse(CLOSE_CODES.TOKEN_INVALID)
    ;(await redialled()).open().refuse(CLOSE_CODES.TOKEN_EXPIRED)
    expect(await connecting).toMatchObject({ code: 'AUTH_FAILED' })
    expect(asked).toEqual(['connect', 'invalid'])
    expect(zk.getSnapshot()).toMatchObject({ state: 'CLOSED', reason: 'auth_failed' })
  })

  it('closes with auth_failed when getToken gives the refused token again', async () => {
    const { zk, socket, settle, sockets } = start({ getToken: () => 'always the same' })
    const connecting = rejection(zk.connect())
    await settle()
    socket().open().refuse(CLOSE_CODES.TOKEN_EXPIRED)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await connecting).toMatchObject({ code: 'AUTH_FAILED' })
    expect(sockets).toHaveLength(1)
  })

  it('forgives a refused token once a later one was taken', async () => {
    const { zk, attach, socket, redialled, settle } = start()
    zk.connect()
    await settle()
    socket().open().refuse(CLOSE_CODES.TOKEN_EXPIRED)
    await redialled()
    await attach()
    socket().refuse(CLOSE_CODES.TOKEN_EXPIRED)
    await redialled()
    await attach({ resumed: true })
    expect(zk.state).toBe('CONNECTED')
  })

  it('tries again when getToken fails, and when it hangs beyond requestTimeoutMs', async () => {
    const signals: AbortSignal[] = []
    const answers = [
      () => Promise.reject(new Error('offline')),
      () => new Promise<string>(() => undefined),
      () => 'good',
    ]
    const { zk, socket, attach } = start({
      requestTimeoutMs: 1_000,
      getToken: ({ signal }) => {
        signals.push(signal)
        return answers[signals.length - 1]?.() ?? 'unexpected'
      },
    })
    zk.connect()
    await vi.advanceTimersByTimeAsync(3_000)
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true, false])
    await attach()
    expect(socket().hello?.token).toBe('good')
  })

  it('closes with auth_failed when getToken says so itself', async () => {
    const { ZoogateError } = await import('../../../../client-sdk/src/index.js')
    const { zk, sockets, settle } = start({
      getToken: () => Promise.reject(new ZoogateError('AUTH_FAILED', 'signed out')),
    })
    const connecting = rejection(zk.connect())
    await settle()
    expect(await connecting).toMatchObject({ code: 'AUTH_FAILED', message: 'signed out' })
    expect(sockets).toEqual([])
  })
})

describe('close', () => {
  it('sends calls made before it, then close, lets their answers through and resolves when confirmed', async () => {
    const { zk, attach } = start()
    zk.connect()
    const socket = await attach()
    const write = zk.setData('/a', 'x')
    const closing = zk.close()
    expect(zk.getSnapshot()).toMatchObject({ state: 'CLOSED', reason: 'closed' })
    await Promise.resolve()
    expect(socket.frames.at(-1)).toMatchObject([{ type: 'call', op: 'setData' }, { type: 'close' }])
    socket.receive({ type: 'reply', id: 1, zxid: '0x11', result: { stat: WIRE_STAT } })
    expect((await write).mzxid).toBe(18n)
    socket.refuse(CLOSE_CODES.CLOSED)
    await closing
  })

  it('rejects calls without an answer, and resolves after two seconds without one', async () => {
    const { zk, attach } = start()
    zk.connect()
    const socket = await attach()
    const read = rejection(zk.getData('/a'))
    const write = rejection(zk.delete('/a'))
    const closing = zk.close()
    await vi.advanceTimersByTimeAsync(2_000)
    await closing
    expect(await read).toMatchObject({ code: 'SESSION_CLOSED', outcome: 'not_executed' })
    expect(await write).toMatchObject({ code: 'SESSION_CLOSED', outcome: 'unknown' })
    expect(socket.closed).toEqual({ code: 4000 })
  })

  it('stops redialling, and the late token of an abandoned attempt opens nothing', async () => {
    let give: (token: string) => void = () => undefined
    const getToken = () =>
      new Promise<string>((resolve) => {
        give = resolve
      })
    const { zk, sockets } = start({ getToken })
    const connecting = rejection(zk.connect())
    const queued = rejection(zk.create('/a'))
    await zk.close()
    give('late')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sockets).toEqual([])
    expect(await connecting).toMatchObject({ code: 'SESSION_CLOSED' })
    expect(await queued).toMatchObject({ code: 'SESSION_CLOSED', outcome: 'not_executed' })
  })

  it('resolves in every state, again and again', async () => {
    const { zk, told } = start()
    await zk.close()
    zk.connect()
    await Promise.all([zk.close(), zk.close()])
    await zk.close()
    expect(told).toEqual(['NOT_CONNECTED -> CONNECTING', 'CONNECTING -> CLOSED (closed)'])
  })

  it('opens nothing when a listener calls it at CONNECTING', async () => {
    const page = new FakePage().enter()
    const { zk, sockets, asked, told } = start()
    zk.on('state', ({ state }) => state === 'CONNECTING' && zk.close())
    zk.connect()
    await vi.advanceTimersByTimeAsync(60_000)
    page.show(true)
    await vi.advanceTimersByTimeAsync(60_000)
    expect([zk.state, sockets, asked]).toEqual(['CLOSED', [], []])
    expect(told).toEqual(['NOT_CONNECTED -> CONNECTING', 'CONNECTING -> CLOSED (closed)'])
  })

  it('leaves no timer behind', async () => {
    const { zk, attach } = start()
    zk.connect()
    const socket = await attach()
    const closing = zk.close()
    await Promise.resolve()
    socket.refuse(CLOSE_CODES.CLOSED)
    await closing
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a client of a gateway that loses the ensemble', () => {
  it('is CONNECTING on the same socket until the session is attached again, with no session event', async () => {
    const { zk, attach, told, sockets } = start()
    zk.connect()
    const socket = await attach()
    told.length = 0
    socket.receive({ type: 'suspended', message: 'the ensemble is away' })
    const queued = zk.exists('/a')
    expect(zk.state).toBe('CONNECTING')
    socket.receive(sessionMessage({ resumed: true, resumeToken: 'resume-2' }))
    await Promise.resolve()
    expect(told).toEqual(['CONNECTED -> CONNECTING', 'CONNECTING -> CONNECTED'])
    expect(socket.calls).toMatchObject([{ op: 'exists' }])
    socket.receive({ type: 'reply', id: 1, zxid: '0x11', result: { stat: null } })
    expect(await queued).toBeNull()
    expect(sockets).toHaveLength(1)
  })
})

describe('presumed expiry', () => {
  it('is reported once, by the clock, while the state stays CONNECTING', async () => {
    const { zk, attach, told, socket } = start({ getToken: () => 'token' })
    zk.connect()
    await attach({ timeoutMs: 10_000 })
    told.length = 0
    socket().end()
    await vi.advanceTimersByTimeAsync(9_999)
    expect(zk.presumedExpired).toBe(false)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(told).toEqual(['CONNECTED -> CONNECTING', 'presumed expired 0xa1'])
    expect(zk.getSnapshot()).toMatchObject({ state: 'CONNECTING', presumedExpired: true })
    await attach({ resumed: true })
    expect(zk.presumedExpired).toBe(false)
  })
})

describe('the snapshot', () => {
  it('is frozen and stays the same object until it changes', async () => {
    const { zk, attach } = start()
    const { subscribe, getSnapshot, getServerSnapshot } = zk
    const seen: unknown[] = []
    const unsubscribe = subscribe(() => seen.push(getSnapshot().state))
    const before = getSnapshot()
    expect(getSnapshot()).toBe(before)
    expect(before).toBe(getServerSnapshot())
    zk.connect()
    await attach()
    expect(Object.isFrozen(getSnapshot())).toBe(true)
    expect(getSnapshot()).toBe(getSnapshot())
    unsubscribe()
    zk.close()
    expect(seen).toEqual(['CONNECTING', 'CONNECTED'])
  })
})
