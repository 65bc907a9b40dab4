import { afterAll, beforeAll, expect, it } from 'vitest'
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

describeWith('zookeeper')('the death of the leader of three servers', () => {
  let ensemble: RealEnsemble
  beforeAll(async () => {
    ensemble = await realEnsemble(3)
  })
  afterAll(async () => {
    await endRuns()
    await ensemble.close()
  })

  it(`costs none of ${SESSIONS} sessions`, async () => {
    const gateway = serveProcess(ensemble.connectString, CROWD_FROM_ONE_ADDRESS)
    const url = webSocketOf(await gateway.listening())
    const pages = await Promise.all(
      Array.from({ length: SESSIONS }, (_, at) =>
        RawPage.connect(url, { token: token(`visitor-${at}`), timeoutMs: TIMEOUT_MS }),
      ),
    )
    const ids = await Promise.all(pages.map(async (page) => (await page.session()).id))
    const from = performance.now()
    await ensemble.kill(await ensemble.leader())

    // A leader's end closes every link: each page is told, and told again when it is back.
    const attached = (page: RawPage) => page.messages.filter(({ type }) => type === 'session').length
    await waitUntil('every page is back', () => pages.every((page) => attached(page) >= 2), {
      timeoutMs: 30_000,
      intervalMs: 20,
    })
    const seconds = (performance.now() - from) / 1000
    const again = await Promise.all(pages.map(async (page) => (await page.session()).id))
    expect(again).toEqual(ids)
    expect(pages.filter(({ closedWith }) => closedWith !== null)).toEqual([])
    const alive = await ensemble.sessions()
    expect(ids.filter((id) => !alive.has(id))).toEqual([])
    console.log(`${SESSIONS} sessions back ${seconds.toFixed(1)} s after their leader was killed`)
    for (const page of pages) page.cut()
  }, 120_000)
})
