import { describe, expect, it } from 'vitest'
import type { ClientOptions } from '../../../../client-sdk/src/index.js'
import { preparePlayground } from '../../../tools/sdk/playground.js'
import { connectedIn, done, event, failed, follow, sent } from '../../../tools/sdk/watching.js'

const start = preparePlayground()
const connected = (options?: Partial<ClientOptions>) => connectedIn(start(options))

describe('a gap in the link', () => {
  it.each(['socket', 'ensemble'])('gives one resync, before any later event (%s)', async (lost) => {
    const { socket, settle, heard, follow, redialled, attach } = await connected()
    follow('/w')
    follow('/r', { recursive: true })
    socket.receive(done(1), done(2), event('NodeCreated', '/w'))
    if (lost === 'socket') socket.end()
    else socket.receive({ type: 'suspended', message: 'away' })
    await settle()
    expect(heard).toEqual(['NodeCreated /w'])
    if (lost === 'socket') {
      const watches = { data: [], exist: [], child: [], persistent: ['/w'], recursive: ['/r'] }
      expect((await redialled()).open().hello?.resume?.watches).toEqual(watches)
    }
    const next = await attach({ resumed: true })
    next.receive(event('NodeDataChanged', '/r/a'), event('NodeDeleted', '/w'))
    await settle()
    expect(heard.slice(1)).toEqual(['resync /w', 'resync /r', 'NodeDataChanged /r/a', 'NodeDeleted /w'])
    expect(next.calls.map(({ op }) => op)).toEqual(lost === 'socket' ? [] : ['addWatch', 'addWatch'])
  })

  it('gives it before an event that arrives ahead of the session message, and not again after it', async () => {
    const { socket, settle, heard, follow, redialled, attach } = await connected()
    follow('/w')
    socket.receive(done(1))
    socket.end()
    ;(await redialled()).open().receive(event('NodeDeleted', '/w'))
    await attach({ resumed: true })
    await settle()
    expect(heard).toEqual(['resync /w', 'NodeDeleted /w'])
  })

  it('asks anew for a watch that was on its way, before what the resync makes the page read', async () => {
    const { zk, socket, settle, heard, follow, redialled, attach } = await connected()
    const events = zk.watch('/w')
    const reading = events.next().then(() => zk.getData('/w'))
    reading.catch(() => undefined)
    await settle()
    socket.end()
    expect((await redialled()).open().hello?.resume?.watches).toEqual({ data: [], exist: [], child: [] })
    const next = await attach({ resumed: true })
    await settle()
    expect(sent(next)).toEqual(['addWatch /w', 'getData /w'])
    next.receive(done(next.calls[0]!.id), event('NodeCreated', '/w'))
    expect((await events.next()).value).toEqual({ type: 'NodeCreated', path: '/w' })
    follow('/w')
    await settle()
    expect([sent(next).length, heard]).toEqual([2, []])
  })

  it('repeats a removal that was on its way, unless the watch was set again', async () => {
    const { zk, socket, settle, attach } = await connected()
    const [gone, back] = [zk.watch('/gone'), zk.watch('/back')]
    socket.receive(done(1), done(2))
    await Promise.all([gone.return(), back.return()])
    zk.watch('/back')
    await settle()
    socket.receive({ type: 'suspended', message: 'away' })
    await settle()
    const next = await attach({ resumed: true })
    await settle()
    expect(sent(next).slice(5)).toEqual(['removeWatch /gone', 'addWatch /back'])
  })
})

describe('the end of a session', () => {
  it('sets the watch on the next session with renew, and gives a resync', async () => {
    const { socket, settle, heard, follow, redialled, attach } = await connected()
    follow('/w')
    socket.receive(done(1))
    follow('/late')
    await settle()
    socket.refuse(4001)
    expect((await redialled()).open().hello?.resume).toBeUndefined()
    const next = await attach({ id: '0xb2' })
    expect(sent(next).sort()).toEqual(['addWatch /late', 'addWatch /w'])
    for (const { id } of next.calls) next.receive(done(id))
    next.receive(event('NodeCreated', '/w'), event('NodeCreated', '/late'))
    await settle()
    expect(heard).toEqual(['resync /w', 'resync /late', 'NodeCreated /w', 'NodeCreated /late'])
  })

  it('does not name the watch in a resume before the next session has set it', async () => {
    const { socket, settle, heard, follow, redialled, attach } = await connected()
    follow('/w')
    socket.receive(done(1))
    socket.refuse(4001)
    await redialled()
    const next = await attach({ id: '0xb2' })
    next.receive(event('NodeCreated', '/w'))
    next.end()
    expect((await redialled()).open().hello?.resume?.watches).toEqual({ data: [], exist: [], child: [] })
    const resumed = await attach({ id: '0xb2', resumed: true })
    await settle()
    expect([sent(resumed), heard]).toEqual([['addWatch /w'], ['resync /w', 'resync /w']])
  })

  it('fails the iteration when the next session may not watch', async () => {
    const { socket, settle, heard, follow, redialled, attach } = await connected()
    follow('/w')
    socket.receive(done(1))
    socket.refuse(4001)
    await redialled()
    const next = await attach({ id: '0xb2' })
    next.receive(failed(next.calls[0]!.id, 'FORBIDDEN'))
    await settle()
    expect(heard).toEqual(['resync /w', 'FORBIDDEN'])
  })

  it.each([
    ['expiry without renew', { renew: false }, 4001],
    ['a take-over', {}, 4002],
    ['a refusal', {}, 4006],
  ] as const)('finishes the iteration after the queued events by %s', async (_, options, code) => {
    const { zk, socket, settle, heard } = await connected(options)
    const events = zk.watch('/w')
    socket.receive(done(1), event('NodeCreated', '/w'))
    socket.refuse(code)
    await follow(events, heard)
    await settle()
    expect(heard).toEqual(['NodeCreated /w', 'done'])
  })

  it.each([true, false])('finishes the iteration by close() (set before: %s)', async (isSet) => {
    const { zk, socket, settle, heard, follow } = await connected()
    follow('/w')
    await settle()
    if (isSet) socket.receive(done(1))
    zk.close()
    await settle()
    expect(heard).toEqual(['done'])
  })

  it('finishes the iteration by close() during a renewal', async () => {
    const { zk, socket, settle, heard, follow } = await connected()
    zk.on('state', ({ state }) => state === 'CLOSED' && zk.close())
    follow('/w')
    socket.receive(done(1))
    socket.refuse(4001)
    await settle()
    expect(heard).toEqual(['done'])
  })

  it('brings no late event to the watches of the next session', async () => {
    const { zk, socket, settle, heard, follow, attach } = await connected()
    follow('/w', {}, 'old: ')
    socket.receive(done(1))
    zk.close()
    zk.connect()
    follow('/w', {}, 'new: ')
    const next = await attach({ id: '0xb2' })
    next.receive(done(next.calls[0]!.id))
    socket.receive(event('NodeCreated', '/w'))
    next.receive(event('NodeDeleted', '/w'))
    await settle()
    expect(heard).toEqual(['old: done', 'new: NodeDeleted /w'])
  })
})
