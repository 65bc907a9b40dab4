import { afterAll, beforeAll, expect, it } from 'vitest'
import { RoomPage } from '../../tools/end-to-end/room-page.js'
import {
  CROWD_FROM_ONE_ADDRESS,
  endRuns,
  type Run,
  serveProcess,
  webSocketOf,
} from '../../tools/gateway/gateway-process.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { freePorts } from '../../tools/zookeeper/free-ports.js'
import { Kazoo } from '../../tools/zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const MEMBERS = 2_000
const ROOM = '/room'
/** The longest that servers with a tick of 2 s give, so that no session expires here. */
const SESSION_TIMEOUT_MS = 40_000
/** Connections that are opened at a time: the size of a listen backlog. */
const OPENING = 100

const JOINING_MS = 2_000
const JOINS_AT_A_TIME = 20
/** From the last acknowledgement until the last list is complete: twice the time that two cores need. */
const MOST_CONVERGENCE_MS = 5_000
/** Factor on the bytes of the complete list, for everything else in the messages, such as their zxids. */
const MOST_OVERHEAD = 1.5
/** A session message, a ping, and a view that says that nothing has changed. */
const MOST_BYTES_TO_RESUME = 2_000

const names = Array.from({ length: MEMBERS }, (_, index) => `member-${String(index).padStart(4, '0')}`)

describeWith('zookeeper', 'kazoo')(`a room of ${MEMBERS} members`, () => {
  let ensemble: RealEnsemble
  let kazoo: Kazoo
  let gateway: Run
  let url: string
  const pages: RoomPage[] = []

  const startGateway = async (port: number) => {
    gateway = serveProcess(ensemble.connectString, {
      ...CROWD_FROM_ONE_ADDRESS,
      ZOOGATE_PORT: String(port),
      ZOOGATE_LOG_LEVEL: 'error',
    })
    url = webSocketOf(await gateway.listening())
  }
  const open = (name: string, room = ROOM) =>
    RoomPage.open(url, { name, room, timeoutMs: SESSION_TIMEOUT_MS })
  const complaints = () => pages.flatMap((page) => page.complaints)
  /** Waits until the list of every page is right, node by node; pages with the same messages share a list. */
  const allShow = (data: (name: string) => string) => {
    const expected = names.map((name) => [name, data(name)] as const)
    const isRight = (nodes: RoomPage['nodes']) =>
      nodes.size === MEMBERS && expected.every(([name, text]) => nodes.get(name)?.[0] === text)
    const allAreRight = () => [...new Set(pages.map(({ nodes }) => nodes))].every(isRight)
    return waitUntil('all pages show the room', allAreRight, { timeoutMs: MOST_CONVERGENCE_MS })
  }

  beforeAll(async () => {
    ensemble = await realEnsemble(1, { tickTimeMs: 2_000, jvmHeapMb: 512 })
    kazoo = await Kazoo.connect(ensemble.connectString, { timeoutMs: SESSION_TIMEOUT_MS })
    await kazoo.create(ROOM)
    const [port] = (await freePorts(1)) as [number]
    await startGateway(port)
    while (pages.length < MEMBERS) {
      pages.push(
        ...(await Promise.all(names.slice(pages.length, pages.length + OPENING).map((name) => open(name)))),
      )
    }
  })
  afterAll(async () => {
    await endRuns()
    await kazoo.close()
    await ensemble.close()
  })

  it('looks the same to all members soon after they have joined in one rush', async () => {
    const before = pages.map(({ received }) => received)
    const joins: Promise<void>[] = []
    const start = performance.now()
    while (joins.length < MEMBERS) {
      const due = (joins.length / MEMBERS) * JOINING_MS
      await waitUntil('it is time for the next', () => performance.now() - start >= due, { intervalMs: 1 })
      const next = joins.length
      for (const [index, page] of pages.slice(next, next + JOINS_AT_A_TIME).entries()) {
        joins.push(page.join(JSON.stringify({ name: names[next + index] })))
      }
    }
    const issuedMs = performance.now() - start
    await Promise.all(joins)
    const joined = performance.now()
    expect(await kazoo.getChildren(ROOM)).toEqual(names)

    await allShow((name) => JSON.stringify({ name }))
    const convergenceMs = performance.now() - joined
    const bytes = pages.reduce((sum, { received }, index) => sum + received - (before[index] as number), 0)
    const late = await open('late')
    await late.close()
    const perPage = bytes / MEMBERS
    console.log(
      `${MEMBERS} joins within ${Math.round(issuedMs)} ms, all answered after ${Math.round(joined - start)} ms: ` +
        `all lists complete ${Math.round(convergenceMs)} ms later, ${Math.round(perPage / 1024)} KiB a page ` +
        `(the whole list is ${Math.round(late.received / 1024)} KiB)`,
    )
    expect(perPage).toBeLessThan(MOST_OVERHEAD * late.received)
    expect(complaints()).toEqual([])
    expect(pages.flatMap(({ departed }) => departed)).toEqual([])
  })

  it('loses no member, on any page and in ZooKeeper, when the gateway is killed', async () => {
    const listed: string[][] = []
    await kazoo.watchChildren(ROOM, (children) => listed.push(children))
    const sessions = pages.map(({ session }) => session.id)
    const before = pages.map(({ received }) => received)

    const { port } = new URL(url)
    await gateway.kill()
    await startGateway(Number(port))
    await Promise.all(pages.map((page) => page.resume()))
    expect(pages.map(({ session }) => session.id)).toEqual(sessions)
    expect(pages.filter(({ session }) => !session.resumed)).toEqual([])
    const bytes = Math.max(...pages.map(({ received }, index) => received - (before[index] as number)))
    expect(bytes).toBeLessThan(MOST_BYTES_TO_RESUME)

    // The views follow changes again, and each page may change its member.
    const some = new Set(names.filter((_, index) => index % 100 === 0))
    const changed = (name: string) =>
      JSON.stringify(some.has(name) ? { name, at: 'the new gateway' } : { name })
    const updates = pages.map((page, index) => [page, names[index] as string] as const)
    await Promise.all(updates.map(([page, name]) => some.has(name) && page.update(changed(name))))
    await allShow(changed)
    expect(complaints()).toEqual([])
    expect(pages.flatMap(({ departed }) => departed)).toEqual([])
    expect(listed.filter((children) => children.length !== MEMBERS)).toEqual([])
    expect(listed.length).toBeGreaterThan(0)
  })
})
