import { afterAll, beforeAll, expect, it } from 'vitest'
import { RoomPage } from '../../tools/end-to-end/room-page.js'
import { endRuns, type Run, serveProcess, webSocketOf } from '../../tools/gateway/gateway-process.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { Kazoo } from '../../tools/zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const ROOM = '/room'
const SESSION_TIMEOUT_MS = 30_000
/** A page that reads nothing still speaks, so that its silence does not end it. */
const SPEAKS_EVERY_MS = 2_000
/**
 * What is told while the slow page does not read. The kernel takes up to 10 MB of it (4 to be sent, 6 to be read), so
 * this has to be several times as much.
 */
const TOLD_BYTES = 60_000_000
const MEMBER_BYTES = 100_000
/** What the slow page is given of it: the kernel's share, and the gateway's own. */
const MOST_GIVEN_BYTES = 15_000_000
/** Told before, to everybody: garbage has then made the heap as large as it gets. */
const WARM_UP_BYTES = TOLD_BYTES / 2
/** A gateway that kept everything would grow by all that it told. */
const MOST_GROWTH_BYTES = TOLD_BYTES / 3
const UP_TO_DATE_WITHIN_MS = 1_000

describeWith('zookeeper', 'kazoo')('a page that stops reading', () => {
  let ensemble: RealEnsemble
  let gateway: Run
  beforeAll(async () => {
    ensemble = await realEnsemble(1, { tickTimeMs: 2_000 })
    const kazoo = await Kazoo.connect(ensemble.connectString)
    await kazoo.create(ROOM)
    await kazoo.close()
    gateway = serveProcess(ensemble.connectString, {
      ZOOGATE_LOG_LEVEL: 'error',
      // The member changes as fast as it can, where the usual rate would make this take a minute.
      ZOOGATE_MAX_BYTES_PER_SECOND: '1000000000',
    })
  })
  afterAll(async () => {
    await endRuns()
    await ensemble.close()
  })

  it('costs the gateway a bounded amount, and is up to date as soon as it reads again', async () => {
    const url = webSocketOf(await gateway.listening())
    const open = (name: string) => RoomPage.open(url, { name, room: ROOM, timeoutMs: SESSION_TIMEOUT_MS })
    const [member, quick, slow] = (await Promise.all(['member', 'quick', 'slow'].map(open))) as [
      RoomPage,
      RoomPage,
      RoomPage,
    ]
    const dataOf = (change: number) => `${change} `.padEnd(MEMBER_BYTES, '.')
    await member.join(dataOf(0))
    await waitUntil('both see the member', () => quick.nodes.size === 1 && slow.nodes.size === 1)

    let change = 0
    /** Changes the member until so much has been told of it; gives the gateway's largest size meanwhile. */
    const tell = async (bytes: number) => {
      const before = quick.received
      let most = 0
      while (quick.received - before < bytes) {
        change++
        await member.update(dataOf(change))
        most = Math.max(most, gateway.residentBytes())
      }
      return most
    }
    const isUpToDate = ({ nodes }: RoomPage) => nodes.get('member')?.[0] === dataOf(change)

    const before = await tell(WARM_UP_BYTES)
    await waitUntil('both pages are up to date', () => isUpToDate(quick) && isUpToDate(slow))
    slow.pause()
    const speaking = setInterval(() => slow.speak(), SPEAKS_EVERY_MS)
    const given = { quick: quick.received, slow: slow.received }
    const most = await tell(TOLD_BYTES)
    await waitUntil('the quick page is up to date', () => isUpToDate(quick))
    expect(await slowPages(url)).toBe(1)

    const readsAgain = performance.now()
    slow.unpause()
    await waitUntil('the slow page is up to date', () => isUpToDate(slow), {
      timeoutMs: UP_TO_DATE_WITHIN_MS,
      intervalMs: 5,
    })
    const lateMs = performance.now() - readsAgain
    clearInterval(speaking)
    const took = { quick: quick.received - given.quick, slow: slow.received - given.slow }
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
    console.log(
      `${change} changes, ${megabytes(took.quick)}: a page that read none of it was given ${megabytes(took.slow)} ` +
        `and was up to date ${Math.round(lateMs)} ms after it read again; the gateway grew by ${megabytes(most - before)}`,
    )
    expect(await slowPages(url)).toBe(0)
    expect(took.slow).toBeLessThan(MOST_GIVEN_BYTES)
    expect(most - before).toBeLessThan(MOST_GROWTH_BYTES)
    expect([...member.complaints, ...quick.complaints, ...slow.complaints]).toEqual([])
    await Promise.all([member, quick, slow].map((page) => page.close()))
  })
})

/** How many pages the gateway holds to be slow. */
async function slowPages(url: string): Promise<number> {
  const metrics = await (await fetch(new URL('/metrics', url.replace('ws', 'http')))).text()
  return Number(/^zoogate_view_slow_subscribers (\d+)$/m.exec(metrics)?.[1])
}
