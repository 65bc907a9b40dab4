import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeServer, int, long, replyHeader } from '../../../tools/zookeeper-link/fake-server.js'
import { attachedTo, linkTo } from '../../../tools/zookeeper-link/recorder.js'

const SESSION = { id: Buffer.from('00000000000010aa', 'hex'), password: Buffer.from('0123456789abcdef') }

let server: FakeServer
beforeEach(async () => {
  server = await FakeServer.start()
})
afterEach(() => server.close())

describe('a link that accepts read-only servers', () => {
  it('asks for them, and learns which kind it has found', async () => {
    server.script = { connect: (connection) => connection.greet({ readOnly: true }) }
    const { link, recorder } = await attachedTo(server, { readOnly: true })
    expect(server.connection.connect?.readOnly).toBe(true)
    server.script = {}
    link.leaveServer()
    link.attach()
    await recorder.until('attached', 2)
    expect(recorder.sessions.map(({ readOnly }) => readOnly)).toEqual([true, false])
    link.detach()
  })

  it('leaves for the next server on request, with its session, and fails the calls in flight', async () => {
    const full = await FakeServer.start()
    server.script = {
      connect: (connection) => connection.greet({ readOnly: true }),
      request: () => undefined,
    }
    const { link, recorder } = await attachedTo([server, full], { readOnly: true })
    link.exists('/a', false, recorder.result('exists'))
    link.leaveServer()
    expect(recorder.log.slice(1)).toEqual(['exists: CONNECTION_LOSS unknown', 'lost left'])
    link.leaveServer()
    link.attach()
    await recorder.until('attached', 2)
    expect(full.connection.connect?.sessionId).toBe(0x1001n)
    expect(recorder.log).toHaveLength(4)
    link.detach()
    await full.close()
  })

  it('does not believe a read-only server that a session has expired', async () => {
    server.script = {
      connect: (connection) =>
        connection.greet({ timeoutMs: 0, id: 0n, password: Buffer.alloc(16), readOnly: true }),
    }
    const { link, recorder } = linkTo(server, { session: SESSION, readOnly: true })
    link.attach()
    await recorder.until('lost refused_at_handshake')
    server.script = { connect: (connection) => connection.greet({ id: 0x10aan }) }
    link.attach()
    await recorder.until('attached 0x10aa')
    link.detach()
  })

  it('understands the error in place of a ConnectResponse as a refusal to open sessions', async () => {
    server.script = { connect: (connection) => connection.sendFrame(replyHeader(0, 0x200000004n, -119)) }
    const { link, recorder } = linkTo(server, { readOnly: true })
    link.attach()
    await recorder.until('lost refused_at_handshake')
    expect(recorder.losses[0]?.message).toContain('quorum')
    expect(link.linkState).toBe('idle')
  })

  it('takes any other error in place of a ConnectResponse for a broken server', async () => {
    server.script = { connect: (connection) => connection.sendFrame(int(0), long(7n), int(-5)) }
    const { link, recorder } = linkTo(server, { readOnly: true })
    link.attach()
    await recorder.until('lost bad_frame')
    expect(recorder.losses[0]?.message).toContain('-5')
  })
})
