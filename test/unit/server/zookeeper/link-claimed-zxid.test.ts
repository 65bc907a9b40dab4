import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeServer, OP } from '../../../tools/zookeeper-link/fake-server.js'
import { attachedTo, linkTo } from '../../../tools/zookeeper-link/recorder.js'

const SESSION = { id: Buffer.from('00000000000010aa', 'hex'), password: Buffer.from('0123456789abcdef') }
const WATCHES = { data: ['/a'], exist: [], child: [] }

let server: FakeServer
beforeEach(async () => {
  server = await FakeServer.start({ connect: (connection) => connection.greet({ id: 0x10aan }) })
})
afterEach(() => server.close())

/** Of a SetWatches request. */
const relativeZxid = (body: Buffer) => body.readBigInt64BE(0)

describe('a zxid that the user of a session claims to have seen', () => {
  it('is sent to no server: each catches up with its leader before the watches are set', async () => {
    const { link, recorder } = await attachedTo(server, {
      session: SESSION,
      claimedZxid: '0x64',
      auth: [{ scheme: 'digest', auth: Buffer.from('ada:pw') }],
      watches: WATCHES,
    })
    expect(server.connection.connect?.lastZxid).toBe(0n)
    expect(server.connection.types).toEqual([OP.auth, OP.sync, OP.setWatches])
    expect(relativeZxid(server.connection.requests[2]!.body)).toBe(0x64n)
    expect(recorder.log).toEqual(['attached 0x10aa 4000 0x64'])
    link.detach()
  })

  it('costs nothing if it is 0', async () => {
    const { link } = await attachedTo(server, { session: SESSION, claimedZxid: '0x0' })
    expect(server.connection.types).toEqual([])
    link.detach()
  })

  it('loses a server that has not reached it, before the listener hears an event of that server', async () => {
    const ahead = await FakeServer.start({
      connect: (connection) => {
        connection.zxid = 0x900n
        connection.greet({ id: 0x10aan })
      },
    })
    server.script.request = (connection, request) => {
      if (request.type === OP.setWatches) connection.event(2, '/a')
      connection.answer(request)
    }
    const { link, recorder } = linkTo([server, ahead], {
      session: SESSION,
      claimedZxid: '0x500',
      watches: WATCHES,
    })
    link.attach()
    await recorder.until('lost behind')
    link.attach()
    await recorder.until('attached')
    expect(recorder.log).toEqual(['lost behind', 'attached 0x10aa 4000 0x900'])
    expect(relativeZxid(ahead.connection.requests[1]!.body)).toBe(0x500n)
    link.detach()
    await ahead.close()
  })

  it('is settled by one server that has reached it: then servers behind it refuse the link by their own rule', async () => {
    const { link, recorder } = await attachedTo(server, { session: SESSION, claimedZxid: '0x10' })
    server.connection.socket.destroy()
    await recorder.until('lost closed_by_server')
    link.attach()
    await recorder.until('attached', 2)
    expect(server.connection.connect?.lastZxid).toBe(0x64n)
    expect(server.connection.types).toEqual([])
    link.detach()
  })

  it('is settled by the zxid of a server without a leader to catch up with, or else stays open', async () => {
    server.script.request = (connection, { xid }) => connection.reply(xid, { err: -119 })
    const { link } = await attachedTo(server, { session: SESSION, claimedZxid: '0x64', readOnly: true })
    link.detach()
    const newer = linkTo(server, { session: SESSION, claimedZxid: '0x65', readOnly: true })
    newer.link.attach()
    await newer.recorder.until('lost restore_refused')
    newer.link.detach()
  })

  it('does not keep a session from being closed', async () => {
    server.script.request = (connection, request) => {
      if (request.type === OP.closeSession) for (const due of connection.requests) connection.answer(due)
    }
    const { link, recorder } = linkTo(server, { session: SESSION, claimedZxid: '0x500' })
    link.attach()
    link.closeSession(recorder.done('close'))
    await recorder.until('close: true')
  })
})
