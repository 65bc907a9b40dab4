import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { waitUntil } from '../../../tools/wait-until.js'
import {
  FakeServer,
  frame,
  int,
  OP,
  readText,
  replyHeader,
  stat,
  text,
} from '../../../tools/zookeeper-link/fake-server.js'
import { attachedTo, linkTo } from '../../../tools/zookeeper-link/recorder.js'

const SESSION = { id: Buffer.from('00000000000010aa', 'hex'), password: Buffer.from('0123456789abcdef') }
const GREET_RESUMED = { id: 0x10aan, password: SESSION.password }

let server: FakeServer
beforeEach(async () => {
  server = await FakeServer.start()
})
afterEach(() => server.close())

/** Waits until this many connections of the server have got so far that a ConnectRequest was read. */
const connected = (count = 1) =>
  waitUntil('it connects', () => server.connections.filter(({ connect }) => connect).length >= count, {
    intervalMs: 2,
  })

const gone = () => waitUntil('the connection is gone', () => server.connection.closed, { intervalMs: 2 })

describe('a link that closes its session', () => {
  it('closes after the earlier calls if it is attached, and their callbacks get the answers', async () => {
    const { link, recorder } = await attachedTo(server)
    link.create('/last', Buffer.alloc(0), [], 0, recorder.result('create'))
    link.closeSession(recorder.done('close'))
    link.exists('/late', false, recorder.result('late'))
    await recorder.until('close')
    expect(server.connection.types).toEqual([OP.create2, OP.closeSession])
    expect(recorder.log.slice(1)).toEqual(['late: CONNECTION_LOSS not_executed', 'create: ok', 'close: true'])
    expect(link.linkState).toBe('ended')
  })

  it('calls its listener no more, not even for an event that comes before the answer', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = {
      request(connection, request) {
        connection.event(1, '/a')
        connection.answer(request)
      },
    }
    link.closeSession(recorder.done('close'))
    await recorder.until('close')
    await gone()
    expect(recorder.log.slice(1)).toEqual(['close: true'])
  })

  it('says true without a connection if it has never attached, and not before closeSession returns', async () => {
    const { link, recorder } = linkTo(server)
    link.closeSession(recorder.done('close'))
    expect(recorder.log).toEqual([])
    await recorder.until('close: true')
    expect(server.connections).toHaveLength(0)
  })

  it('makes one attempt to attach if it is idle with a session, only to close it', async () => {
    server.script = { connect: (connection) => connection.greet(GREET_RESUMED) }
    const { link, recorder } = linkTo(server, {
      session: SESSION,
      watches: { data: ['/a'], exist: [], child: [] },
    })
    link.closeSession(recorder.done('close'))
    await recorder.until('close: true')
    expect(server.connection.connect?.sessionId).toBe(0x10aan)
    expect(server.connection.types).toEqual([OP.closeSession])
  })

  it('gives up after the one attempt if it was idle', async () => {
    const other = await FakeServer.start()
    const { link, recorder } = linkTo([{ port: 1 }, other], { session: SESSION })
    link.closeSession(recorder.done('close'))
    await recorder.until('close: false')
    expect(other.connections).toHaveLength(0)
    expect(link.linkState).toBe('ended')
    await other.close()
  })

  it('leaves no session behind if it was dialing for a new one', async () => {
    const { link, recorder } = linkTo(server)
    link.attach()
    link.closeSession(recorder.done('close'))
    await recorder.until('close: true')
    // A second link proves that the server has had its chance to see the first.
    const { link: probe } = await attachedTo(server)
    expect(server.connections.filter(({ connect }) => connect)).toHaveLength(1)
    probe.detach()
  })

  it('continues dialing if it has a session, and closes that', async () => {
    server.script = { connect: (connection) => connection.greet(GREET_RESUMED) }
    const { link, recorder } = linkTo(server, { session: SESSION })
    link.attach()
    link.closeSession(recorder.done('close'))
    await recorder.until('close: true')
    expect(server.connection.types).toEqual([OP.closeSession])
    expect(recorder.log).toEqual(['close: true'])
  })

  it('waits for the ConnectResponse of a new session and closes that session', async () => {
    server.script = { connect: () => undefined, request: () => undefined }
    const { link, recorder } = linkTo(server, { auth: [{ scheme: 'digest', auth: Buffer.from('x') }] })
    link.attach()
    await connected()
    link.closeSession(recorder.done('close'))
    server.connection.greet()
    await waitUntil('both arrived', () => server.connection.requests.length === 2, { intervalMs: 2 })
    for (const request of server.connection.requests) server.connection.answer(request)
    await recorder.until('close: true')
    expect(server.connection.types).toEqual([OP.auth, OP.closeSession])
    expect(recorder.log).toEqual(['close: true'])
  })

  it('closes behind the watches that it is setting again', async () => {
    server.script = {
      request(connection, request) {
        if (request.type === OP.closeSession) {
          for (const earlier of connection.requests) connection.answer(earlier)
        }
      },
    }
    const { link, recorder } = linkTo(server, { watches: { data: ['/a'], exist: [], child: [] } })
    link.attach()
    await waitUntil('it restores', () => link.linkState === 'restoring', { intervalMs: 1 })
    link.closeSession(recorder.done('close'))
    await recorder.until('close: true')
    expect(recorder.log).toEqual(['close: true'])
  })

  it('makes one attempt if it closes inside linkLost, and stays ended', async () => {
    const { link, recorder } = await attachedTo(server)
    recorder.onEntry = (entry) => {
      if (entry.startsWith('lost')) link.closeSession(recorder.done('close'))
    }
    server.connection.socket.destroy()
    await recorder.until('close: true')
    await gone()
    expect(server.connections).toHaveLength(2)
    expect(recorder.log.slice(1)).toEqual(['lost closed_by_server', 'close: true'])
    expect(link.linkState).toBe('ended')
  })

  it('says true when the session turns out to have expired meanwhile', async () => {
    server.script = { connect: (connection) => connection.greetExpired() }
    const { link, recorder } = linkTo(server, { session: SESSION })
    link.closeSession(recorder.done('close'))
    await recorder.until('close: true')
  })

  it('says true when the answer to it is that the session has expired', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = { request: (connection, { xid }) => connection.reply(xid, { err: -112 }) }
    link.closeSession(recorder.done('close'))
    await recorder.until('close: true')
  })

  it('says false when the session has moved, which it learns from an earlier call', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = {
      request: (connection, { xid, type }) => type === OP.exists && connection.reply(xid, { err: -118 }),
    }
    link.exists('/a', false, recorder.result('a'))
    link.closeSession(recorder.done('close'))
    await recorder.until('close: false')
    expect(recorder.log.slice(1)).toEqual(['a: SESSION_MOVED not_executed', 'close: false'])
  })

  it('says false when the server hangs up without an answer, and calls in flight end as unknown', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = { request: (connection) => connection.socket.end() }
    link.setData('/a', Buffer.alloc(0), -1, recorder.result('a'))
    link.closeSession(recorder.done('close'))
    await recorder.until('close: false')
    expect(recorder.log.slice(1)).toEqual(['a: CONNECTION_LOSS unknown', 'close: false'])
  })

  it('says false when no answer comes within two seconds', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = { request: () => undefined }
    const start = performance.now()
    link.closeSession(recorder.done('close'))
    await recorder.until('close: false')
    expect(performance.now() - start).toBeGreaterThan(1_900)
    await gone()
  })

  it('says false when the one attempt ends in silence', async () => {
    server.script = { connect: () => undefined }
    const { link, recorder } = linkTo(server, { session: SESSION, handshakeTimeoutMs: 60 })
    link.closeSession(recorder.done('close'))
    await recorder.until('close: false')
  })

  it('says false if a server answers with a foreign session, which it closes', async () => {
    server.script = { connect: (connection) => connection.greet({ id: 0x999n }) }
    const { link, recorder } = linkTo(server, { session: SESSION })
    link.closeSession(recorder.done('close'))
    await recorder.until('close: false')
    await waitUntil('the foreign one is closed', () => server.connection.types.includes(OP.closeSession), {
      intervalMs: 2,
    })
  })

  it('closes once if it is asked twice, and answers both', async () => {
    const { link, recorder } = await attachedTo(server)
    link.closeSession(recorder.done('first'))
    link.closeSession(recorder.done('second'))
    await recorder.until('second')
    expect(recorder.log.slice(1)).toEqual(['first: true', 'second: true'])
    expect(server.connection.types).toEqual([OP.closeSession])
  })

  it('says false after its end', async () => {
    const { link, recorder } = await attachedTo(server)
    link.detach()
    link.closeSession(recorder.done('close'))
    await recorder.until('close: false')
  })
})

describe('a link that detaches', () => {
  it('sends the written requests, closes no session, and calls its listener no more', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = { request: () => undefined }
    const data = Buffer.alloc(512 * 1024, 'x')
    link.setData('/last', data, -1, recorder.result('setData'))
    link.detach()
    expect(recorder.log.slice(1)).toEqual(['setData: CONNECTION_LOSS unknown'])
    await gone()
    expect(server.connection.ended).toBe(true)
    expect(server.connection.types).toEqual([OP.setData])
    expect(readText(server.connection.requests[0]?.body ?? Buffer.alloc(4), 0)).toBe('/last')
    expect(server.connection.requests[0]?.body.length).toBeGreaterThan(data.length)
    expect(recorder.log).toHaveLength(2)
    expect(link.linkState).toBe('ended')
  })

  it('destroys the connection after a second when the server does not close its side', async () => {
    const holding = await FakeServer.start({}, { allowHalfOpen: true })
    const sockets: Socket[] = []
    const { link } = await attachedTo(holding, {
      dial(target) {
        const socket = connect(target)
        sockets.push(socket)
        return socket
      },
    })
    link.detach()
    await waitUntil('its half is closed', () => holding.connection.ended, { intervalMs: 2 })
    expect(sockets[0]?.destroyed).toBe(false)
    await waitUntil('it is destroyed', () => sockets[0]?.destroyed, { intervalMs: 5, timeoutMs: 2_000 })
    await holding.close()
  })

  it.each(['idle', 'dialing', 'handshaking', 'restoring'] as const)(
    'calls its listener no more if it was %s',
    async (state) => {
      server.script = {
        connect: (connection) => state === 'restoring' && connection.greet(),
        request: () => undefined,
      }
      const { link, recorder } = linkTo(server, { watches: { data: ['/a'], exist: [], child: [] } })
      if (state !== 'idle') link.attach()
      await waitUntil(`it is ${state}`, () => link.linkState === state, { intervalMs: 1 })
      link.detach()
      expect(link.linkState).toBe('ended')
      if (state === 'handshaking' || state === 'restoring') {
        await connected()
        server.connection.greet()
        await gone()
      }
      expect(recorder.log).toEqual([])
    },
  )

  it('ends in the middle of a chunk of answers: the other calls fail, and no event comes', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = {
      request(connection, { xid }) {
        if (connection.requests.length < 2) return
        const answers = [xid - 1, xid].map((due) => frame(replyHeader(due, 1n, 0), stat()))
        const event = frame(replyHeader(-1, -1n, 0), int(1), int(3), text('/a'))
        connection.socket.write(Buffer.concat([...answers, event]))
      },
    }
    link.exists('/a', false, () => link.detach())
    link.exists('/b', false, recorder.result('b'))
    await recorder.until('b:')
    await gone()
    expect(recorder.log.slice(1)).toEqual(['b: CONNECTION_LOSS unknown'])
  })

  it('answers false to a close that is under way', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = { request: () => undefined }
    link.closeSession(recorder.done('close'))
    link.detach()
    link.detach()
    expect(recorder.log.slice(1)).toEqual(['close: false'])
    await gone()
  })
})
