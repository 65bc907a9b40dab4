import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { Kazoo } from '../../tools/zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

/** No test lasts so long: a session of it that is gone was closed. */
const LONG_TIMEOUT_MS = 120_000

describeWith('zookeeper', 'kazoo')('a session whose page leaves and comes back', () => {
  let ensemble: RealEnsemble
  let kazoo: Kazoo

  beforeAll(async () => {
    ensemble = await realEnsemble(1, { tickTimeMs: 500, extraConfig: { maxSessionTimeout: LONG_TIMEOUT_MS } })
    kazoo = await Kazoo.connect(ensemble.connectString)
  })
  afterAll(async () => {
    await kazoo.close()
    await ensemble.close()
  })
  afterEach(closeGateways)

  const gone = (path: string, timeoutMs: number) =>
    waitUntil(`${path} is gone`, async () => (await kazoo.exists(path)) === null, {
      timeoutMs,
      intervalMs: 10,
    })

  it('keeps a session for a page that was cut off, and brings it what it missed', async () => {
    const one = await startGateway(ensemble.connectString)
    const two = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(one.url, { token: token() })
    const { id, resumeToken } = await page.session()
    for (const path of ['/back', '/back/gone', '/back/same']) await page.call('create', { path })
    await page.call('create', { path: '/back/mine', mode: 'ephemeral' })
    await page.call('getData', { path: '/back/gone', watch: true })
    await page.call('getData', { path: '/back/same', watch: true })
    await page.call('exists', { path: '/back/new', watch: true })
    await page.call('getChildren', { path: '/back', watch: true })
    const resume = await page.resume({
      data: ['/back/gone', '/back/same'],
      exist: ['/back/new'],
      child: ['/back'],
    })
    page.cut()
    await waitUntil('the gateway lets go', async () => (await ensemble.holder(id)) === null)
    await kazoo.delete('/back/gone')
    await kazoo.create('/back/new')

    const back = await RawPage.connect(two.url, { token: token(), resume })
    const session = await back.session()
    expect(session).toMatchObject({ id, resumed: true })
    expect(session.resumeToken).not.toBe(resumeToken)
    const before = back.messages.slice(0, back.messages.indexOf(session))
    expect(before.map((m) => (m.type === 'event' ? `${m.event} ${m.path}` : m.type)).sort()).toEqual([
      'NodeChildrenChanged /back',
      'NodeCreated /back/new',
      'NodeDeleted /back/gone',
    ])
    expect((await kazoo.exists('/back/mine'))?.ephemeralOwner).toBe(id)
    await kazoo.set('/back/same', 'changed')
    await back.next((m) => m.type === 'event' && m.path === '/back/same' && m.event === 'NodeDataChanged')
  })

  it('refuses resume tokens that are not the page’s own, and leaves the session alone', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const retired = await startGateway(ensemble.connectString, {
      resumeKeys: [randomBytes(32).toString('base64')],
    })
    const page = await RawPage.connect(url, { token: token() })
    const { id } = await page.session()
    await page.call('create', { path: '/unharmed', mode: 'ephemeral' })
    const resume = await page.resume()
    const flipped = Buffer.from(resume.token, 'base64url')
    flipped[30]! ^= 1
    const attempts: [string, string, string][] = [
      [url, token('mallory'), resume.token],
      [url, token('ada', { zk: { chroot: '/tenants' } }), resume.token],
      [url, token(), resume.token.slice(0, -3)],
      [url, token(), flipped.toString('base64url')],
      [retired.url, token(), resume.token],
    ]
    for (const [gate, bearer, bad] of attempts) {
      const thief = await RawPage.open(gate)
      thief.hello({ token: bearer, resume: { ...resume, token: bad } })
      expect(await thief.closed()).toBe(CLOSE_CODES.RESUME_REFUSED)
    }
    expect(await page.call('exists', { path: '/unharmed' })).toMatchObject({
      result: { stat: { owner: 'mine' } },
    })
    expect((await kazoo.exists('/unharmed'))?.ephemeralOwner).toBe(id)
  })

  it('says expired only when the ensemble has said so', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(url, { token: token(), timeoutMs: 1000 })
    const { id } = await page.session()
    const resume = await page.resume()
    page.cut()
    await ensemble.waitForSessionEnd(id)
    const back = await RawPage.open(url)
    back.hello({ token: token(), resume })
    expect(await back.closed()).toBe(CLOSE_CODES.EXPIRED)
  })

  it('takes the ephemeral nodes of a silent page with it once its timeout has passed, and not before', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const timeoutMs = 2000
    const page = await RawPage.connect(url, { token: token(), timeoutMs })
    await page.call('create', { path: '/silent', mode: 'ephemeral' })
    // A few answered rounds first, so that the clock starts from a pong.
    await waitUntil('three pings came', () => page.messages.filter(({ type }) => type === 'ping').length >= 3)
    page.answers = false
    await gone('/silent', 30_000)
    const after = performance.now() - page.lastSentAt
    expect(after).toBeGreaterThan(timeoutMs - 50)
    expect(page.messages.at(-1)).toMatchObject({ type: 'closed', code: CLOSE_CODES.SILENT })
  })

  it('lets protocol-level pongs count for nothing', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(url, { token: token(), timeoutMs: 1500 })
    page.answers = false
    const pongs = setInterval(() => page.socket.pong(), 100)
    expect(await page.closed()).toBe(CLOSE_CODES.SILENT)
    clearInterval(pongs)
  })

  it('keeps a session of a talkative page beyond its timeout, whatever it says', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(url, { token: token(), timeoutMs: 1000 })
    const { id } = await page.session()
    page.answers = false
    const from = performance.now()
    await waitUntil('four timeouts have passed', () => {
      page.send({ type: 'pong', id: 0 })
      return performance.now() - from > 4000
    })
    expect(await page.call('exists', { path: '/' })).toMatchObject({ type: 'reply' })
    expect((await page.session()).id).toBe(id)
  })

  it('lets a closed tab go after the linger, and a reloaded one come back within it', async () => {
    const { url } = await startGateway(ensemble.connectString, { lingerMs: 600 })
    const closed = await RawPage.connect(url, { token: token(), timeoutMs: LONG_TIMEOUT_MS })
    await closed.call('create', { path: '/closed-tab', mode: 'ephemeral' })
    const reloaded = await RawPage.connect(url, { token: token(), timeoutMs: LONG_TIMEOUT_MS })
    await reloaded.call('create', { path: '/reloaded-tab', mode: 'ephemeral' })
    const resume = await reloaded.resume()
    const from = performance.now()
    closed.goAway()
    reloaded.goAway()
    await once(reloaded.socket, 'close')
    const back = await RawPage.connect(url, { token: token(), resume })
    expect(await back.session()).toMatchObject({ resumed: true })
    await gone('/closed-tab', 30_000)
    expect(performance.now() - from).toBeGreaterThan(550)
    expect(await kazoo.exists('/reloaded-tab')).not.toBeNull()
  })

  it('gives a session to the later of two connections, and tells the earlier', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(url, { token: token() })
    await page.call('create', { path: '/twice', mode: 'ephemeral' })
    const second = await RawPage.connect(url, { token: token(), resume: await page.resume() })
    expect(await page.closed()).toBe(CLOSE_CODES.TAKEN_OVER)
    expect(await second.call('exists', { path: '/twice' })).toMatchObject({
      result: { stat: { owner: 'mine' } },
    })
  })

  it('drains: tells every page to move, and its sessions go on elsewhere', async () => {
    const one = await startGateway(ensemble.connectString)
    const two = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(one.url, { token: token() })
    const { id } = await page.session()
    await page.call('create', { path: '/drained', mode: 'ephemeral' })
    await one.gateway.drain({ withinMs: 5000 })
    expect(await page.closed()).toBe(CLOSE_CODES.DRAINING)
    await expect(RawPage.open(one.url)).rejects.toThrow()
    const back = await RawPage.connect(two.url, { token: token(), resume: await page.resume() })
    expect(await back.session()).toMatchObject({ id, resumed: true })
    expect(await back.call('exists', { path: '/drained' })).toMatchObject({
      result: { stat: { owner: 'mine' } },
    })
  })

  it('drains after the answers: no call of a page that is told to move ends without one', async () => {
    const { url, gateway } = await startGateway(ensemble.connectString)
    const page = await RawPage.connect(url, { token: token() })
    const ids = Array.from({ length: 300 }, (_, at) => page.start('create', { path: `/answered-${at}` }))
    await page.answer(ids[0] as number)
    await gateway.drain({ withinMs: 5000 })
    expect(await page.closed()).toBe(CLOSE_CODES.DRAINING)
    const answered = page.messages.flatMap((message) => (message.type === 'reply' ? [message.id] : []))
    // What had not reached the gateway when it let go was not executed either: answers are a prefix of the calls.
    expect(answered).toEqual(ids.slice(0, answered.length))
    const executed = (await kazoo.getChildren('/')).filter((name) => name.startsWith('answered-'))
    expect(executed).toHaveLength(answered.length)
  })
})
