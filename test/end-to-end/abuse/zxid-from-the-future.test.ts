import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const FUTURE = '0x7fffffffffffffff'

describeWith('zookeeper')('a resume with a zxid that no server has seen', () => {
  let ensemble: RealEnsemble
  beforeAll(async () => {
    ensemble = await realEnsemble(3, { tickTimeMs: 500 })
  })
  afterAll(() => ensemble.close())
  afterEach(closeGateways)

  it('is refused, and a crowd of them keeps no other page from attaching', async () => {
    const { url, http } = await startGateway(ensemble.connectString, { limits: { attachConcurrency: 4 } })
    const honest = await RawPage.connect(url, { token: token('grace'), timeoutMs: 10_000 })
    await honest.call('create', { path: '/honest', mode: 'ephemeral' })
    const resume = await honest.resume()
    const pages = await Promise.all(
      Array.from({ length: 30 }, () => RawPage.connect(url, { token: token('mallory'), timeoutMs: 10_000 })),
    )
    const tokens = await Promise.all(pages.map(async (page) => (await page.resume()).token))
    for (const page of pages) page.cut()
    const liars = await Promise.all(
      tokens.map(async (resumeToken) => {
        const liar = await RawPage.open(url)
        const watches = { data: [], exist: [], child: [] }
        liar.hello({ token: token('mallory'), resume: { token: resumeToken, zxid: FUTURE, watches } })
        return liar
      }),
    )
    honest.cut()
    const back = await RawPage.connect(url, { token: token('grace'), timeoutMs: 10_000, resume })
    expect(await back.session()).toMatchObject({ resumed: true })
    await RawPage.connect(url, { token: token('new'), timeoutMs: 10_000 })
    for (const liar of liars) expect(await liar.closed()).toBe(CLOSE_CODES.RESUME_REFUSED)
    const metrics = await (await fetch(`${http}/metrics`)).text()
    expect(metrics).not.toContain('links_lost_total{cause="refused_at_handshake"}')
  })

  it('costs no session of a page that has seen more than a lagging server, on a gateway that has seen nothing', async () => {
    const one = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(one.url, { token: token(), timeoutMs: 10_000 })
    for (let at = 0; at < 20; at++) await page.call('create', { path: `/seen-${at}` })
    const { id } = await page.session()
    const resume = await page.resume()
    page.cut()
    const two = await startGateway(ensemble.connectString)
    const back = await RawPage.connect(two.url, { token: token(), timeoutMs: 10_000, resume })
    const session = await back.session()
    expect(session).toMatchObject({ id, resumed: true })
    expect(BigInt(session.zxid)).toBeGreaterThanOrEqual(BigInt(resume.zxid))
    expect(await back.call('exists', { path: '/seen-19' })).toMatchObject({
      result: { stat: { version: 0 } },
    })
  })
})
