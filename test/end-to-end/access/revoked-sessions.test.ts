import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { metric } from '../../tools/gateway/gateway-metrics.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const options = { adminToken: 'the token of an administrator, long enough' }
/** No test lasts so long: a session that is gone was closed. */
const TIMEOUT_MS = 120_000

describeWith('zookeeper')('the sessions of a subject whose tokens are revoked', () => {
  let ensemble: RealEnsemble
  beforeAll(async () => {
    ensemble = await realEnsemble(3, { tickTimeMs: 1000, extraConfig: { maxSessionTimeout: TIMEOUT_MS } })
  })
  afterAll(() => ensemble.close())
  afterEach(closeGateways)

  const issued = (sub: string, secondsAgo: number) =>
    token(sub, { iat: Math.floor(Date.now() / 1000) - secondsAgo })

  /** Repeats a refused hello until the gateway has read its list. */
  const connect = (url: string, hello: Parameters<RawPage['hello']>[0]) =>
    waitUntil('the page is let in', async () => {
      const page = await RawPage.open(url)
      page.hello({ timeoutMs: TIMEOUT_MS, ...hello })
      const first = await page.next(({ type }) => type === 'session' || type === 'closed')
      if (first.type === 'closed') expect(first.code).toBe(CLOSE_CODES.UNVERIFIED)
      return first.type === 'session' ? page : null
    })

  it('are closed at once where the page has just left, unlike the sessions of other subjects', async () => {
    const { url, http, gateway } = await startGateway(ensemble.connectString, {
      ...options,
      lingerMs: 60_000,
    })
    const ada = await connect(url, { token: issued('ada', 60) })
    const grace = await connect(url, { token: issued('grace', 60) })
    const ids = [(await ada.session()).id, (await grace.session()).id]
    for (const page of [ada, grace]) {
      page.goAway()
      await once(page.socket, 'close')
    }
    expect(await metric(http, 'zoogate_sessions')).toBe(2)
    expect(await gateway.revoke({ subject: 'ada' })).toMatchObject({ ended: 0 })
    await ensemble.waitForSessionEnd(ids[0])
    expect(await ensemble.sessions()).toContain(ids[1])
    expect(await metric(http, 'zoogate_sessions')).toBe(1)
  })

  it('stay open where they have moved to another gateway without the knowledge of the gateway that revokes', async () => {
    const one = await startGateway(ensemble.address(0), options)
    // Without the administrator's token it has no revocations, so that the page may stay there.
    const two = await startGateway(ensemble.address(1))
    const page = await connect(one.url, { token: issued('eve', 60) })
    const { id } = await page.session()
    const resume = await page.resume()
    const moved = await connect(two.url, { token: issued('eve', 60), resume })
    // Its link to another server goes on reading, so that the first gateway does not know.
    expect(await page.call('exists', { path: '/' })).toMatchObject({ type: 'reply' })
    await one.gateway.revoke({ subject: 'eve' })
    expect(await page.closed()).toBe(CLOSE_CODES.TOKEN_INVALID)
    await waitUntil(
      'it has detached the session',
      async () => (await metric(one.http, 'zoogate_sessions')) === 0,
    )
    expect(await ensemble.sessions()).toContain(id)
    expect(await moved.call('create', { path: '/eve', mode: 'ephemeral' })).toMatchObject({ type: 'reply' })
  })
})
