import { generateKeyPairSync } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { CLOSE_CODES, type Reply, type WireStat } from 'zoogate-client/protocol'
import { closeGateways, SECRET, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { Kazoo } from '../../tools/zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

describeWith('zookeeper', 'kazoo')('a gateway before one real server', () => {
  let ensemble: RealEnsemble
  let kazoo: Kazoo

  beforeAll(async () => {
    ensemble = await realEnsemble(1, { tickTimeMs: 500 })
    kazoo = await Kazoo.connect(ensemble.connectString)
  })
  afterAll(async () => {
    await kazoo.close()
    await ensemble.close()
  })
  afterEach(closeGateways)

  it('opens a session with the timeout that the ensemble gives', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const asked: [number, number][] = [
      [5000, 5000],
      [1, 1000],
      [600_000, 10_000],
    ]
    for (const [timeoutMs, given] of asked) {
      const page = await RawPage.connect(url, { token: token(), timeoutMs })
      const session = await page.session()
      expect(session).toMatchObject({ timeoutMs: given, resumed: false })
      expect(await ensemble.sessions()).toContain(session.id)
      page.cut()
    }
  })

  it('runs every operation, with the results that kazoo sees', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(url, { token: token() })
    const { id } = await page.session()
    const result = async (answer: ReturnType<RawPage['call']>) => {
      const reply = await answer
      if (reply.type === 'error') throw new Error(JSON.stringify(reply.error))
      return reply.result as { path: string; stat: WireStat; children: string[]; data: unknown }
    }

    expect((await result(page.call('create', { path: '/ops', data: 'text' }))).path).toBe('/ops')
    const mine = await result(page.call('create', { path: '/ops/e', mode: 'ephemeral' }))
    expect(mine.stat).toMatchObject({ owner: 'mine', version: 0, dataLength: 0, numChildren: 0 })
    expect((await kazoo.exists('/ops/e'))?.ephemeralOwner).toBe(id)
    const first = await result(page.call('create', { path: '/ops/s-', mode: 'ephemeral_sequential' }))
    const second = await result(page.call('create', { path: '/ops/s-', mode: 'persistent_sequential' }))
    expect([first.path, second.path]).toEqual(['/ops/s-0000000001', '/ops/s-0000000002'])

    await kazoo.create('/ops/k', Buffer.from([0xff, 0, 1]), { ephemeral: true })
    const theirs = await result(page.call('getData', { path: '/ops/k' }))
    expect(theirs).toMatchObject({ data: { base64: '/wAB' }, stat: { owner: 'other' } })
    expect(JSON.stringify(page.messages)).not.toContain(kazoo.sessionId)

    const set = await result(page.call('setData', { path: '/ops', data: { base64: '/w==' }, version: 0 }))
    expect(set.stat).toMatchObject({ version: 1, dataLength: 1, owner: null })
    expect((await kazoo.get('/ops')).data).toEqual(Buffer.from([0xff]))
    const listed = await result(page.call('getChildren', { path: '/ops' }))
    expect(listed.children.sort()).toEqual(['e', 'k', 's-0000000001', 's-0000000002'])
    expect(listed.stat.numChildren).toBe(4)

    expect((await result(page.call('exists', { path: '/ops/none' }))).stat).toBeNull()
    await result(page.call('delete', { path: '/ops/e', version: 0 }))
    expect(await kazoo.exists('/ops/e')).toBeNull()
    page.send({ type: 'close' })
    expect(await page.closed()).toBe(CLOSE_CODES.CLOSED)
    expect(await ensemble.sessions()).not.toContain(id)
  })

  it('gives ZooKeeper errors their names, paths and outcome', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(url, { token: token() })
    await kazoo.ensurePath('/errors/child')
    await page.call('create', { path: '/errors/e', mode: 'ephemeral' })
    const acl = [{ scheme: 'nonsense', id: 'x', permissions: ['read' as const] }]
    const errors = [
      page.call('getData', { path: '/errors/none' }),
      page.call('create', { path: '/errors' }),
      page.call('setData', { path: '/errors', data: '', version: 7 }),
      page.call('delete', { path: '/errors' }),
      page.call('create', { path: '/errors/e/below' }),
      page.call('create', { path: '/errors/acl', acl }),
      page.call('getData', { path: '/errors/../etc' }),
    ]
    const codes = (await Promise.all(errors)).map((answer) => answer.type === 'error' && answer.error)
    expect(codes).toMatchObject([
      { code: 'NO_NODE', path: '/errors/none', outcome: 'not_executed', retryable: false },
      { code: 'NODE_EXISTS', path: '/errors' },
      { code: 'BAD_VERSION', path: '/errors' },
      { code: 'NOT_EMPTY', path: '/errors' },
      { code: 'NO_CHILDREN_FOR_EPHEMERALS', path: '/errors/e/below' },
      { code: 'INVALID_ACL', path: '/errors/acl' },
      { code: 'BAD_REQUEST', path: '/errors/../etc' },
    ])
  })

  it('keeps calls, replies and watch events in one order', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(url, { token: token() })
    await page.call('create', { path: '/fifo', data: '0' })
    const ids: number[] = []
    for (let at = 1; at <= 200; at += 1) {
      ids.push(page.start('getData', { path: '/fifo', watch: true }))
      ids.push(page.start('setData', { path: '/fifo', data: String(at) }))
    }
    await page.answer(ids.at(-1) as number)
    const seen = page.messages.filter(({ type }) => type === 'reply' || type === 'event').slice(1)
    expect(seen.flatMap((message) => (message.type === 'reply' ? [message.id] : []))).toEqual(ids)
    // Each round: the read, then the event of the write before the write's own reply.
    const shapes = seen.map((message) => message.type)
    expect(shapes).toEqual(Array.from({ length: 200 }, () => ['reply', 'event', 'reply']).flat())
    const values = seen.flatMap((m) => (m.type === 'reply' && 'data' in m.result ? [m.result.data] : []))
    expect(values).toEqual(Array.from({ length: 200 }, (_, at) => String(at)))
  })

  it('keeps a page below the chroot of its token', async () => {
    const { url } = await startGateway(`${ensemble.connectString}/base`)
    await kazoo.ensurePath('/base/tenants/a')
    const page = await RawPage.connect(url, { token: token('ada', { zk: { chroot: '/tenants/a' } }) })
    const made = (await page.call('create', {
      path: '/n-',
      data: 'x',
      mode: 'persistent_sequential',
    })) as Reply
    expect(made.result).toMatchObject({ path: '/n-0000000000' })
    expect(await kazoo.getChildren('/base/tenants/a')).toEqual(['n-0000000000'])
    const root = (await page.call('getChildren', { path: '/', watch: true })) as Reply
    expect(root.result).toMatchObject({ children: ['n-0000000000'] })
    await kazoo.create('/base/tenants/a/other')
    await page.next((message) => message.type === 'event' && message.path === '/')
    expect(await page.call('exists', { path: '/zookeeper' })).toMatchObject({ result: { stat: null } })
  })

  it('forbids what no rule allows', async () => {
    const { url } = await startGateway(ensemble.connectString, { access: 'rules' })
    const rules = [{ path: '/open/**', allow: ['read', 'create'] }]
    const page = await RawPage.connect(url, { token: token('ada', { zk: { rules } }) })
    expect(await page.call('create', { path: '/open' })).toMatchObject({ type: 'reply' })
    for (const path of ['/', '/zookeeper', '/openness']) {
      const answer = await page.call('getChildren', { path })
      expect(answer).toMatchObject({ error: { code: 'FORBIDDEN', path, outcome: 'not_executed' } })
    }
    expect(await page.call('setData', { path: '/open', data: '' })).toMatchObject({
      error: { code: 'FORBIDDEN' },
    })
  })

  it('refuses tokens with the code of their fault', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const { url } = await startGateway(ensemble.connectString, { jwt: { secret: SECRET, audience: 'gate' } })
    const publicKey = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const withRsa = await startGateway(ensemble.connectString, { jwt: { publicKey } })
    const good = { audience: 'gate' }
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"ada","aud":"gate"}').toString('base64url')}.`
    const otherKey = jwt.sign({}, 'quite another secret of a decent length', { subject: 'ada', ...good })
    const attempts: [string, string, number][] = [
      [url, token('ada', {}, { ...good, expiresIn: -60 }), CLOSE_CODES.TOKEN_EXPIRED],
      [url, token('ada', {}, { audience: 'other' }), CLOSE_CODES.TOKEN_INVALID],
      [url, otherKey, CLOSE_CODES.TOKEN_INVALID],
      [url, none, CLOSE_CODES.TOKEN_INVALID],
      [withRsa.url, token('ada'), CLOSE_CODES.TOKEN_INVALID],
      [url, token('ada', { zk: { chroot: '/../x' } }, good), CLOSE_CODES.FORBIDDEN],
    ]
    const before = (await ensemble.sessions()).size
    for (const [gate, bad, code] of attempts) {
      const page = await RawPage.open(gate)
      page.hello({ token: bad })
      expect(await page.closed()).toBe(code)
      expect(page.messages).toMatchObject([{ type: 'closed', code, message: expect.any(String) }])
    }
    const rs = jwt.sign({}, rsa.privateKey, { algorithm: 'RS256', subject: 'ada', expiresIn: 60 })
    expect(await (await RawPage.connect(withRsa.url, { token: rs })).session()).toMatchObject({
      resumed: false,
    })
    expect((await ensemble.sessions()).size).toBeLessThanOrEqual(before + 1)
  })

  it('closes a connection whose token expires, and the session goes on with a fresh one', async () => {
    const { url } = await startGateway(ensemble.connectString, {
      jwt: { secret: SECRET, clockToleranceS: 0 },
    })
    const page = await RawPage.connect(url, { token: token('ada', {}, { expiresIn: 2 }), timeoutMs: 3000 })
    const { id } = await page.session()
    expect(await page.closed()).toBe(CLOSE_CODES.TOKEN_EXPIRED)
    const back = await RawPage.connect(url, { token: token(), resume: await page.resume() })
    expect(await back.session()).toMatchObject({ id, resumed: true })
  })

  it('refuses other origins, other subprotocols and first messages that are no hello', async () => {
    const { url } = await startGateway(ensemble.connectString, {
      allowedOrigins: ['https://app.example'],
      limits: { helloTimeoutMs: 300 },
    })
    const verdict = async (
      options: ConstructorParameters<typeof RawPage>[1],
      send?: (page: RawPage) => void,
    ) => {
      const page = await RawPage.open(url, options)
      send?.(page)
      return page.closed()
    }
    expect(await verdict({ origin: 'https://evil.example' })).toBe(CLOSE_CODES.ORIGIN_REFUSED)
    expect(await verdict({ origin: 'null' })).toBe(CLOSE_CODES.ORIGIN_REFUSED)
    expect(await verdict({ protocols: [] })).toBe(CLOSE_CODES.BAD_MESSAGE)
    expect(await verdict({ origin: 'https://app.example' })).toBe(CLOSE_CODES.HELLO_TIMEOUT)
    expect(await verdict({}, (page) => page.send({ type: 'ping', id: 1 }))).toBe(CLOSE_CODES.BAD_MESSAGE)
    expect(await verdict({}, (page) => page.sendText('{'))).toBe(CLOSE_CODES.BAD_MESSAGE)
    expect(await verdict({}, (page) => page.socket.send(Buffer.from('{}')))).toBe(CLOSE_CODES.BAD_MESSAGE)
    const twice = (page: RawPage) => {
      page.hello({ token: token() })
      page.hello({ token: token() })
    }
    expect(await verdict({}, twice)).toBe(CLOSE_CODES.BAD_MESSAGE)
  })

  it('answers 404 and 503 where nothing can be upgraded', async () => {
    const { url, http } = await startGateway(ensemble.connectString, { limits: { maxConnections: 2 } })
    await expect(RawPage.open(url.replace('/zoogate', '/other'))).rejects.toThrow('404')
    await RawPage.open(url)
    const second = await RawPage.open(url)
    await expect(RawPage.open(url)).rejects.toThrow('503')
    second.cut()
    await waitUntil('there is room again', () =>
      RawPage.open(url).then(
        () => true,
        () => false,
      ),
    )
    expect(await (await fetch(`${http}/healthz`)).text()).toBe('ok\n')
    expect((await fetch(`${http}/readyz`)).status).toBe(200)
    expect(await (await fetch(`${http}/metrics`)).text()).toContain('zoogate_connections 2')
    expect((await fetch(`${http}/elsewhere`)).status).toBe(404)
  })

  it('answers calls past its limits with an error and nothing else', async () => {
    const { url } = await startGateway(ensemble.connectString, {
      limits: {
        maxCallsInFlight: 10,
        maxWatches: 2,
        maxMessageBytes: 2000,
        maxDataBytes: 1000,
      },
    })
    const page = await RawPage.connect(url, { token: token() })
    const calls = Array.from({ length: 30 }, (_, id) => ({
      type: 'call',
      id: 1000 + id,
      op: 'exists',
      path: '/',
    }))
    page.send(calls)
    const answers = await Promise.all(calls.map(({ id }) => page.answer(id)))
    expect(answers.filter(({ type }) => type === 'reply')).toHaveLength(10)
    expect(answers.find(({ type }) => type === 'error')).toMatchObject({
      error: { code: 'THROTTLED', outcome: 'not_executed', retryable: true },
    })
    const data = 'x'.repeat(1001)
    const tooMuch = { error: { code: 'TOO_LARGE', outcome: 'not_executed', path: '/large' } }
    expect(await page.call('create', { path: '/large', data })).toMatchObject(tooMuch)
    const bytes = Buffer.from(data).toString('base64')
    expect(await page.call('setData', { path: '/large', data: { base64: bytes } })).toMatchObject(tooMuch)
    await page.call('exists', { path: '/w1', watch: true })
    await page.call('exists', { path: '/w2', watch: true })
    expect(await page.call('exists', { path: '/w3', watch: true })).toMatchObject({
      error: { code: 'RATE_LIMITED' },
    })
    const large = await RawPage.connect(url, { token: token() })
    large.sendText(`"${'x'.repeat(3000)}"`)
    expect(await large.closed()).toBe(1009)
  })

  it('takes a thousand messages in a frame, and ends a page that sends more', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(url, { token: token() })
    const pings = (count: number) => Array.from({ length: count }, (_, id) => ({ type: 'ping', id }))
    page.send(pings(1_000))
    await page.next((message) => message.type === 'pong' && message.id === 999)
    page.send(pings(1_001))
    expect(await page.closed()).toBe(CLOSE_CODES.BAD_MESSAGE)
  })

  it('cuts off a page that does not read', async () => {
    const { url } = await startGateway(ensemble.connectString, { limits: { maxBufferedBytes: 1_000_000 } })
    const page = await RawPage.connect(url, { token: token() })
    await page.call('create', { path: '/large', data: 'x'.repeat(500_000) })
    page.socket.pause()
    for (let at = 0; at < 60; at += 1) page.start('getData', { path: '/large' })
    const other = await RawPage.connect(url, { token: token('grace') })
    await waitUntil('the gateway lets go of it', async () => {
      const { id } = await page.session()
      return (await ensemble.holder(id)) === null
    })
    expect(await other.call('exists', { path: '/' })).toMatchObject({ type: 'reply' })
    page.cut()
  })

  it('answers a close after everything before it', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(url, { token: token() })
    page.start('create', { path: '/race', mode: 'ephemeral' })
    page.send({ type: 'close' })
    expect(await page.closed()).toBe(CLOSE_CODES.CLOSED)
    expect(page.messages.map(({ type }) => type)).toEqual(['session', 'reply', 'closed'])
    expect(await kazoo.exists('/race')).toBeNull()
  })
})
