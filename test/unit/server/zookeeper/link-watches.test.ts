import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { waitUntil } from '../../../tools/wait-until.js'
import { FakeServer, readText } from '../../../tools/zookeeper-link/fake-server.js'
import { attachedTo, linkTo } from '../../../tools/zookeeper-link/recorder.js'
import { setWatchesOf } from '../../../tools/zookeeper-link/set-watches.js'

let server: FakeServer
beforeEach(async () => {
  server = await FakeServer.start()
})
afterEach(() => server.close())

describe('a watch of a link', () => {
  it('is in the list in which ZooKeeper keeps it once its reply has come, and is set again after a loss', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = {
      request: (connection, request) =>
        readText(request.body, 0) === '/missing'
          ? connection.reply(request.xid, { err: -101 })
          : connection.answer(request),
    }
    link.getData('/data', true, recorder.result('getData'))
    link.exists('/there', true, recorder.result('there'))
    link.exists('/missing', true, recorder.result('missing'))
    link.getChildren('/data', true, recorder.result('children'))
    link.getData('/missing', true, recorder.result('getData of nothing'))
    link.getChildren('/missing', true, recorder.result('children of nothing'))
    link.getData('/unwatched', false, recorder.result('unwatched'))
    expect(link.watchCount).toBe(0)
    await recorder.until('unwatched')
    expect(link.watchCount).toBe(4)

    server.connection.socket.destroy()
    await recorder.until('lost')
    server.script = {}
    link.attach()
    await recorder.until('attached', 2)
    expect(setWatchesOf(server.connection)).toEqual([
      { zxid: 100n, lists: [['/data', '/there'], ['/missing'], ['/data']] },
    ])
    link.detach()
  })

  it('is gone when it fires, and is not set again', async () => {
    const watches = {
      data: ['/changed', '/deleted', '/kept'],
      exist: ['/created'],
      child: ['/deleted', '/grown'],
    }
    const { link, recorder } = await attachedTo(server, { watches })
    expect(link.watchCount).toBe(6)
    server.connection.event(3, '/changed')
    server.connection.event(2, '/deleted')
    server.connection.event(1, '/created')
    server.connection.event(4, '/grown')
    await recorder.until('NodeChildrenChanged')
    expect(link.watchCount).toBe(1)
    server.connection.socket.destroy()
    await recorder.until('lost')
    link.attach()
    await recorder.until('attached', 2)
    expect(setWatchesOf(server.connection).map(({ lists }) => lists)).toEqual([[['/kept'], [], []]])
    expect(recorder.log.filter((entry) => entry.startsWith('Node'))).toEqual([
      'NodeDataChanged /changed',
      'NodeDeleted /deleted',
      'NodeCreated /created',
      'NodeChildrenChanged /grown',
    ])
    link.detach()
  })

  it('fires in its place between the replies', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = {
      request(connection, request) {
        connection.answer(request)
        connection.event(3, readText(request.body, 0))
      },
    }
    for (const path of ['/1', '/2', '/3']) link.getData(path, true, recorder.result(path))
    await recorder.until('NodeDataChanged /3')
    const expected = ['/1', '/2', '/3'].flatMap((path) => [`${path}: ok`, `NodeDataChanged ${path}`])
    expect(recorder.log.slice(1)).toEqual(expected)
    link.detach()
  })

  it('is set again in frames of at most 128 KiB of paths, all with the same zxid', async () => {
    const data = Array.from({ length: 3_000 }, (_, i) => `/${'x'.repeat(120)}/${i}`)
    const { link } = await attachedTo(server, {
      lastZxid: '0x500',
      watches: { data, exist: ['/e'], child: ['/c'] },
    })
    const frames = server.connection.requests
    for (const { body } of frames) expect(body.length).toBeLessThanOrEqual(128 * 1024 + 20)
    const said = setWatchesOf(server.connection)
    expect(said.length).toBeGreaterThan(2)
    expect(said.flatMap(({ lists }) => lists[0])).toEqual(data)
    expect(said.flatMap(({ lists }) => [...(lists[1] ?? []), ...(lists[2] ?? [])])).toEqual(['/e', '/c'])
    expect(new Set(said.map(({ zxid }) => zxid))).toEqual(new Set([0x500n]))
    link.detach()
  })

  it('is checked against the old zxid again when the link is lost between two of these frames', async () => {
    const data = Array.from({ length: 3_000 }, (_, i) => `/${'x'.repeat(120)}/${i}`)
    server.script = {
      request(connection, { xid }) {
        // The answer to the first frame carries a newer zxid; the second frame is never looked at.
        if (connection.requests.length > 1) return
        connection.reply(xid, { zxid: 0x900n })
        connection.socket.end()
      },
    }
    const { link, recorder } = linkTo(server, { lastZxid: '0x500', watches: { data, exist: [], child: [] } })
    link.attach()
    await recorder.until('lost')
    server.script = {}
    link.attach()
    await recorder.until('attached')
    expect(server.connection.connect?.lastZxid).toBe(0x900n)
    expect(new Set(setWatchesOf(server.connection).map(({ zxid }) => zxid))).toEqual(new Set([0x500n]))
    link.detach()
  })

  it('can be set more than ten times on one path without a warning', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    const { link, recorder } = await attachedTo(server)
    for (let i = 1; i <= 20; i++) link.getData('/hot', true, recorder.result(`hot ${i}`))
    await recorder.until('hot 20')
    expect(link.watchCount).toBe(1)
    await new Promise(setImmediate)
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
    link.detach()
  })

  it('ignores an event of an unknown type', async () => {
    const { link, recorder } = await attachedTo(server)
    server.connection.event(99, '/a')
    server.connection.event(1, '/b')
    await recorder.until('NodeCreated /b')
    expect(recorder.log.slice(1)).toEqual(['NodeCreated /b'])
    expect(link.linkState).toBe('attached')
    link.detach()
  })

  it('is not counted if its reply is lost', async () => {
    const { link, recorder } = await attachedTo(server)
    server.script = { request: () => undefined }
    link.getData('/a', true, recorder.result('a'))
    await waitUntil('it arrived', () => server.connection.requests.length === 1, { intervalMs: 2 })
    server.connection.socket.destroy()
    await recorder.until('lost')
    expect(link.watchCount).toBe(0)
  })
})
