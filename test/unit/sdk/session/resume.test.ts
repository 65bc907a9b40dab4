import { setImmediate } from 'node:timers/promises'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { lockForTab } from '../../../../client-sdk/src/session/resume.js'
import { FakeLocks, FakePage } from '../../../tools/sdk/fake-page.js'
import { preparePlayground } from '../../../tools/sdk/playground.js'

const start = preparePlayground()
const tab = { storage: 'tab' as const }

/** A client on this page with a session of its own. */
async function sessionOn(page: FakePage, id = '0xa1') {
  page.enter()
  const playground = start(tab)
  playground.zk.connect()
  await playground.attach({ id })
  return playground
}

/** What a new client on this page brings to its gateway. */
async function resumeOn(page: FakePage) {
  page.enter()
  const playground = start(tab)
  playground.zk.connect()
  await vi.advanceTimersByTimeAsync(200)
  return { ...playground, resume: playground.socket().open().hello?.resume }
}

describe("storage: 'tab'", () => {
  it('resumes after a reload, with the newest zxid and no watches', async () => {
    const page = new FakePage()
    const { zk, socket } = await sessionOn(page)
    zk.exists('/a', { watch: () => undefined })
    socket().receive({ type: 'reply', id: 1, zxid: '0x99', result: { stat: null } })
    const { resume } = await resumeOn(await page.reload())
    expect(resume).toEqual({ token: 'resume-1', zxid: '0x99', watches: { data: [], exist: [], child: [] } })
  })

  it("'memory' stores nothing", async () => {
    const page = new FakePage().enter()
    const { zk, attach } = start()
    zk.connect()
    await attach()
    page.hide(false)
    expect(page.stored.size).toBe(0)
    expect(page.locks?.held.size).toBe(0)
  })

  it('keeps the newest token', async () => {
    const page = new FakePage()
    const { socket, attach, redialled } = await sessionOn(page)
    socket().end()
    await redialled()
    await attach({ resumed: true, resumeToken: 'resume-2' })
    expect(page.entry).toMatchObject({ id: '0xa1', resumeToken: 'resume-2', zxid: '0x10' })
  })

  it('opens a session of its own in a duplicated tab, and leaves the original alone', async () => {
    const page = new FakePage()
    const original = await sessionOn(page)
    const copy = page.duplicate()
    const { resume, attach, socket, redialled } = await resumeOn(copy)
    expect(resume).toBeUndefined()
    await attach({ id: '0xb2', resumeToken: 'resume-b' })
    expect(copy.entry).toMatchObject({ id: '0xb2' })
    expect(original.zk.state).toBe('CONNECTED')
    socket().end()
    expect((await redialled()).open().hello?.resume?.token).toBe('resume-b')
  })

  it('removes the entry and releases the lock when the session is closed or has ended', async () => {
    for (const end of ['close', 'expire'] as const) {
      const page = new FakePage(new FakeLocks())
      const { zk, socket } = await sessionOn(page)
      expect([...(page.locks?.held ?? [])]).toEqual(['zoogate:0xa1'])
      if (end === 'close') zk.close()
      else socket().refuse(4002)
      await vi.advanceTimersByTimeAsync(0)
      expect([page.stored.size, page.locks?.held.size]).toEqual([0, 0])
    }
  })

  it('starts over without a word when what an earlier page left behind has expired', async () => {
    const page = new FakePage()
    await sessionOn(page)
    const { zk, told, socket, attach, redialled } = await resumeOn(await page.reload())
    const queued = zk.exists('/a')
    socket().refuse(4001)
    await redialled()
    const next = await attach({ id: '0xb2' })
    expect(next.hello?.resume).toBeUndefined()
    next.receive({ type: 'reply', id: 1, zxid: '0x20', result: { stat: null } })
    expect(await queued).toBeNull()
    expect(told).toEqual([
      'NOT_CONNECTED -> CONNECTING',
      'CONNECTING -> CONNECTED',
      'session 0xb2 after none',
    ])
  })

  it.each([
    [
      'throws',
      () => {
        throw new DOMException('denied', 'SecurityError')
      },
    ],
    ['holds garbage', () => '{"token":'],
    ['holds something else', () => '{"id":"0x1","zxid":"no number"}'],
  ])('works as memory when the storage %s', async (_name, getItem) => {
    const page = new FakePage().enter()
    const full = () => {
      throw new DOMException('full', 'QuotaExceededError')
    }
    vi.stubGlobal('sessionStorage', { getItem, setItem: full, removeItem: full })
    const { zk, attach, socket, redialled } = start(tab)
    zk.connect()
    await attach()
    page.hide(false)
    socket().end()
    expect((await redialled()).open().hello?.resume?.token).toBe('resume-1')
  })

  it('works as memory without Web Locks, which detect a duplicated tab', async () => {
    const page = new FakePage()
    page.stored.set(
      'zoogate:wss://gate.example/zoogate',
      '{"id":"0xa1","resumeToken":"resume-9","zxid":"0x80"}',
    )
    page.enter()
    vi.stubGlobal('navigator', {})
    const { zk, attach, socket, redialled } = start(tab)
    zk.connect()
    expect((await attach()).hello?.resume).toBeUndefined()
    page.hide(false)
    expect(page.entry).toMatchObject({ resumeToken: 'resume-9' })
    socket().end()
    expect((await redialled()).open().hello?.resume?.token).toBe('resume-1')
  })

  it('works where there is no sessionStorage at all', async () => {
    const { zk, attach } = start(tab)
    zk.connect()
    await attach()
    expect(zk.state).toBe('CONNECTED')
  })
})

describe('the back/forward cache', () => {
  it.each(['memory', 'tab'] as const)(
    'suspends the session and resumes it on return (%s)',
    async (storage) => {
      const page = new FakePage().enter()
      const { zk, attach, sockets, told, settle } = start({ storage })
      zk.connect()
      const socket = await attach()
      told.length = 0
      const write = zk.create('/a').catch((error: { outcome: string }) => error.outcome)
      page.hide(true)
      expect(socket.closed).toEqual({ code: 3001 })
      expect(await write).toBe('unknown')
      await vi.advanceTimersByTimeAsync(5_000)
      expect([zk.state, sockets.length, page.locks?.held.size]).toEqual(['CONNECTING', 1, 0])
      page.show(true)
      await settle()
      expect(sockets).toHaveLength(2)
      const next = await attach({ resumed: true })
      expect(next.hello?.resume?.token).toBe('resume-1')
      expect(told).toEqual(['CONNECTED -> CONNECTING', 'CONNECTING -> CONNECTED'])
    },
  )

  it('keeps its own zxid and watches when another page of the tab had the session meanwhile', async () => {
    const page = new FakePage()
    const { zk, socket } = await sessionOn(page)
    zk.exists('/a', { watch: () => undefined })
    socket().receive({ type: 'reply', id: 1, zxid: '0x30', result: { stat: null } })
    page.hide(true)
    await vi.advanceTimersByTimeAsync(0)
    page.stored.set([...page.stored.keys()][0] ?? '', '{"id":"0xa1","resumeToken":"resume-9","zxid":"0x80"}')
    page.show(true)
    await vi.advanceTimersByTimeAsync(0)
    expect(socket().open().hello?.resume).toEqual({
      token: 'resume-1',
      zxid: '0x30',
      watches: { data: [], exist: ['/a'], child: [] },
    })
  })

  it('closes with taken_over on return when another tab has the session by then', async () => {
    const page = new FakePage()
    const { zk, told, sockets } = await sessionOn(page)
    page.hide(true)
    await vi.advanceTimersByTimeAsync(0)
    page.locks?.held.add('zoogate:0xa1')
    page.show(true)
    await vi.advanceTimersByTimeAsync(60_000)
    expect([told.at(-1), sockets.length]).toEqual(['CONNECTING -> CLOSED (taken_over)', 1])
    expect(zk.state).toBe('CLOSED')
  })

  it('leaves the socket to the browser when the page goes for good', async () => {
    const page = new FakePage()
    const { socket, zk } = await sessionOn(page)
    page.hide(false)
    await vi.advanceTimersByTimeAsync(0)
    expect([socket().closed, zk.state, page.locks?.held.size]).toEqual([null, 'CONNECTED', 0])
  })
})

describe('the page', () => {
  it('has no listener left once the client is CLOSED for good', async () => {
    const page = new FakePage().enter()
    const added: { type: string; signal: AbortSignal }[] = []
    for (const target of [page.window, page.document]) {
      vi.spyOn(target, 'addEventListener').mockImplementation((type, _listener, options) => {
        const { signal } = options as { signal: AbortSignal }
        added.push({ type, signal })
      })
    }
    const left = () => [...new Set(added.filter(({ signal }) => !signal.aborted).map(({ type }) => type))]
    page.enter()
    const { zk, attach, socket, redialled } = start(tab)
    zk.connect()
    await attach()
    const types = ['visibilitychange', 'resume', 'focus', 'online', 'pagehide', 'pageshow']
    expect(left()).toEqual(types)
    socket().refuse(4001)
    await redialled()
    await attach({ id: '0xb2' })
    expect(left()).toEqual(types)
    zk.close()
    expect(left()).toEqual([])
  })
})

describe('a tab lock', () => {
  beforeEach(() => vi.stubGlobal('navigator', { locks: new FakeLocks() }))

  it('is denied to a copy while the original holds the name, and granted after its release', async () => {
    const release = await lockForTab('a')
    expect(release).toBeTypeOf('function')
    expect(await lockForTab('a')).toBeNull()
    expect(await lockForTab('b')).toBeTypeOf('function')
    release?.()
    await setImmediate() // Browsers release a lock a moment later.
    expect(await lockForTab('a')).toBeTypeOf('function')
  })

  it('counts as denied where the browser refuses to lock', async () => {
    const request = () => Promise.reject(new DOMException('opaque origin', 'SecurityError'))
    vi.stubGlobal('navigator', { locks: { request } })
    expect(await lockForTab('a')).toBeNull()
  })
})
