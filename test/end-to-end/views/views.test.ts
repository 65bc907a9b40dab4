import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { done, Viewer } from '../../tools/server/viewer.js'
import { waitUntil } from '../../tools/wait-until.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

describeWith('zookeeper')('a view of a real ensemble', () => {
  let ensemble: RealEnsemble
  let writer: RawPage
  let url: string
  let room: string
  let rooms = 0
  beforeAll(async () => {
    ensemble = await realEnsemble(3)
  })
  afterAll(() => ensemble.close())
  beforeEach(async () => {
    ;({ url } = await startGateway(ensemble.connectString))
    writer = await RawPage.connect((await startGateway(ensemble.connectString)).url, {
      token: token('writer'),
    })
    rooms += 1
    room = `/room-${rooms}`
    await done(writer, 'create', { path: room })
  })
  afterEach(closeGateways)
  const create = (name: string, rest: object = {}) =>
    done(writer, 'create', { path: `${room}/${name}`, data: name, ...rest })
  const remove = (name: string) => done(writer, 'delete', { path: `${room}/${name}` })

  /** All servers' paths with watches, each with the sessions that hold them. */
  async function watches(): Promise<string[]> {
    const answers = await Promise.all([0, 1, 2].map((index) => ensemble.ask(index, 'wchp')))
    return answers
      .join('\n')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
  }

  it('costs one watch for any number of pages, and none when they have left', async () => {
    for (const name of ['a', 'b', 'c']) await create(name)
    const pages = await Promise.all(
      Array.from({ length: 30 }, () => RawPage.connect(url, { token: token() })),
    )
    const viewers = await Promise.all(pages.map((page) => Viewer.open(page, { path: room, data: true })))
    for (const viewer of viewers) await viewer.shows('a', 'b', 'c')
    const held = await watches()
    expect(held).toHaveLength(2)
    expect(held[0]).toBe(room)
    expect(held[1]).toMatch(/^0x[0-9a-f]+$/)
    await create('d')
    for (const viewer of viewers) await viewer.shows('a', 'b', 'c', 'd')
    expect(await watches()).toEqual(held)
    for (const page of pages) page.cut()
    await waitUntil(
      'the session of the views is closed',
      async () => !(await ensemble.sessions()).has(held[1] as string),
    )
    // A server forgets the watches of a connection a moment after the session.
    await waitUntil('its watch is gone', async () => (await watches()).length === 0)
  })

  it('shows a subtree with its owners, and hides nodes that not all may read', async () => {
    const acl = [{ scheme: 'world', id: 'anyone', permissions: ['create' as const, 'delete' as const] }]
    await create('a')
    await create('a/b')
    await create('hidden', { acl })
    await create('hidden/below')
    await create('box', { mode: 'container' })
    const viewer = await Viewer.connect(url, { path: room, depth: 'subtree', data: true })
    await viewer.shows('', 'a', 'a/b', 'box')
    expect(viewer.nodes.get('box')?.[1]).toBeNull()
    await done(viewer.page, 'create', { path: `${room}/me`, mode: 'ephemeral' })
    await create('hidden/later')
    await create('a/b/c')
    await viewer.shows('', 'a', 'a/b', 'a/b/c', 'box', 'me')
    expect(viewer.nodes.get('me')?.[1]).toBe((await viewer.page.session()).mark)
    await create('__proto__')
    await viewer.shows('', '__proto__', 'a', 'a/b', 'a/b/c', 'box', 'me')
    const hidden = await Viewer.open(writer, { path: `${room}/hidden` })
    expect(await hidden.ended()).toMatchObject({ code: 'NO_AUTH' })
  })

  it('fills when its path is created, and sends a page of another gateway only the difference', async () => {
    const view = { path: `${room}/later`, data: true }
    const viewer = await Viewer.connect(url, view)
    await viewer.shows()
    await create('later')
    for (const name of ['a', 'b', 'c']) await create(`later/${name}`)
    await viewer.shows('a', 'b', 'c')
    const { point } = viewer
    viewer.page.cut()
    await remove('later/b')
    await create('later/d')
    const moved = await viewer.moveTo((await startGateway(ensemble.connectString)).url, view)
    await moved.shows('a', 'c', 'd')
    expect(moved.last).toMatchObject({ since: point.zxid, kept: ['a', 'c'] })
    expect(Object.keys((moved.last as { nodes: object }).nodes)).toEqual(['d'])
  })

  it('survives the death of its server and of the leader', async () => {
    await create('a')
    const viewer = await Viewer.connect(url, { path: room })
    await viewer.shows('a')
    for (const [round, name] of ['b', 'c'].entries()) {
      const [, session] = await waitUntil('the watch is set', async () => {
        const held = await watches().catch(() => [])
        return held.length === 2 && held
      })
      const victim = round === 0 ? await ensemble.holder(session as string) : await ensemble.leader()
      expect(victim).not.toBeNull()
      await ensemble.kill(victim as number)
      await ensemble.waitForQuorum()
      await waitUntil(
        'the writer is back',
        async () => (await writer.call('sync', { path: '/' })).type === 'reply',
      )
      const made = await writer.call('create', { path: `${room}/${name}` })
      expect(made).toMatchObject({ type: 'reply' })
      await viewer.until(
        'the view shows it',
        ({ paths, isStale }) => !isStale && paths.includes(name),
        20_000,
      )
      await ensemble.start(victim as number)
      await ensemble.waitForQuorum()
    }
    await viewer.shows('a', 'b', 'c')
  })
})
