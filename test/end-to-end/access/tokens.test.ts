import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import { RESUME_KEY, SECRET, token } from '../../tools/gateway/gateway-fixture.js'
import { endRuns, type Run, run, serveProcess, webSocketOf } from '../../tools/gateway/gateway-process.js'
import { ecKey, signedBy, startJwksServer } from '../../tools/gateway/jwks-server.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { waitUntil } from '../../tools/wait-until.js'

const ADMIN_TOKEN = 'the token of an administrator, long enough'

let ensemble: DevEnsemble
beforeAll(async () => {
  ensemble = await startDevEnsemble({ servers: 1, tickTimeMs: 500 })
})
afterEach(endRuns)
afterAll(() => ensemble.close())

function adminOf(gateway: Run): Promise<string> {
  return waitUntil('the port for administrators is open', () => {
    if (gateway.process.exitCode !== null) throw new Error(gateway.stderr)
    return /^zoogate admin on (http:\S+)$/m.exec(gateway.stdout)?.[1]
  })
}

function revoke(admin: string, subject: string, bearer = ADMIN_TOKEN): Promise<Response> {
  const headers = { authorization: `Bearer ${bearer}` }
  return fetch(`${admin}/admin/revoke`, { method: 'POST', headers, body: JSON.stringify({ subject }) })
}

/** Repeats a refused attempt until the gateway has read its list of revocations. */
async function connect(url: string, bearer: string): Promise<RawPage> {
  return waitUntil('the page is let in', async () => {
    const page = await RawPage.open(url)
    page.hello({ token: bearer })
    const first = await page.next(({ type }) => type === 'session' || type === 'closed')
    if (first.type === 'closed') expect(first.code).toBe(CLOSE_CODES.UNVERIFIED)
    return first.type === 'session' ? page : null
  })
}

describe('zoogate serve', () => {
  it('revokes on every replica when one is asked, and logs no secret at level debug', async () => {
    const env = { ZOOGATE_ADMIN_TOKEN: ADMIN_TOKEN, ZOOGATE_ADMIN_PORT: '0', ZOOGATE_LOG_LEVEL: 'debug' }
    const replicas = [
      serveProcess(ensemble.connectString, env),
      serveProcess(ensemble.connectString, env),
    ] as const
    const [first, second] = (await Promise.all(replicas.map((replica) => replica.listening()))) as [
      string,
      string,
    ]
    const admin = await adminOf(replicas[0])
    expect(admin).toContain('http://127.0.0.1:')
    const issued = token('ada-lovelace', { iat: Math.floor(Date.now() / 1000) - 60 })
    const page = await connect(webSocketOf(second), issued)
    const { resumeToken } = await page.session()
    ensemble.cutLinks()
    await page.next(({ type }) => type === 'suspended')

    expect((await revoke(admin, 'ada-lovelace', `${ADMIN_TOKEN}x`)).status).toBe(401)
    // The pages' port does not serve administrators.
    expect((await revoke(first, 'ada-lovelace')).status).toBe(404)
    await waitUntil('it is stored', async () => (await revoke(admin, 'ada-lovelace')).status === 200)
    expect(await page.closed()).toBe(CLOSE_CODES.TOKEN_INVALID)

    const told = replicas.map(({ stdout, stderr }) => stdout + stderr)
    const metrics = await Promise.all(
      [first, second].map(async (http) => (await fetch(`${http}/metrics`)).text()),
    )
    expect(told.join()).toContain('tokens revoked')
    expect(told.join()).toContain('ensemble link lost')
    for (const secret of [SECRET, ADMIN_TOKEN, RESUME_KEY, issued, resumeToken, 'ada-lovelace']) {
      expect([...told, ...metrics].join()).not.toContain(secret)
    }
  })

  it('opens no port for administrators without a token for them', async () => {
    const gateway = serveProcess(ensemble.connectString, { ZOOGATE_ADMIN_PORT: '0' })
    await gateway.listening()
    expect(gateway.stdout).not.toContain('zoogate admin')
  })

  it('does not start where the address for the administrator is taken', async () => {
    const other = serveProcess(ensemble.connectString)
    const { port } = new URL(await other.listening())
    const env = { ZOOGATE_ADMIN_TOKEN: ADMIN_TOKEN, ZOOGATE_ADMIN_PORT: port }
    const gateway = serveProcess(ensemble.connectString, env)
    expect(await gateway.exit()).toBe(1)
    expect(gateway.stderr).toContain('zoogate: ZOOGATE_ADMIN_HOST (--admin-host), ZOOGATE_ADMIN_PORT')
    expect(gateway.stderr).toContain('EADDRINUSE')
    expect(gateway.stdout).toBe('')
  })

  it('takes its keys from an identity provider', async () => {
    const provider = await startJwksServer()
    const key = ecKey('today')
    provider.publish(key.jwk)
    const gateway = run(['serve'], {
      ZOOGATE_ZOOKEEPER: ensemble.connectString,
      ZOOGATE_PORT: '0',
      ZOOGATE_JWKS_URL: provider.url,
      ZOOGATE_ACCESS: 'open',
    })
    const http = await gateway.listening()
    const page = await RawPage.connect(webSocketOf(http), { token: signedBy(key) })
    expect(await page.call('whoAmI', {})).toMatchObject({ type: 'reply' })
    await provider.close()
  })
})
