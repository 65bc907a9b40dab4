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
/** Longer than a test: a change that arrives in it has not waited for a check. */
const NEVER_MS = 600_000
const SOON_MS = 300

describe('a view with hidden nodes on the ensemble in memory', () => testsOfHiding(() => startDevEnsemble()))
describeWith('zookeeper')('a view with hidden nodes on Apache ZooKeeper', () =>
  testsOfHiding(() => realEnsemble(3)),
)

function testsOfHiding(start: () => Promise<{ connectString: string; close(): Promise<void> }>) {
  let ensemble: Awaited<ReturnType<typeof start>>
  beforeAll(async () => {
    ensemble = await start()
  }, 60_000)
  afterAll(() => ensemble.close())
  let room: string
  let rooms = 0
  /** On another gateway than the views, so that it stands for any client. */
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

  it('a view loses a node at once that a page of the same gateway hides, and gets it back at once', async () => {
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

  it('a view is ended at once when a page of the same gateway hides its own node', async () => {
    const url = await gateway(NEVER_MS)
    const { children, subtree } = await show(url)
    await setAcl(await connect(url), '', HIDDEN)
    for (const view of [children, subtree]) expect(await view.ended()).toMatchObject({ code: 'NO_AUTH' })
    await setAcl(other, '', SHOWN)
  })

  it('a view keeps no ghost of a page that has hidden its node and left', async () => {
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

  it('a view loses a node soon that another client hides, and gets it back soon with the nodes below it', async () => {
    const { both } = await show(await gateway(SOON_MS))
    await setAcl(other, 'b', HIDDEN)
    await both('a')
    await setAcl(other, 'b', SHOWN)
    await both('a', 'b', 'b/below')
  })

  it('a view loses a node soon that another client hides and deletes, although no event tells of it', async () => {
    const url = await gateway(SOON_MS)
    const { both } = await show(url)
    await setAcl(other, 'a', HIDDEN)
    await done(other, 'delete', { path: `${room}/a` })
    await both('b', 'b/below')
    await setAcl(other, 'b/below', HIDDEN)
    await done(other, 'delete', { path: `${room}/b/below` })
    await both('b')
  })

  it('a view is ended soon when another client hides its own node', async () => {
    const { children, subtree } = await show(await gateway(SOON_MS))
    await setAcl(other, '', HIDDEN)
    for (const view of [children, subtree]) expect(await view.ended()).toMatchObject({ code: 'NO_AUTH' })
    await setAcl(other, '', SHOWN)
  })
}
