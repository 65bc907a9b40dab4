import { afterEach, expect, it, vi } from 'vitest'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

describeWith('zookeeper')('a gateway whose last server has lost its quorum', () => {
  let ensemble: RealEnsemble
  afterEach(async () => {
    await closeGateways()
    await ensemble?.close()
    vi.unstubAllEnvs()
  })

  it('serves reads where it is allowed to, says so, and goes back to a full server', async () => {
    // A property of the Java process, for which there is no line in a configuration. Without local sessions a
    // read-only server opens none.
    vi.stubEnv('JAVA_TOOL_OPTIONS', '-Dreadonlymode.enabled=true')
    ensemble = await realEnsemble(3, { extraConfig: { localSessionsEnabled: 'true' } })
    const { url } = await startGateway(ensemble.address(0), { readOnly: true })
    const full = await RawPage.connect(url, { token: token() })
    expect(await full.session()).not.toHaveProperty('readOnly')
    await Promise.all([ensemble.kill(1), ensemble.kill(2)])
    await waitUntil(
      'the last one is read-only',
      async () => (await ensemble.ask(0, 'isro').catch(() => '')) === 'ro',
    )

    const page = await RawPage.connect(url, { token: token() })
    expect(await page.session()).toMatchObject({ readOnly: true, resumed: false })
    expect(await page.call('exists', { path: '/' })).toMatchObject({ type: 'reply' })
    expect(await page.call('create', { path: '/no' })).toMatchObject({
      error: { code: 'NOT_READ_ONLY', outcome: 'not_executed' },
    })
    await Promise.all([ensemble.start(1), ensemble.start(2)])
    // Its session was that one server's own: a full server does not know it, and a page that renews opens another.
    expect(await page.closed(30_000)).toBe(CLOSE_CODES.EXPIRED)
    const again = await RawPage.connect(url, { token: token() })
    expect(await again.session()).not.toHaveProperty('readOnly')
    expect(await again.call('create', { path: '/yes' })).toMatchObject({ type: 'reply' })
  })
})
