import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { CLOSE_CODES, SUBPROTOCOL } from 'zoogate-client/protocol'
import {
  closeGateways,
  RESUME_KEY,
  SECRET,
  startGateway,
  token,
} from '../../tools/gateway/gateway-fixture.js'
import { ecKey, rsaKey, signedBy, startJwksServer } from '../../tools/gateway/jwks-server.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { waitUntil } from '../../tools/wait-until.js'

const ADMIN_TOKEN = 'the token of an administrator, long enough'

let ensemble: DevEnsemble
beforeEach(async () => {
  ensemble = await startDevEnsemble({ servers: 1, tickTimeMs: 500 })
})
afterEach(async () => {
  await closeGateways()
  await ensemble.close()
})

/** No tolerance, so that a second is a second. */
const exact = { jwt: { secret: SECRET, clockToleranceS: 0 } }
/** For 2 to 3 s: iat and exp count whole seconds. */
const briefly = () => token('ada', {}, { expiresIn: 3 })
const refreshOf = (page: RawPage) => page.next(({ type }) => type === 'refresh')

async function metric(http: string, name: string): Promise<number> {
  const text = await (await fetch(`${http}/metrics`)).text()
  return Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1])
}

describe('a connection whose token expires', () => {
  it('asks for a fresh one in time, and lives on with its session, its watches and its calls', async () => {
    const { url } = await startGateway(ensemble.connectString, exact)
    const page = await RawPage.connect(url, { token: briefly() })
    const { id } = await page.session()
    await page.call('create', { path: '/here', mode: 'ephemeral' })
    await page.call('getData', { path: '/here', watch: true })
    await refreshOf(page)
    const late = performance.now() + 3_000
    ensemble.delayAnswers(200, { session: id })
    const call = page.start('setData', { path: '/here', data: 'changed' })
    page.send({ type: 'token', token: token() })
    expect(await page.answer(call)).toMatchObject({ type: 'reply' })
    expect(page.messages).toContainEqual({ type: 'event', event: 'NodeDataChanged', path: '/here' })
    await waitUntil('the first token has expired', () => performance.now() > late)
    expect(await page.call('exists', { path: '/here' })).toMatchObject({
      result: { stat: { owner: 'mine' } },
    })
    expect(page.closedWith).toBeNull()
    expect(page.messages.filter(({ type }) => type === 'session' || type === 'refresh')).toHaveLength(2)
  })

  it('ends with 4100 when none comes, and the session waits for the page to bring one', async () => {
    const { url } = await startGateway(ensemble.connectString, exact)
    const page = await RawPage.connect(url, { token: briefly() })
    await page.call('create', { path: '/here', mode: 'ephemeral' })
    const resume = await page.resume()
    // The page sends nothing: the gateway needs no message to end it.
    page.answers = false
    expect(await page.closed()).toBe(CLOSE_CODES.TOKEN_EXPIRED)
    expect(page.messages.map(({ type }) => type).filter((type) => type !== 'ping')).toEqual([
      'session',
      'reply',
      'refresh',
      'closed',
    ])
    const again = await RawPage.connect(url, { token: token(), resume })
    expect(await again.session()).toMatchObject({ resumed: true, id: (await page.session()).id })
    expect(await again.call('exists', { path: '/here' })).toMatchObject({
      result: { stat: { owner: 'mine' } },
    })
  })

  it('is held to the rules of the fresh one from then on, watches included', async () => {
    const { url } = await startGateway(ensemble.connectString, { ...exact, access: 'rules' })
    const rules = (...paths: string[]) => ({
      zk: { rules: paths.map((path) => ({ path, allow: ['read', 'create', 'write'] })) },
    })
    const page = await RawPage.connect(url, { token: token('ada', rules('/a', '/b')) })
    for (const path of ['/a', '/b']) {
      await page.call('create', { path })
      await page.call('getData', { path, watch: true })
    }
    page.send({ type: 'token', token: token('ada', rules('/b')) })
    expect(await page.call('getData', { path: '/a' })).toMatchObject({ error: { code: 'FORBIDDEN' } })
    const other = await RawPage.connect(url, { token: token('eve', rules('/a', '/b')) })
    for (const path of ['/a', '/b']) await other.call('setData', { path, data: 'new' })
    await page.next(({ type }) => type === 'event')
    expect(page.messages.filter(({ type }) => type === 'event')).toEqual([
      { type: 'event', event: 'NodeDataChanged', path: '/b' },
    ])
  })

  it.each<[string, () => string, number]>([
    ["another subject's", () => token('eve'), CLOSE_CODES.FORBIDDEN],
    ['for another chroot', () => token('ada', { zk: { chroot: '/x' } }), CLOSE_CODES.FORBIDDEN],
    ['one that has expired', () => token('ada', {}, { expiresIn: -5 }), CLOSE_CODES.TOKEN_EXPIRED],
    ['a forged one', () => `${token().slice(0, -4)}AAAA`, CLOSE_CODES.TOKEN_INVALID],
  ])('ends when the fresh one is %s', async (_, fresh, code) => {
    const { url } = await startGateway(ensemble.connectString, exact)
    const page = await RawPage.connect(url, { token: token() })
    page.send({ type: 'token', token: fresh() })
    expect(await page.closed()).toBe(code)
  })

  it.each([{ type: 'token' }, { type: 'token', token: '' }, { type: 'token', token: 'x'.repeat(16_385) }])(
    'ends with 4005 for %j',
    async (message) => {
      const { url } = await startGateway(ensemble.connectString, exact)
      const page = await RawPage.connect(url, { token: token() })
      page.send(message)
      expect(await page.closed()).toBe(CLOSE_CODES.BAD_MESSAGE)
    },
  )
})

describe('a gateway with fetched keys', () => {
  it('takes tokens of both keys, rotates, and sends pages away to come back while it cannot tell', async () => {
    const provider = await startJwksServer()
    const key = rsaKey('first')
    const { url, http } = await startGateway(ensemble.connectString, { jwt: { jwksUrl: provider.url } })
    provider.answer((response) => response.writeHead(500).end())
    const early = await RawPage.open(url)
    early.hello({ token: signedBy(key) })
    expect(await early.closed()).toBe(CLOSE_CODES.UNVERIFIED)
    const verdict = early.messages.at(-1) as { retryAfterMs?: number }
    expect(verdict.retryAfterMs).toBeGreaterThan(5_000)
    expect(await metric(http, 'zoogate_jwks_fetches_total{result="failed"}')).toBe(1)
    expect(await metric(http, 'zoogate_closed_total{code="unverified"}')).toBe(1)

    const second = await startGateway(ensemble.connectString, { jwt: { jwksUrl: provider.url } })
    provider.publish(key.jwk, ecKey('second').jwk)
    const page = await RawPage.connect(second.url, { token: signedBy(key) })
    page.send({ type: 'token', token: signedBy(key) })
    expect(await page.call('exists', { path: '/' })).toMatchObject({ type: 'reply' })
    expect(await metric(second.http, 'zoogate_jwks_fetches_total{result="ok"}')).toBe(1)
    await provider.close()
  })

  it('forgets a page that leaves while its key is being fetched', async () => {
    const provider = await startJwksServer()
    const asked = new Promise<() => void>((resolve) => {
      provider.answer((response) =>
        resolve(() => response.writeHead(200).end(JSON.stringify({ keys: [key.jwk] }))),
      )
    })
    const key = rsaKey('first')
    const { url, http } = await startGateway(ensemble.connectString, { jwt: { jwksUrl: provider.url } })
    const gone = await RawPage.open(url)
    gone.hello({ token: signedBy(key) })
    const answer = await asked
    gone.cut()
    await waitUntil('the page is gone', async () => (await metric(http, 'zoogate_unauthenticated')) === 0)
    answer()
    const page = await RawPage.connect(url, { token: signedBy(key) })
    expect(await page.call('exists', { path: '/' })).toMatchObject({ type: 'reply' })
    expect(ensemble.sessions()).toEqual([(await page.session()).id])
    await provider.close()
  })
})

describe('a token in a cookie', () => {
  const origin = 'https://app.example'
  const options = { ...exact, cookie: '__Host-zoogate', allowedOrigins: [origin] }

  function dial(url: string, headers: Record<string, string>): RawPage {
    const page = new RawPage(url, { headers })
    page.socket.on('open', () => page.hello({ token: '' }))
    return page
  }

  it('opens a session for a page of an allowed origin', async () => {
    const { url } = await startGateway(ensemble.connectString, options)
    const page = dial(url, { origin, cookie: `a=b; __Host-zoogate=${briefly()}` })
    await page.session()
    await refreshOf(page)
    page.send({ type: 'token', token: token() })
    expect(await page.call('exists', { path: '/' })).toMatchObject({ type: 'reply' })
  })

  it.each<[string, Record<string, string>, number]>([
    ['another origin', { origin: 'https://evil.example' }, CLOSE_CODES.ORIGIN_REFUSED],
    ['the origin null', { origin: 'null' }, CLOSE_CODES.ORIGIN_REFUSED],
    ['no origin', {}, CLOSE_CODES.ORIGIN_REFUSED],
  ])('is of no use to %s', async (_, headers, code) => {
    const { url } = await startGateway(ensemble.connectString, options)
    const page = dial(url, { ...headers, cookie: `__Host-zoogate=${token()}` })
    expect(await page.closed()).toBe(code)
  })

  it('sends the page to log in when it is missing, and an empty token is a violation where no cookies are read', async () => {
    const { url } = await startGateway(ensemble.connectString, options)
    expect(await dial(url, { origin }).closed()).toBe(CLOSE_CODES.TOKEN_INVALID)
    const twice = `__Host-zoogate=${token()}; __Host-zoogate=${token('eve')}`
    expect(await dial(url, { origin, cookie: twice }).closed()).toBe(CLOSE_CODES.TOKEN_INVALID)
    const off = await startGateway(ensemble.connectString, { ...exact, allowedOrigins: [origin] })
    const page = dial(off.url, { origin, cookie: `__Host-zoogate=${token()}` })
    expect(await page.closed()).toBe(CLOSE_CODES.BAD_MESSAGE)
  })

  it('does not keep clients that are no pages from bringing their own', async () => {
    const { url } = await startGateway(ensemble.connectString, options)
    const page = await RawPage.connect(url, { token: token() })
    expect(await page.call('exists', { path: '/' })).toMatchObject({ type: 'reply' })
  })
})

describe('a token anywhere else', () => {
  it.each<[string, (url: string) => [string, string[], Record<string, string>]]>([
    ['the address', (url) => [`${url}?token=${token()}&access_token=${token()}`, [SUBPROTOCOL], {}]],
    ['a header', (url) => [url, [SUBPROTOCOL], { authorization: `Bearer ${token()}` }]],
    ['a subprotocol', (url) => [url, [SUBPROTOCOL, token().replaceAll('=', '')], {}]],
  ])('is not looked for: %s', async (_, dial) => {
    const { url } = await startGateway(ensemble.connectString, exact)
    const [address, protocols, headers] = dial(url)
    const socket = new WebSocket(address, protocols, { headers })
    const closed = new Promise<number>((resolve) => socket.on('close', resolve))
    socket.on('open', () => {
      expect(socket.protocol).toBe(SUBPROTOCOL)
      socket.send(JSON.stringify({ type: 'hello', token: '', timeoutMs: 10_000 }))
    })
    expect(await closed).toBe(CLOSE_CODES.BAD_MESSAGE)
  })
})

describe('a revocation', () => {
  const options = { ...exact, adminToken: ADMIN_TOKEN }
  /** A token that was issued a minute ago. */
  const older = (sub = 'ada') => token(sub, { iat: Math.floor(Date.now() / 1000) - 60 })
  /** The token of a login after a revocation: iat counts whole seconds. */
  const fresh = async () => {
    const iat = Math.floor(Date.now() / 1000) + 1
    await waitUntil('the next second has begun', () => Date.now() >= iat * 1000, { intervalMs: 10 })
    return token('ada', { iat })
  }

  /** A page of a gateway that has read its list; before, tokens are unverified. */
  function connect(url: string, hello: Parameters<RawPage['hello']>[0]): Promise<RawPage> {
    return waitUntil('the page is let in', async () => {
      const page = await RawPage.open(url)
      page.hello(hello)
      const first = await page.next(({ type }) => type === 'session' || type === 'closed')
      if (first.type === 'session') return page
      expect(first).toMatchObject({ code: CLOSE_CODES.UNVERIFIED, retryAfterMs: 500 })
      return null
    })
  }

  it('ends all connections of its subject on every gateway and closes their sessions, and no others', async () => {
    const gateways = [
      await startGateway(ensemble.connectString, options),
      await startGateway(ensemble.connectString, options),
    ] as const
    const ada = [
      await connect(gateways[0].url, { token: older() }),
      await connect(gateways[1].url, { token: older() }),
    ] as const
    const eve = await connect(gateways[1].url, { token: older('eve') })
    for (const [at, page] of ada.entries()) {
      await page.call('create', { path: `/ada-${at}`, mode: 'ephemeral' })
    }
    const { ended, until } = await gateways[0].gateway.revoke({ subject: 'ada' })
    expect(ended).toBe(1)
    expect(until).toBeGreaterThan(Date.now() + 86_000_000)
    for (const page of ada) expect(await page.closed()).toBe(CLOSE_CODES.TOKEN_INVALID)
    // Long before the session timeout of 10 s.
    await waitUntil(
      'their nodes are gone',
      async () => {
        const { result } = (await eve.call('getChildren', { path: '/' })) as {
          result: { children: string[] }
        }
        return !result.children.some((name) => name.startsWith('ada-'))
      },
      { timeoutMs: 5_000 },
    )
    for (const { url, http } of gateways) {
      const again = await RawPage.open(url)
      again.hello({ token: older() })
      expect(await again.closed()).toBe(CLOSE_CODES.TOKEN_INVALID)
      expect(again.messages).toMatchObject([{ message: 'the token has been revoked; get a fresh one' }])
      expect(await metric(http, 'zoogate_revocations')).toBe(1)
      expect(await metric(http, 'zoogate_revoked_connections_total')).toBe(1)
    }
    expect(eve.closedWith).toBeNull()
    const [mine] = ada
    const back = await connect(gateways[1].url, { token: await fresh() })
    expect(await back.session()).toMatchObject({ resumed: false })
    expect((await back.session()).id).not.toBe((await mine.session()).id)
  })

  it('can leave the sessions to pages that log in again', async () => {
    const { url, gateway } = await startGateway(ensemble.connectString, options)
    const page = await connect(url, { token: older() })
    await page.call('create', { path: '/here', mode: 'ephemeral' })
    const resume = await page.resume()
    expect(await gateway.revoke({ subject: 'ada', closeSessions: false })).toMatchObject({ ended: 1 })
    expect(await page.closed()).toBe(CLOSE_CODES.TOKEN_INVALID)
    const stolen = await RawPage.open(url)
    stolen.hello({ token: older(), resume })
    expect(await stolen.closed()).toBe(CLOSE_CODES.TOKEN_INVALID)
    const back = await connect(url, { token: await fresh(), resume })
    expect(await back.session()).toMatchObject({ resumed: true })
  })

  it('spares a connection whose token was issued since, and refuses an older one in band', async () => {
    const { url, gateway } = await startGateway(ensemble.connectString, options)
    await connect(url, { token: older('eve') })
    expect(await gateway.revoke({ subject: 'ada' })).toMatchObject({ ended: 0 })
    const page = await connect(url, { token: await fresh() })
    expect(await page.call('exists', { path: '/' })).toMatchObject({ type: 'reply' })
    page.send({ type: 'token', token: older() })
    expect(await page.closed()).toBe(CLOSE_CODES.TOKEN_INVALID)
  })

  it('cannot be escaped with a token from the future', async () => {
    const { url } = await startGateway(ensemble.connectString, options)
    await connect(url, { token: older() })
    for (const iat of [Math.floor(Date.now() / 1000) + 3600, Date.now(), 1e300]) {
      const page = await RawPage.open(url)
      page.hello({ token: token('ada', { iat }) })
      expect(await page.closed()).toBe(CLOSE_CODES.TOKEN_INVALID)
      expect(page.messages).toMatchObject([{ message: expect.stringContaining('check the clocks') }])
    }
  })

  it('needs an administrator’s token in the settings, and a subject', async () => {
    const { gateway } = await startGateway(ensemble.connectString, exact)
    await expect(gateway.revoke({ subject: 'ada' })).rejects.toThrow('adminToken: revoking needs one')
    await expect(gateway.revoke({ subject: '' })).rejects.toThrow('subject')
  })
})

describe('a secret', () => {
  it('appears in no line of the log at level debug, in no metric and in no close reason', async () => {
    const lines: string[] = []
    const write = (fields: object, message: string) => lines.push(JSON.stringify({ ...fields, message }))
    const log = { debug: write, info: write, warn: write, error: write }
    const options = { ...exact, adminToken: ADMIN_TOKEN, cookie: 'jwt', log }
    const { url, http, gateway } = await startGateway(ensemble.connectString, options)
    await gateway.revoke({ subject: 'nobody' }).catch(() => undefined)
    const auth = 'reader:a password of ZooKeeper'
    const good = token('ada-lovelace', { zk: { auth: [{ scheme: 'digest', auth }] } })
    const page = await waitUntil('the page is let in', async () => {
      const dialled = await RawPage.open(url)
      dialled.hello({ token: good })
      const first = await dialled.next(({ type }) => type === 'session' || type === 'closed')
      return first.type === 'session' ? dialled : null
    })
    const { resumeToken } = await page.session()
    page.send({ type: 'token', token: good })
    await page.call('create', { path: '/a', mode: 'ephemeral', data: 'private data' })
    ensemble.cutLinks()
    await page.next(({ type }) => type === 'suspended')
    await gateway.revoke({ subject: 'ada-lovelace' }).catch(() => undefined)
    const refused: RawPage[] = []
    for (const bad of [`${good}x`, token('eve', {}, { expiresIn: -60 }), 'garbage']) {
      const other = await RawPage.open(url)
      other.hello({ token: bad })
      await other.closed()
      refused.push(other)
    }
    const metrics = await (await fetch(`${http}/metrics`)).text()
    const told = JSON.stringify(refused.map(({ messages }) => messages))
    const all = [...lines, metrics, told].join('\n')
    expect(lines.length).toBeGreaterThan(1)
    const secrets = [
      SECRET,
      ADMIN_TOKEN,
      RESUME_KEY,
      good,
      good.split('.')[2],
      resumeToken,
      auth,
      'a password of',
    ]
    for (const secret of [...secrets, 'private data', 'ada-lovelace']) expect(all).not.toContain(secret)
  })
})
