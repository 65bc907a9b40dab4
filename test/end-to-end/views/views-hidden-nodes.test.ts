import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startDevEnsemble } from 'zoogate/dev-ensemble'
import type { Acl } from 'zoogate-client/protocol'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { done, Viewer } from '../../tools/server/viewer.js'
import { realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const HIDDEN: Acl[] = [{ scheme: 'world', id: 'anyone', permissions: ['create', 'delete', 'admin'] }]
const SHOWN: Acl[] = [
  { scheme: 'world', id: 'anyone', permissions: ['read', 'write', 'create', 'delete', 'admin'] },
]
/** Long enough for a test to see that what comes at once does not wait for it. */
const NEVER_MS = 600_000
const SOON_MS = 300

describe('nodes hidden from views, on the ensemble in memory', () => hiding(() => startDevEnsemble()))
describeWith('zookeeper')('nodes hidden from views, on Apache ZooKeeper', () => hiding(() => realEnsemble(3)))

function hiding(start: () => Promise<{ connectString: string; close(): Promise<void> }>) {
  let ensemble: Awaited<ReturnType<typeof start>>
  beforeAll(async () => {
    ensemble = await start()
  }, 60_000)
  afterAll(() => ensemble.close())
  let room: string
  let rooms = 0
  /** On another gateway than the one that shows the views, as if it were any client. */
  let other: RawPage
  beforeEach(async () => {
    other = await connect((await startGateway(ensemble.connectString)).url)
    rooms += 1
    room = `/room-${rooms}`
    await done(other, 'create', { path: room })
    for (const name of ['a', 'b', 'b/below']) await create(other, name)
  })
  afterEach(closeGateways)

  const connect = (url: string, sub = 'ada') => RawPage.connect(url, { token: token(sub) })
  const create = (page: RawPage, name: string, rest: object = {}) =>
    done(page, 'create', { path: `${room}/${name}`, data: name, ...rest })
  const setAcl = (page: RawPage, name: string, acl: Acl[]) =>
    done(page, 'setACL', { path: name === '' ? room : `${room}/${name}`, acl })
  const gateway = async (viewCheckMs: number) =>
    (await startGateway(ensemble.connectString, { limits: { viewCheckMs } })).url
  const show = async (url: string) => {
    const children = await Viewer.connect(url, { path: room, data: true })
    const subtree = await Viewer.connect(url, { path: room, depth: 'subtree', data: true })
    const both = async (...names: string[]) => {
      await children.shows(...names.filter((name) => !name.includes('/')))
      await subtree.shows('', ...names)
    }
    await both('a', 'b', 'b/below')
    return { children, subtree, both }
  }

  it('go at once where a page of the same gateway hides them, and come back at once', async () => {
    const url = await gateway(NEVER_MS)
    const { both } = await show(url)
    const page = await connect(url)
    await setAcl(page, 'b', HIDDEN)
    await both('a')
    await setAcl(page, 'b', SHOWN)
    await both('a', 'b', 'b/below')
    await setAcl(page, 'b/below', HIDDEN)
    await both('a', 'b')
  })

  it('end the view at once where they are its own', async () => {
    const url = await gateway(NEVER_MS)
    const { children, subtree } = await show(url)
    await setAcl(await connect(url), '', HIDDEN)
    for (const view of [children, subtree]) expect(await view.ended()).toMatchObject({ code: 'NO_AUTH' })
    await setAcl(other, '', SHOWN)
  })

  it('leave no ghost of a page that hid its own node and left', async () => {
    const url = await gateway(NEVER_MS)
    const { both } = await show(url)
    const page = await connect(url, 'ghost')
    await create(page, 'ghost', { mode: 'ephemeral' })
    await both('a', 'b', 'b/below', 'ghost')
    await setAcl(page, 'ghost', HIDDEN)
    page.send({ type: 'close' })
    await both('a', 'b', 'b/below')
    const late = await Viewer.connect(url, { path: room })
    await late.shows('a', 'b')
  })

  it('go soon where another client has hidden them, and come back soon with what is below', async () => {
    const { both } = await show(await gateway(SOON_MS))
    await setAcl(other, 'b', HIDDEN)
    await both('a')
    await setAcl(other, 'b', SHOWN)
    await both('a', 'b', 'b/below')
  })

  it('go soon where another client has hidden and deleted them, which nobody is told', async () => {
    const url = await gateway(SOON_MS)
    const { both } = await show(url)
    await setAcl(other, 'a', HIDDEN)
    await done(other, 'delete', { path: `${room}/a` })
    await both('b', 'b/below')
    await setAcl(other, 'b/below', HIDDEN)
    await done(other, 'delete', { path: `${room}/b/below` })
    await both('b')
  })

  it('end the view soon where they are its own and another client has hidden them', async () => {
    const { children, subtree } = await show(await gateway(SOON_MS))
    await setAcl(other, '', HIDDEN)
    for (const view of [children, subtree]) expect(await view.ended()).toMatchObject({ code: 'NO_AUTH' })
    await setAcl(other, '', SHOWN)
  })
}
