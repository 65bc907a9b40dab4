import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { waitUntil } from '../../../tools/wait-until.js'
import {
  FakeServer,
  frame,
  int,
  long,
  OP,
  replyHeader,
  stat,
} from '../../../tools/zookeeper-link/fake-server.js'
import { attachedTo, linkTo } from '../../../tools/zookeeper-link/recorder.js'
import { firstUncaught } from '../../../tools/zookeeper-link/uncaught.js'

let server: FakeServer
beforeEach(async () => {
  server = await FakeServer.start()
})
afterEach(() => server.close())

const NO_ANSWER = { request: () => undefined }

describe('an attached link that is lost', () => {
  it('ends calls in flight as unknown in their order, before linkLost', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = NO_ANSWER
    link.create('/a', Buffer.alloc(0), [], 0, recorder.result('a'))
    link.exists('/b', false, recorder.result('b'))
    await waitUntil('both arrived', () => server.connection.requests.length === 2, { intervalMs: 2 })
    server.connection.socket.destroy()
    await recorder.until('lost')
    expect(recorder.log.slice(1)).toEqual([
      'a: CONNECTION_LOSS unknown',
      'b: CONNECTION_LOSS unknown',
      'lost closed_by_server',
    ])
  })

  it('fails a retry from the callback of a lost call at once, and does not loop', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = NO_ANSWER
    link.exists('/a', false, (result) => {
      recorder.result(`first while ${link.linkState}`)(result)
      link.exists('/a', false, recorder.result('retry'))
    })
    await waitUntil('it arrived', () => server.connection.requests.length === 1, { intervalMs: 2 })
    server.connection.socket.destroy()
    await recorder.until('lost')
    expect(recorder.log.slice(1)).toEqual([
      'first while idle: CONNECTION_LOSS unknown',
      'retry: CONNECTION_LOSS not_executed',
      'lost closed_by_server',
    ])
  })

  it('attaches from inside linkLost', async () => {
    const { link, recorder } = await attachedTo(server)
    recorder.onEntry = (entry) => {
      if (entry.startsWith('lost')) link.attach()
    }
    server.connection.socket.destroy()
    await recorder.until('attached', 2)
    expect(recorder.log).toEqual([
      'attached 0x1001 4000 0x0',
      'lost closed_by_server',
      'attached 0x1001 4000 0x0',
    ])
    link.detach()
  })

  it('calls no linkLost after a detach from inside a lost call', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = NO_ANSWER
    link.exists('/a', false, () => link.detach())
    link.exists('/b', false, recorder.result('b'))
    await waitUntil('both arrived', () => server.connection.requests.length === 2, { intervalMs: 2 })
    server.connection.socket.destroy()
    await recorder.until('b:')
    expect(link.linkState).toBe('ended')
    expect(recorder.log.slice(1)).toEqual(['b: CONNECTION_LOSS unknown'])
  })
})

describe('a malformed frame', () => {
  const replies: [string, (xid: number) => Buffer][] = [
    ['a negative frame length', () => int(-1)],
    ['a frame length above the limit', () => int(8 * 1024 * 1024 + 1)],
    ['a frame shorter than its header', () => frame(Buffer.alloc(3))],
    ['a string longer than its frame', (xid) => frame(replyHeader(xid, 1n, 0), int(1), int(1000), stat())],
    ['a negative count of children', (xid) => frame(replyHeader(xid, 1n, 0), int(-1), stat())],
    [
      'a count of children beyond the frame',
      (xid) => frame(replyHeader(xid, 1n, 0), int(0x7fffffff), stat()),
    ],
    ['a stat that is cut off', (xid) => frame(replyHeader(xid, 1n, 0), int(0), stat().subarray(0, 60))],
    ['an answer to a request never made', (xid) => frame(replyHeader(xid + 7, 1n, 0), int(0), stat())],
    ['an answer out of order', (xid) => frame(replyHeader(xid + 1, 1n, 0), int(0), stat())],
    ['an answer to a ping never sent', () => frame(replyHeader(-2, 1n, 0))],
    ['an answer to an auth never sent', () => frame(replyHeader(-4, 0n, 0))],
    ['an answer to setWatches never sent', () => frame(replyHeader(-8, 1n, 0))],
    ['an event without a path', () => frame(replyHeader(-1, -1n, 0), int(1), int(3), int(-1))],
    ['an unknown special number', () => frame(replyHeader(-77, 1n, 0))],
  ]
  it.each(replies)('loses the link as bad_frame and throws nothing: %s', async (_title, lie) => {
    const { link, recorder } = await attachedTo(server)
    server.script = { request: (connection, { xid }) => connection.socket.write(lie(xid)) }
    link.getChildren('/a', false, recorder.result('a'))
    link.getChildren('/b', false, recorder.result('b'))
    await recorder.until('lost')
    expect(recorder.log.slice(1)).toEqual([
      'a: CONNECTION_LOSS unknown',
      'b: CONNECTION_LOSS unknown',
      'lost bad_frame',
    ])
    server.script = {}
    link.attach()
    await recorder.until('attached', 2)
    link.detach()
  })

  it.each([
    ['a ConnectResponse that is cut off', frame(int(0), int(4000))],
    ['a reply in the place of the ConnectResponse', frame(replyHeader(-4, 0n, 0))],
    ['a session password of a wrong length', frame(int(0), int(4000), long(7n), int(3), Buffer.alloc(3))],
    ['a session password of a negative length', frame(int(0), int(4000), long(7n), int(-3))],
  ])('loses the link as bad_frame in the handshake: %s', async (_title, lie) => {
    server.script = { connect: (connection) => connection.socket.write(lie) }
    const { link, recorder } = linkTo(server)
    link.attach()
    await recorder.until('lost bad_frame')
    server.script = {}
    link.attach()
    await recorder.until('attached')
    link.detach()
  })
})

describe('an answer that ends the session', () => {
  it.each([
    [-112, 'expired', 'SESSION_EXPIRED'],
    [-118, 'moved', 'SESSION_MOVED'],
    [-115, 'auth failed', 'AUTH_FAILED'],
  ])(
    'is final with error %i as "%s", with which the calls in flight end as unknown',
    async (err, told, code) => {
      const { link, recorder } = await attachedTo(server)
      server.script = {
        request(connection, { xid }) {
          if (connection.requests.length === 2) connection.reply(xid - 1, { err })
        },
      }
      link.exists('/a', false, (result) => {
        recorder.result(`a while ${link.linkState}`)(result)
        link.exists('/a', false, recorder.result('retry'))
      })
      link.exists('/b', false, recorder.result('b'))
      await recorder.until(told)
      expect(recorder.log.slice(1)).toEqual([
        `a while ended: ${code} not_executed`,
        'retry: CONNECTION_LOSS not_executed',
        `b: ${code} unknown`,
        told,
      ])
      await waitUntil('the connection is dropped', () => server.connection.closed, { intervalMs: 2 })
      expect(server.connection.types).not.toContain(OP.closeSession)
    },
  )
})

describe('a listener that throws', () => {
  it('causes an uncaught exception, and the link goes on with the rest of the chunk', async () => {
    const { link, recorder } = await attachedTo(server)
    const uncaught = firstUncaught()
    recorder.onEntry = (entry) => {
      if (entry === 'NodeCreated /a') throw new Error('the listener has a bug')
    }
    const events = ['/a', '/b'].map((path) =>
      frame(replyHeader(-1, -1n, 0), int(1), int(3), int(2), Buffer.from(path)),
    )
    server.connection.socket.write(Buffer.concat(events))
    await recorder.until('NodeCreated /b')
    expect((await uncaught).message).toBe('the listener has a bug')
    expect(link.linkState).toBe('attached')
    link.detach()
  })
})
