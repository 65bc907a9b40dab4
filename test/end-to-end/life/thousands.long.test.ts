import { afterAll, beforeAll, expect, it } from 'vitest'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import { token } from '../../tools/gateway/gateway-fixture.js'
import {
  CROWD_FROM_ONE_ADDRESS,
  endRuns,
  serveProcess,
  webSocketOf,
} from '../../tools/gateway/gateway-process.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const SESSIONS = 2_000
const TIMEOUT_MS = 10_000
/** Two descriptors, the buffers of both sockets and the objects of a session; a leak would show as much more. */
const MOST_BYTES_PER_SESSION = 100 * 1024

describeWith('zookeeper')('one gateway process', () => {
  let ensemble: RealEnsemble
  beforeAll(async () => {
    ensemble = await realEnsemble(1)
  })
  afterAll(async () => {
    await endRuns()
    await ensemble.close()
  })

  it(`opens ${SESSIONS} sessions, holds them for two timeouts and closes them`, async () => {
    const gateway = serveProcess(ensemble.connectString, CROWD_FROM_ONE_ADDRESS)
    const url = webSocketOf(await gateway.listening())
    const warm = await RawPage.connect(url, { token: token('warm') })
    warm.send({ type: 'close' })
    await warm.closed()
    const bare = gateway.residentBytes()

    const from = performance.now()
    const pages = await Promise.all(
      Array.from({ length: SESSIONS }, (_, at) =>
        RawPage.connect(url, { token: token(`visitor-${at}`), timeoutMs: TIMEOUT_MS }),
      ),
    )
    const seconds = (performance.now() - from) / 1000
    const ids = await Promise.all(pages.map(async (page) => (await page.session()).id))
    expect(new Set(ids).size).toBe(SESSIONS)

    const held = performance.now()
    await waitUntil('two timeouts have passed', () => performance.now() - held > 2 * TIMEOUT_MS, {
      timeoutMs: 4 * TIMEOUT_MS,
    })
    expect(pages.filter(({ closedWith }) => closedWith !== null)).toEqual([])
    const alive = await ensemble.sessions()
    expect(ids.filter((id) => !alive.has(id))).toEqual([])
    const perSession = (gateway.residentBytes() - bare) / SESSIONS

    for (const page of pages) page.send({ type: 'close' })
    const codes = await Promise.all(pages.map((page) => page.closed(30_000)))
    expect(new Set(codes)).toEqual(new Set([CLOSE_CODES.CLOSED]))
    await ensemble.waitForSessionEnd()
    console.log(
      `${SESSIONS} sessions: ${Math.round(SESSIONS / seconds)} connects/s, ${Math.round(perSession / 1024)} KiB a session`,
    )
    expect(perSession).toBeLessThan(MOST_BYTES_PER_SESSION)
  })
})
