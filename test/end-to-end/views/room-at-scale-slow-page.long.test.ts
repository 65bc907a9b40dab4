import { afterAll, beforeAll, expect, it } from 'vitest'
import { RoomPage } from '../../tools/end-to-end/room-page.js'
import { endRuns, type Run, serveProcess, webSocketOf } from '../../tools/gateway/gateway-process.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { Kazoo } from '../../tools/zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const ROOM = '/room'
const SESSION_TIMEOUT_MS = 30_000
/** The page that does not read still sends, so that its silence does not end it. */
const SENDS_EVERY_MS = 2_000
/**
 * Bytes of deltas while the slow page does not read. The kernel buffers up to 10 MB of them (4 to send, 6 to read), so this
 * has to be several times that.
 */
const DELTA_BYTES = 60_000_000
const MEMBER_BYTES = 100_000
/** The share that may be sent to the slow page: the buffers of the kernel and of the gateway. */
const MAX_SENT_BYTES = 15_000_000
/** Deltas to all pages before the measurement: garbage has then made the heap as large as it gets. */
const WARM_UP_BYTES = DELTA_BYTES / 2
/** A gateway that kept every delta would grow by all of them. */
const MAX_GROWTH_BYTES = DELTA_BYTES / 3

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
      // At the default rate the changes would take a minute.
      ZOOGATE_MAX_BYTES_PER_SECOND: '1000000000',
    })
  })
  afterAll(async () => {
    await endRuns()
    await ensemble.close()
  })

  it('costs the gateway bounded memory, and is up to date as soon as it reads again', async () => {
    const url = webSocketOf(await gateway.listening())
    const open = (name: string) => RoomPage.open(url, { name, room: ROOM, timeoutMs: SESSION_TIMEOUT_MS })
    const [member, quick, slow] = (await Promise.all(['member', 'quick', 'slow'].map(open))) as [
      RoomPage,
      RoomPage,
      RoomPage,
    ]
    const dataOf = (count: number) => `${count} `.padEnd(MEMBER_BYTES, '.')
    await member.join(dataOf(0))
    await waitUntil('both see the member', () => quick.nodes.size === 1 && slow.nodes.size === 1)

    let changes = 0
    /** Changes the member until its deltas have this size. @returns the gateway's largest size meanwhile */
    const change = async (bytes: number) => {
      const before = quick.received
      let most = 0
      while (quick.received - before < bytes) {
        changes++
        await member.update(dataOf(changes))
        most = Math.max(most, gateway.residentBytes())
      }
      return most
    }
    const isUpToDate = ({ nodes }: RoomPage) => nodes.get('member')?.[0] === dataOf(changes)

    const before = await change(WARM_UP_BYTES)
    await waitUntil('both pages are up to date', () => isUpToDate(quick) && isUpToDate(slow))
    slow.pause()
    const sending = setInterval(() => slow.speak(), SENDS_EVERY_MS)
    const sentBefore = { quick: quick.received, slow: slow.received }
    const most = await change(DELTA_BYTES)
    await waitUntil('the quick page is up to date', () => isUpToDate(quick))
    expect(await slowPages(url)).toBe(1)

    const readsAgain = performance.now()
    slow.unpause()
    await waitUntil('the slow page is up to date', () => isUpToDate(slow), {
      timeoutMs: 30_000,
      intervalMs: 5,
    })
    const lateMs = performance.now() - readsAgain
    clearInterval(sending)
    const took = { quick: quick.received - sentBefore.quick, slow: slow.received - sentBefore.slow }
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
    console.log(
      `${changes} changes, ${megabytes(took.quick)}: the page that did not read was sent ${megabytes(took.slow)} ` +
        `and was up to date ${Math.round(lateMs)} ms after it read again; the gateway grew by ${megabytes(most - before)}`,
    )
    expect(await slowPages(url)).toBe(0)
    expect(took.slow).toBeLessThan(MAX_SENT_BYTES)
    expect(most - before).toBeLessThan(MAX_GROWTH_BYTES)
    expect([...member.complaints, ...quick.complaints, ...slow.complaints]).toEqual([])
    await Promise.all([member, quick, slow].map((page) => page.close()))
  })
})

/** The gateway's count of slow pages. */
async function slowPages(url: string): Promise<number> {
  const metrics = await (await fetch(new URL('/metrics', url.replace('ws', 'http')))).text()
  return Number(/^zoogate_view_slow_subscribers (\d+)$/m.exec(metrics)?.[1])
}
