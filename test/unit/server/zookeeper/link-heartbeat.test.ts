import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { waitUntil } from '../../../tools/wait-until.js'
import { FakeServer, OP } from '../../../tools/zookeeper-link/fake-server.js'
import { attachedTo } from '../../../tools/zookeeper-link/recorder.js'

let server: FakeServer
beforeEach(async () => {
  server = await FakeServer.start()
})
afterEach(() => server.close())

const NO_ANSWER = { request: () => undefined }

/** A session timeout of 300 ms, so that silence is called after 200. */
const SHORT = { connect: (connection: FakeServer['connection']) => connection.greet({ timeoutMs: 300 }) }

const arrived = (count: number) =>
  waitUntil(`${count} requests arrived`, () => server.connection.requests.length >= count, { intervalMs: 2 })

describe('a heartbeat', () => {
  it('sends one ping for a page that is heard many times in a tick', async () => {
    const { link, recorder } = await attachedTo(server)
    for (let i = 0; i < 100; i++) link.heartbeat()
    await arrived(1)
    link.exists('/a', false, recorder.result('a'))
    await recorder.until('a:')
    expect(server.connection.types).toEqual([OP.ping, OP.exists])
    link.detach()
  })

  it.each(['before', 'after'])('sends no ping in a tick in which a call goes out %s it', async (order) => {
    const { link, recorder } = await attachedTo(server)
    if (order === 'after') link.heartbeat()
    link.exists('/a', false, recorder.result('a'))
    if (order === 'before') link.heartbeat()
    await recorder.until('a:')
    link.exists('/b', false, recorder.result('b'))
    await recorder.until('b:')
    expect(server.connection.types).toEqual([OP.exists, OP.exists])
    link.detach()
  })

  it('has at most one ping in flight, and sends one more when that is answered', async () => {
    const { link } = await attachedTo(server)
    server.script = NO_ANSWER
    link.heartbeat()
    await arrived(1)
    for (let i = 0; i < 10; i++) {
      link.heartbeat()
      await new Promise(setImmediate)
    }
    expect(server.connection.types).toEqual([OP.ping])
    server.connection.reply(-2)
    await arrived(2)
    server.connection.reply(-2)
    server.connection.event(1, '/after')
    await waitUntil('it is read', () => server.connection.socket.writableLength === 0, { intervalMs: 2 })
    expect(server.connection.types).toEqual([OP.ping, OP.ping])
    link.detach()
  })

  it('pings for a page that is heard although notifications keep the connection busy', async () => {
    const { link, recorder } = await attachedTo(server)
    for (let i = 1; i <= 5; i++) {
      server.connection.event(3, '/busy')
      await recorder.until('NodeDataChanged', i)
      link.heartbeat()
      await arrived(i)
    }
    expect(server.connection.types).toEqual(Array(5).fill(OP.ping))
    link.detach()
  })

  it('does nothing while the link is not attached', async () => {
    const { link, recorder } = await attachedTo(server)
    server.connection.socket.destroy()
    await recorder.until('lost')
    link.heartbeat()
    link.attach()
    link.heartbeat()
    await recorder.until('attached', 2)
    link.exists('/a', false, recorder.result('a'))
    await recorder.until('a:')
    expect(server.connection.types).toEqual([OP.exists])
    link.detach()
    link.heartbeat()
  })

  it('is the only cause of a ping, and a silent link without it stays attached', async () => {
    server.script = SHORT
    const { link, recorder } = await attachedTo(server)
    await delay(600) // twice the session timeout: the time itself is the subject
    expect(server.connection.requests).toEqual([])
    expect(recorder.log).toHaveLength(1)
    expect(link.linkState).toBe('attached')
    link.detach()
  })
})

describe('a silent server', () => {
  it.each([
    [
      'a call',
      (link: Awaited<ReturnType<typeof attachedTo>>['link']) => link.exists('/a', false, () => undefined),
    ],
    ['a ping', (link: Awaited<ReturnType<typeof attachedTo>>['link']) => link.heartbeat()],
  ])('is left when it does not answer %s for two thirds of the timeout', async (_title, ask) => {
    server.script = { ...SHORT, ...NO_ANSWER }
    const start = performance.now()
    const { link, recorder } = await attachedTo(server)
    ask(link)
    await recorder.until('lost silent')
    expect(performance.now() - start).toBeGreaterThanOrEqual(199)
    expect(recorder.losses[0]?.message).toBe('nothing came for 200 ms although an answer is due')
    await waitUntil('the connection is dropped', () => server.connection.closed, { intervalMs: 2 })
  })

  it('is left before the session expires, also if a quiet page has asked nothing for long', async () => {
    const timeoutMs = 3_000
    server.script = { connect: (connection) => connection.greet({ timeoutMs }), ...NO_ANSWER }
    const { link, recorder } = await attachedTo(server)
    const heardAt = performance.now()
    // In the ensemble, the clock of the session has run since then.
    const over = setTimeout(() => recorder.log.push('the session is over'), timeoutMs)
    await waitUntil('half of the timeout has passed', () => performance.now() - heardAt > timeoutMs / 2)
    link.heartbeat()
    await recorder.until('lost silent')
    clearTimeout(over)
    expect(recorder.log).not.toContain('the session is over')
    // A third for the answer. Counted two thirds from the question it would be more than the timeout.
    expect(performance.now() - heardAt).toBeGreaterThan((timeoutMs * 5) / 6 - 10)
  })

  it('is left also if further calls and pings go unanswered', async () => {
    server.script = { ...SHORT, ...NO_ANSWER }
    const { link, recorder } = await attachedTo(server)
    const asking = setInterval(() => {
      link.exists('/a', false, () => undefined)
      link.heartbeat()
    }, 20)
    await recorder.until('lost silent')
    clearInterval(asking)
  })

  it('is not given up while anything comes from it', async () => {
    server.script = { ...SHORT, ...NO_ANSWER }
    const { link, recorder } = await attachedTo(server)
    link.exists('/slow', false, recorder.result('slow'))
    for (let i = 1; i <= 8; i++) {
      server.connection.event(1, '/sign-of-life')
      await delay(50)
    }
    server.connection.answer(server.connection.requests[0] ?? { xid: 0, type: 0, body: Buffer.alloc(0) })
    await recorder.until('slow: ok')
    expect(recorder.losses).toEqual([])
    link.detach()
  })

  it('is not blamed for a pause of this process: bytes that have arrived meanwhile count', async () => {
    server.script = SHORT
    const { link, recorder } = await attachedTo(server)
    link.exists('/a', false, recorder.result('a'))
    await arrived(1)
    const wake = performance.now() + 400
    while (performance.now() < wake);
    await recorder.until('a: ok')
    link.exists('/b', false, recorder.result('b'))
    await recorder.until('b: ok')
    expect(recorder.losses).toEqual([])
    link.detach()
  })
})
