import { afterAll, expect, it } from 'vitest'
import { startDevEnsemble } from 'zoogate/dev-ensemble'
import type { Reply, Results } from 'zoogate-client/protocol'
import type { ViewSpec } from '../../../../server/src/views/shared-view.js'
import { closeGateways, startGateway, token } from '../../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../../tools/gateway/raw-page.js'
import { seededRandom } from '../../../tools/seeded-random.js'
import { FakePage, startViews } from '../../../tools/server/fake-page.js'
import { ViewedMap } from '../../../tools/server/viewed-map.js'
import { waitUntil } from '../../../tools/wait-until.js'

const ROUNDS = 160
/** After this number of rounds everything comes to rest and is compared. */
const QUIET_EVERY = 8
const MOST_PAGES = 12
const ROOT = '/m'
const NAMES = ['a', 'b', 'c', '__proto__']

afterAll(closeGateways)

/** By path, the fields that a page must have: data or its length, czxid, mzxid, version, and whether the node is ephemeral. */
type Model = Map<string, string>

it.each([
  ['lasting watches', 1, true],
  ['lasting watches', 2, true],
  ['one-shot watches', 3, false],
])(
  'every page shows ZooKeeper’s own tree at each quiet point, with %s (seed %i)',
  async (_, seed, persistentWatches) => {
    const random = seededRandom(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    const ensemble = await startDevEnsemble({ servers: 3, persistentWatches })
    const { url } = await startGateway(ensemble.connectString)
    const writer = await RawPage.connect(url, { token: token() })
    const own = (await writer.session()).id
    const gateways = [startViews(ensemble.connectString), startViews(ensemble.connectString)]
    const pages = new Set<FakePage>()
    /** The states of pages that have left, for pages that come back. */
    const left: { spec: ViewSpec; map: ViewedMap }[] = []
    let lastCall = 0

    const path = () =>
      [ROOT, ...Array.from({ length: Math.floor(random() * 4) }, () => pick(NAMES))].join('/')
    const change = () => {
      const where = path()
      const kind = random()
      if (kind < 0.5) {
        const mode = random() < 0.3 ? 'ephemeral' : 'persistent'
        lastCall = writer.start('create', { path: where, data: `${lastCall}`, mode })
      } else if (kind < 0.7) lastCall = writer.start('setData', { path: where, data: `set ${lastCall}` })
      else lastCall = writer.start('delete', { path: where })
    }
    const spec = (): ViewSpec => ({
      path: path(),
      depth: random() < 0.5 ? 'children' : 'subtree',
      data: random() < 0.5,
    })
    const viewSessions = () => ensemble.sessions().filter((id) => id !== own)
    const open = (gateway: number, spec: ViewSpec, had?: ViewedMap) => {
      const page = new FakePage(pick(gateways.slice(gateway, gateway + 1)), spec, had)
      pages.add(page)
      // Between two messages it is hardest to name the state of a page.
      page.onMessage = () => {
        if (page.isStale || random() < 0.5) return
        const map = new ViewedMap()
        map.takeOver(page.map)
        left.push({ spec, map })
        if (pages.size < MOST_PAGES && random() < 0.5) setImmediate(() => open(1 - gateway, spec, map))
      }
    }
    const disturb = () => {
      const kind = random()
      const page = pick([...pages])
      const session = pick(viewSessions())
      if (pages.size < MOST_PAGES && kind < 0.3) open(Math.floor(random() * 2), spec())
      else if (left.length > 0 && kind < 0.4) {
        const { spec, map } = pick(left)
        open(Math.floor(random() * 2), spec, map)
      } else if (page && kind < 0.65) {
        page.leave()
        pages.delete(page)
      } else if (page && kind < 0.75) page.stall()
      else if (page && kind < 0.82) page.drain()
      else if (session && kind < 0.92) ensemble.delayAnswers(random() < 0.3 ? 0 : random() * 8, { session })
      else if (session && kind < 0.97) ensemble.cutLinks({ session })
      else if (session) ensemble.expireSession(session)
    }

    for (let round = 1; round <= ROUNDS; round += 1) {
      for (let changes = Math.floor(random() * 15); changes > 0; changes -= 1) change()
      disturb()
      if (random() < 0.5) await writer.answer(lastCall || writer.start('sync', { path: '/' }))
      if (round % QUIET_EVERY !== 0) continue
      for (const page of pages) page.drain()
      const model = await readTree(writer)
      for (const page of pages) {
        const wanted = partOf(model, page.spec)
        await waitUntil('the page has caught up', () => !page.isStale && same(seen(page), wanted), {
          intervalMs: 1,
          timeoutMs: 5000,
        }).catch(() => {
          expect(Object.fromEntries(seen(page)), `round ${round} ${JSON.stringify(page.spec)}`).toEqual(
            Object.fromEntries(wanted),
          )
          expect(page.isStale).toBe(false)
        })
      }
    }
    for (const page of pages) page.leave()
    await Promise.all(gateways.map(({ views }) => views.closed()))
    await closeGateways()
    await ensemble.close()
  },
  60_000,
)

function same(one: Model, other: Model): boolean {
  return one.size === other.size && [...one].every(([path, text]) => other.get(path) === text)
}

function seen({ map }: FakePage): Model {
  return new Map(
    [...map.nodes].map(([path, [data, owner, czxid, , mzxid = czxid, , version = 0]]) => [
      path,
      JSON.stringify([data, czxid, mzxid, version, owner !== null]),
    ]),
  )
}

type Read = Results['getData']

async function readTree(page: RawPage): Promise<Map<string, Read>> {
  const nodes = new Map<string, Read>()
  const walk = async (path: string): Promise<void> => {
    const [data, list] = await Promise.all([
      page.call('getData', { path }),
      page.call('getChildren', { path }),
    ])
    if (data.type === 'error' || list.type === 'error') return
    nodes.set(path, data.result as Read)
    const { children } = (list as Reply).result as Results['getChildren']
    await Promise.all(children.map((name) => walk(`${path}/${name}`)))
  }
  await walk(ROOT)
  return nodes
}

function partOf(tree: Map<string, Read>, { path, depth, data: withData }: ViewSpec): Model {
  const part: Model = new Map()
  for (const [full, { data, stat }] of tree) {
    if (full !== path && !full.startsWith(`${path}/`)) continue
    const below = full.slice(path.length + 1)
    if (depth === 'children' && (below === '' || below.includes('/'))) continue
    const { czxid, mzxid, version, owner, dataLength } = stat
    part.set(below, JSON.stringify([withData ? data : dataLength, czxid, mzxid, version, owner !== null]))
  }
  return part
}
