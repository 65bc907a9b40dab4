import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { waitUntil } from '../../../tools/wait-until.js'
import {
  FakeServer,
  FIRST_SESSION_ID,
  frame,
  int,
  OP,
  PASSWORD,
  readText,
  replyHeader,
  text,
} from '../../../tools/zookeeper-link/fake-server.js'
import { attachedTo, linkTo } from '../../../tools/zookeeper-link/recorder.js'

const SESSION = { id: Buffer.from('00000000000010aa', 'hex'), password: Buffer.from('0123456789abcdef') }

/** No server listens there: the system reserves the port. */
const REFUSING = { port: 1 }

let server: FakeServer
beforeEach(async () => {
  server = await FakeServer.start()
})
afterEach(() => server.close())

describe('a link that attaches', () => {
  it('asks for a session timeout and takes the timeout that the ensemble grants', async () => {
    server.script = { connect: (connection) => connection.greet({ timeoutMs: 6000 }) }
    const { link, recorder } = await attachedTo(server, { sessionTimeoutMs: 9000 })
    expect(recorder.log).toEqual(['attached 0x1001 6000 0x0'])
    expect(server.connection.connect).toEqual({
      lastZxid: 0n,
      timeoutMs: 9000,
      sessionId: 0n,
      password: Buffer.alloc(16),
      readOnly: false,
    })
    link.detach()
  })

  it('resumes a session with its id, its password and the newest zxid', async () => {
    server.script = { connect: (connection) => connection.greet({ id: 0x10aan, password: SESSION.password }) }
    const { link, recorder } = await attachedTo(server, { session: SESSION, lastZxid: '0x1000000ff' })
    expect(recorder.log).toEqual(['attached 0x10aa 4000 0x1000000ff'])
    expect(server.connection.connect).toMatchObject({
      sessionId: 0x10aan,
      password: SESSION.password,
      lastZxid: 0x1000000ffn,
    })
    link.detach()
  })

  it('resumes the session that it created after a loss, with the newest positive zxid', async () => {
    const { link, recorder } = await attachedTo(server)
    server.connection.zxid = 0x300000007n
    link.exists('/a', false, recorder.result('a'))
    await recorder.until('a:')
    server.connection.zxid = 0n
    link.exists('/b', false, recorder.result('b'))
    await recorder.until('b:')
    server.connection.zxid = -1n
    link.exists('/c', false, recorder.result('c'))
    await recorder.until('c:')
    server.connection.socket.destroy()
    await recorder.until('lost closed_by_server')
    link.attach()
    await recorder.until('attached', 2)
    expect(server.connection.connect).toMatchObject({
      sessionId: FIRST_SESSION_ID,
      password: PASSWORD,
      lastZxid: 0x300000007n,
      timeoutMs: 4000,
    })
    link.detach()
  })

  it('takes one server for each attempt, in turn', async () => {
    const other = await FakeServer.start()
    const { link, recorder } = linkTo([REFUSING, server, other])
    link.attach()
    await recorder.until('lost refused')
    link.attach()
    await recorder.until('attached')
    server.connection.socket.destroy()
    await recorder.until('lost closed_by_server')
    link.attach()
    await recorder.until('attached', 2)
    expect(other.connections).toHaveLength(1)
    expect(recorder.losses.map((loss) => loss.server)).toEqual(['127.0.0.1:1', `127.0.0.1:${server.port}`])
    link.detach()
    await other.close()
  })

  it('throws while it is not idle', async () => {
    const { link, recorder } = linkTo(server)
    link.attach()
    expect(() => link.attach()).toThrow('Only an idle link can attach; this one is dialing')
    await recorder.until('attached')
    expect(() => link.attach()).toThrow('attached')
    link.detach()
    expect(() => link.attach()).toThrow('ended')
  })

  it('dials with the function in its options', async () => {
    const dialled: string[] = []
    const { link } = await attachedTo(server, {
      dial({ host, port }) {
        dialled.push(`${host}:${port}`)
        return connect({ host, port })
      },
    })
    expect(dialled).toEqual([`127.0.0.1:${server.port}`])
    link.detach()
  })

  it('sends auth first, then watches, and has both answered before it is attached', async () => {
    server.script = {
      request(connection, request) {
        if (request.type === OP.setWatches) connection.event(3, '/changed')
        connection.answer(request)
      },
    }
    const { link, recorder } = await attachedTo(server, {
      auth: [
        { scheme: 'digest', auth: Buffer.from('ada:pw') },
        { scheme: 'digest', auth: Buffer.from('bob:pw') },
      ],
      watches: { data: ['/changed'], exist: [], child: [] },
    })
    expect(server.connection.types).toEqual([OP.auth, OP.auth, OP.setWatches])
    expect(readText(server.connection.requests[0]?.body ?? Buffer.alloc(8), 4)).toBe('digest')
    expect(recorder.log).toEqual(['NodeDataChanged /changed', 'attached 0x1001 4000 0x64'])
    link.detach()
  })

  it('sends auth and watches once per connection, however many handshakes failed before', async () => {
    server.script = { connect: (connection) => connection.socket.destroy() }
    const { link, recorder } = linkTo(server, {
      auth: [{ scheme: 'digest', auth: Buffer.from('ada:pw') }],
      watches: { data: ['/a'], exist: [], child: [] },
    })
    for (let attempt = 1; attempt <= 3; attempt++) {
      link.attach()
      await recorder.until('lost', attempt)
    }
    server.script = {}
    link.attach()
    await recorder.until('attached')
    expect(server.connection.types).toEqual([OP.auth, OP.setWatches])
    link.detach()
  })
})

describe('an attempt', () => {
  it('is lost as refused when no server listens, and the message says what to check', async () => {
    const { link, recorder } = linkTo([REFUSING])
    link.attach()
    await recorder.until('lost')
    expect(recorder.losses).toEqual([
      {
        cause: 'refused',
        message:
          'connection refused (ECONNREFUSED): check that the server runs, and that this is its clientPort',
        server: '127.0.0.1:1',
      },
    ])
    expect(link.linkState).toBe('idle')
  })

  it('is lost as dial_failed when the dial itself throws, and not before attach() has returned', async () => {
    const { link, recorder } = linkTo(server, {
      dial() {
        throw new Error('bad certificate')
      },
    })
    link.attach()
    expect(recorder.log).toEqual([])
    await recorder.until('lost dial_failed')
    expect(recorder.losses[0]?.message).toContain('bad certificate')
  })

  it.each(['ECONNRESET', 'EPIPE'])(
    'is lost as refused_at_handshake when the dial ends in %s',
    async (code) => {
      const { link, recorder } = linkTo(server, {
        dial() {
          throw Object.assign(new Error(`connect ${code}`), { code })
        },
      })
      link.attach()
      await recorder.until('lost refused_at_handshake')
      expect(recorder.losses[0]?.message).toContain('maxClientCnxns')
    },
  )

  it('is lost as handshake_timeout when a server accepts and says nothing', async () => {
    server.script = { connect: () => undefined }
    const { link, recorder } = linkTo(server, { handshakeTimeoutMs: 60 })
    link.attach()
    await recorder.until('lost handshake_timeout')
    await waitUntil('the socket is gone', () => server.connection.closed, { intervalMs: 2 })
    expect(recorder.losses[0]?.message).toBe('no end of the handshake within 60 ms')
  })

  it('is lost as handshake_timeout when a server never answers auth', async () => {
    server.script = { request: () => undefined }
    const { link, recorder } = linkTo(server, {
      handshakeTimeoutMs: 60,
      auth: [{ scheme: 'digest', auth: Buffer.from('ada:pw') }],
    })
    link.attach()
    await recorder.until('lost handshake_timeout')
    expect(recorder.log).toEqual(['lost handshake_timeout'])
  })

  it('is lost as wrong_session when the server answers with another session, which the link closes', async () => {
    server.script = { connect: (connection) => connection.greet({ id: 0x999n }) }
    const { link, recorder } = linkTo(server, { session: SESSION })
    link.attach()
    await recorder.until('lost wrong_session')
    await waitUntil('it is closed', () => server.connection.types.includes(OP.closeSession), {
      intervalMs: 2,
    })
    server.script = { connect: (connection) => connection.greet({ id: 0x10aan, password: SESSION.password }) }
    link.attach()
    await recorder.until('attached 0x10aa')
    expect(server.connection.connect?.sessionId).toBe(0x10aan)
    link.detach()
  })

  it('is lost as restore_refused when the server refuses the watches', async () => {
    server.script = { request: (connection, { xid }) => connection.reply(xid, { err: -5 }) }
    const { link, recorder } = linkTo(server, { watches: { data: ['/a'], exist: [], child: [] } })
    link.attach()
    await recorder.until('lost restore_refused')
    expect(recorder.losses[0]?.message).toBe('the server refused to set the watches again (error -5)')
  })

  it('ignores the frames behind the answer that lost it', async () => {
    server.script = {
      request(connection, { xid }) {
        const refusal = frame(replyHeader(xid, 1n, -5))
        const event = frame(replyHeader(-1, -1n, 0), int(3), int(3), text('/a'))
        connection.socket.write(Buffer.concat([refusal, event]))
      },
    }
    const { link, recorder } = linkTo(server, { watches: { data: ['/a'], exist: [], child: [] } })
    link.attach()
    await recorder.until('lost')
    expect(recorder.log).toEqual(['lost restore_refused'])
    expect(link.watchCount).toBe(1)
  })

  it('is lost as refused_at_handshake when the server hangs up before the handshake is over, and the message names causes', async () => {
    server.script = { connect: (connection) => connection.socket.end() }
    const { link, recorder } = linkTo(server)
    link.attach()
    await recorder.until('lost refused_at_handshake')
    expect(recorder.losses[0]?.message).toContain('maxClientCnxns')
  })

  it('leaves no bytes of the broken connection for the next one', async () => {
    server.script = {
      connect(connection) {
        // Half of a frame, then the end.
        connection.socket.end(Buffer.concat([int(41), Buffer.from('half')]))
      },
    }
    const { link, recorder } = linkTo(server)
    link.attach()
    await recorder.until('lost refused_at_handshake')
    server.script = {}
    link.attach()
    await recorder.until('attached')
    link.detach()
  })
})

describe('a final attempt', () => {
  it('ends as expired when the ensemble does not know the session, and every later call fails', async () => {
    server.script = { connect: (connection) => connection.greetExpired() }
    const { link, recorder } = linkTo(server, { session: SESSION })
    link.attach()
    await recorder.until('expired')
    link.exists('/a', false, recorder.result('exists'))
    expect(link.linkState).toBe('ended')
    expect(recorder.log).toEqual(['expired', 'exists: CONNECTION_LOSS not_executed'])
  })

  it('ends as auth failed when the ensemble refuses the credentials', async () => {
    server.script = {
      request: (connection, { xid }) => {
        connection.reply(xid, { err: -115 })
        connection.socket.end()
      },
    }
    const { link, recorder } = linkTo(server, { auth: [{ scheme: 'digest', auth: Buffer.from('x') }] })
    link.attach()
    await recorder.until('auth failed')
    expect(recorder.log).toEqual(['auth failed'])
    expect(link.linkState).toBe('ended')
  })
})
