import { afterAll, beforeAll, expect, it } from 'vitest'
import WebSocket from 'ws'
import { type Client, createClient } from 'zoogate-client'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { withPageLock } from '../../tools/gateway/page-lock.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { Kazoo } from '../../tools/zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const PAGES = 4
const KAZOOS = 2
const TURNS = 10

describeWith('zookeeper', 'kazoo')('pages and kazoo on the same nodes', () => {
  let ensemble: RealEnsemble
  let kazoos: Kazoo[]
  let pages: Client[]
  beforeAll(async () => {
    ensemble = await realEnsemble(1)
    const { url } = await startGateway(ensemble.connectString)
    kazoos = await Promise.all(Array.from({ length: KAZOOS }, () => Kazoo.connect(ensemble.connectString)))
    pages = Array.from({ length: PAGES }, (_, at) =>
      createClient({ url, getToken: () => token(`page-${at}`), WebSocket }),
    )
    await Promise.all(pages.map((page) => page.connect()))
  })
  afterAll(async () => {
    await Promise.all(pages.map((page) => page.close()))
    await Promise.all(kazoos.map((kazoo) => kazoo.close()))
    await closeGateways()
    await ensemble.close()
  })

  it('exclude each other with one lock', async () => {
    const [first] = kazoos as [Kazoo]
    await first.ensurePath('/shared-lock')
    await first.create('/counter', '0')
    const count = async (page: Client) => {
      const value = Number((await page.getData('/counter')).text())
      await page.setData('/counter', String(value + 1))
    }
    await Promise.all([
      ...kazoos.map((kazoo) => kazoo.countUnderLock('/shared-lock', '/counter', TURNS)),
      ...pages.map(async (page) => {
        for (let turn = 0; turn < TURNS; turn += 1) {
          await withPageLock(page, '/shared-lock', () => count(page))
        }
      }),
    ])
    // Any two at once would have lost a count.
    expect((await first.get('/counter')).text).toBe(String((PAGES + KAZOOS) * TURNS))
    expect(await first.getChildren('/shared-lock')).toEqual([])
  })

  it('are members of one party', async () => {
    const [kazoo] = kazoos as [Kazoo]
    const [page, other] = pages as [Client, Client]
    await kazoo.joinParty('/party', 'kazoo')
    const seen: string[][] = []
    const read = (child: string) =>
      page.getData(`/party/${child}`).then(
        (node) => [node.text()],
        // The member has left meanwhile; its leaving causes the next look.
        () => [],
      )
    const look = async () => {
      const { children } = await page.getChildren('/party', { watch: () => void look() })
      seen.push((await Promise.all(children.map(read))).flat())
    }
    await look()
    const own = await page.create('/party/page__party__', 'page', { mode: 'ephemeral' })
    await other.create('/party/other__party__', 'other', { mode: 'ephemeral' })
    await waitUntil(
      'kazoo sees all three',
      async () => (await kazoo.party('/party')).join() === 'kazoo,other,page',
    )
    await waitUntil('the page sees all three', () => seen.at(-1)?.sort().join() === 'kazoo,other,page')
    await page.delete(own.path)
    await kazoo.leaveParty('/party')
    await waitUntil('kazoo sees the last', async () => (await kazoo.party('/party')).join() === 'other')
    await waitUntil('the page sees the last', () => seen.at(-1)?.join() === 'other')
  })
})
