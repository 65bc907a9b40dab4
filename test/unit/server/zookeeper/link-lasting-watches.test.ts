import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { waitUntil } from '../../../tools/wait-until.js'
import { type FakeRequest, FakeServer, OP, type Script } from '../../../tools/zookeeper-link/fake-server.js'
import { attachedTo } from '../../../tools/zookeeper-link/recorder.js'
import { setWatchesOf } from '../../../tools/zookeeper-link/set-watches.js'

const NO_WATCHES = { data: [], exist: [], child: [] }

let server: FakeServer
beforeEach(async () => {
  server = await FakeServer.start()
})
afterEach(() => server.close())

/** Answers requests of one type with an error, and all others as usual. */
function refusing(refused: number, err: number): Script {
  return {
    request: (connection, request) =>
      request.type === refused ? connection.reply(request.xid, { err }) : connection.answer(request),
  }
}

const lastField = ({ body }: FakeRequest) => body.readInt32BE(body.length - 4)

describe('a lasting watch', () => {
  it('is set again at each attach, with one-shot watches in the later form of setWatches', async () => {
    const watches = { data: ['/d'], exist: [], child: ['/p'], persistent: ['/p'], recursive: ['/r'] }
    const { link, recorder } = await attachedTo(server, { watches, lastZxid: '0x50' })
    const expected = [{ zxid: 0x50n, lists: [['/d'], [], ['/p'], ['/p'], ['/r']] }]
    expect(server.connection.types).toEqual([OP.setWatches2])
    expect(setWatchesOf(server.connection)).toEqual(expected)
    server.connection.event(3, '/r/x')
    server.connection.event(4, '/p')
    await recorder.until('NodeChildrenChanged /p')
    expect(link.watchCount).toBe(3)
    server.connection.socket.destroy()
    await recorder.until('lost')
    link.attach()
    await recorder.until('attached', 2)
    expect(setWatchesOf(server.connection)[0]?.lists).toEqual([['/d'], [], [], ['/p'], ['/r']])
    link.detach()
  })

  it('leaves the earlier form of setWatches to frames without it, for servers that know no other', async () => {
    const data = Array.from({ length: 2_000 }, (_, i) => `/${'x'.repeat(120)}/${i}`)
    const { link } = await attachedTo(server, { watches: { ...NO_WATCHES, data, recursive: ['/r'] } })
    expect(server.connection.types).toEqual([OP.setWatches, OP.setWatches2])
    link.detach()
  })

  it('covers one-shot watches of its path, which are not set on the server', async () => {
    const { link, recorder } = await attachedTo(server)
    link.addWatch('/p', false, recorder.result('add'))
    link.getData('/p', true, recorder.result('getData'))
    link.getData('/q', true, recorder.result('elsewhere'))
    await recorder.until('elsewhere')
    const flags = server.connection.requests.slice(1).map(({ body }) => body.at(-1))
    expect(flags).toEqual([0, 1])
    expect(link.watchCount).toBe(3)
    server.connection.event(3, '/p')
    await recorder.until('NodeDataChanged')
    expect(link.watchCount).toBe(2)
    link.detach()
  })

  it('leaves the one-shot watches that it would cover to the server if it is refused', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = refusing(OP.addWatch, -127)
    link.addWatch('/p', true, recorder.result('add'))
    link.getData('/p', true, recorder.result('getData'))
    await recorder.until('getData')
    await waitUntil('they are set', () => setWatchesOf(server.connection).length > 0, { intervalMs: 2 })
    expect(recorder.log.slice(1)).toEqual(['add: THROTTLED not_executed', 'getData: ok'])
    expect(setWatchesOf(server.connection)).toEqual([{ zxid: 100n, lists: [['/p'], [], []] }])
    expect(link.watchCount).toBe(1)
    link.detach()
  })

  it('fires for changed children if a recursive watch keeps the server from sending that event', async () => {
    const { link, recorder } = await attachedTo(server, {
      watches: { ...NO_WATCHES, child: ['/r'], recursive: ['/r'] },
    })
    server.connection.event(1, '/r/a')
    server.connection.event(2, '/r/a')
    await recorder.until('NodeDeleted')
    expect(recorder.log.slice(1)).toEqual(['NodeCreated /r/a', 'NodeChildrenChanged /r', 'NodeDeleted /r/a'])
    link.detach()
  })

  it('is not set again if its answer did not come', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = { request: () => undefined }
    link.addWatch('/p', false, recorder.result('add'))
    expect(link.watchCount).toBe(1)
    await waitUntil('it arrived', () => server.connection.requests.length === 1, { intervalMs: 2 })
    server.connection.socket.destroy()
    await recorder.until('lost')
    server.script = {}
    link.attach()
    await recorder.until('attached', 2)
    expect(recorder.log[1]).toBe('add: CONNECTION_LOSS unknown')
    expect(server.connection.requests).toEqual([])
    link.detach()
  })
})

describe('the removal of a lasting watch', () => {
  it('removes every watch of the path on the server and sets its one-shot watches again, from the newest zxid', async () => {
    const { link, recorder } = await attachedTo(server, {
      watches: { data: ['/p', '/other'], exist: [], child: ['/p'], persistent: ['/p'] },
    })
    server.connection.requests.length = 0
    server.connection.zxid = 0x777n
    link.removeWatch('/p', false, recorder.result('remove'))
    await recorder.until('remove: ok')
    await waitUntil('they are set', () => setWatchesOf(server.connection).length > 0, { intervalMs: 2 })
    expect(server.connection.types).toEqual([OP.removeWatches, OP.setWatches])
    expect(server.connection.requests.slice(0, 1).map(lastField)).toEqual([3])
    expect(setWatchesOf(server.connection)).toEqual([{ zxid: 0x777n, lists: [['/p'], [], ['/p']] }])
    expect(link.watchCount).toBe(3)
    link.detach()
  })

  it('checks one-shot watches again from that zxid when the link is lost before they are set', async () => {
    const { link, recorder } = await attachedTo(server, {
      lastZxid: '0x10',
      watches: { data: ['/p'], exist: [], child: [], persistent: ['/p'] },
    })
    server.connection.zxid = 0x777n
    server.script = {
      request: (connection, request) =>
        request.type === OP.setWatches ? connection.socket.destroy() : connection.answer(request),
    }
    link.removeWatch('/p', false, recorder.result('remove'))
    await recorder.until('lost')
    server.script = {}
    link.attach()
    await recorder.until('attached', 2)
    expect(setWatchesOf(server.connection)).toEqual([{ zxid: 0x777n, lists: [['/p'], [], []] }])
    link.detach()
  })

  it.each([
    ['ok if there is no such watch', -121, 'remove: ok'],
    ['any other error of the server', -127, 'remove: THROTTLED not_executed'],
  ])('answers %s', async (_title, err, said) => {
    const { link, recorder } = await attachedTo(server)
    server.script = refusing(OP.removeWatches, err)
    link.removeWatch('/p', true, recorder.result('remove'))
    await recorder.until('remove')
    expect(recorder.log.at(-1)).toBe(said)
    expect(link.watchCount).toBe(0)
    link.detach()
  })

  it.each([
    ['a server that keeps both kinds', 0],
    ['a server that keeps both kinds and has lost this one', -121],
    ['a server that keeps one kind and does not know the question', -5],
  ])('leaves the other of two kinds on one path, on %s', async (_title, err) => {
    const watches = { ...NO_WATCHES, persistent: ['/p'], recursive: ['/p'] }
    const { link, recorder } = await attachedTo(server, { watches })
    server.connection.requests.length = 0
    server.script = refusing(OP.removeWatches, err)
    link.removeWatch('/p', true, recorder.result('remove'))
    await recorder.until('remove: ok')
    expect(server.connection.types).toEqual([OP.addWatch, OP.removeWatches])
    expect(server.connection.requests.map(lastField)).toEqual([0, 5])
    expect(link.watchCount).toBe(1)
    link.detach()
  })

  it('fails if the other of two kinds could not be kept', async () => {
    const watches = { ...NO_WATCHES, persistent: ['/p'], recursive: ['/p'] }
    const { link, recorder } = await attachedTo(server, { watches })
    server.script = refusing(OP.addWatch, -127)
    link.removeWatch('/p', false, recorder.result('remove'))
    await recorder.until('remove: THROTTLED')
    link.detach()
  })

  it('is not undone by a loss of the link', async () => {
    const { link, recorder } = await attachedTo(server, { watches: { ...NO_WATCHES, recursive: ['/r'] } })
    server.script = { request: () => undefined }
    link.removeWatch('/r', true, recorder.result('remove'))
    await waitUntil('it arrived', () => server.connection.types.includes(OP.removeWatches), { intervalMs: 2 })
    server.connection.socket.destroy()
    await recorder.until('lost')
    server.script = {}
    link.attach()
    await recorder.until('attached', 2)
    expect(server.connection.requests).toEqual([])
    link.detach()
  })
})
