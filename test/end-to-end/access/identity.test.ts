import { afterAll, beforeAll, expect, it } from 'vitest'
import type { GatewayOptions } from 'zoogate'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { Kazoo, KazooError } from '../../tools/zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const SECRET = 'the secret that identities are derived with'
const OTHER_SECRET = 'a secret that identities are not derived with'

describeWith('zookeeper', 'kazoo')("a page's identity in ZooKeeper", () => {
  let ensemble: RealEnsemble
  let kazoo: Kazoo
  beforeAll(async () => {
    ensemble = await realEnsemble(1)
    kazoo = await Kazoo.connect(ensemble.connectString)
  })
  afterAll(async () => {
    await closeGateways()
    await kazoo.close()
    await ensemble.close()
  })

  /** Access is open, so that ZooKeeper alone refuses. */
  async function page(sub: string, options: Partial<GatewayOptions> = {}, claims: object = {}) {
    const { url } = await startGateway(ensemble.connectString, { identitySecret: SECRET, ...options })
    return RawPage.connect(url, { token: token(sub, claims) })
  }
  const outcome = (answer: Awaited<ReturnType<RawPage['call']>>) =>
    answer.type === 'error' ? answer.error.code : 'OK'
  const write = async (page: RawPage, path: string) =>
    outcome(await page.call('setData', { path, data: 'x' }))
  const refused = (call: Promise<unknown>) =>
    call.then(
      () => 'OK',
      (error: unknown) => (error instanceof KazooError ? error.kind : String(error)),
    )

  it('keeps its nodes from every other client and page, whatever gateway they come through', async () => {
    const ada = await page('ada')
    await ada.call('create', { path: '/of-ada', data: 'mine' })
    expect(await write(ada, '/of-ada')).toBe('OK')
    expect(await refused(kazoo.set('/of-ada', 'x'))).toBe('NoAuthError')
    expect((await kazoo.get('/of-ada')).text).toBe('x')
    expect(await write(await page('bob'), '/of-ada')).toBe('NO_AUTH')
    expect(await write(await page('ada', { identitySecret: OTHER_SECRET }), '/of-ada')).toBe('NO_AUTH')
    expect(await write(await page('ada', {}, { zk: { chroot: '/of-ada' } }), '/')).toBe('NO_AUTH')
    expect(await write(await page('ada', {}, { iss: 'https://other.example' }), '/of-ada')).toBe('NO_AUTH')
    const { url } = await startGateway(ensemble.connectString, { nodeAcl: 'open' })
    expect(await write(await RawPage.connect(url, { token: token('ada') }), '/of-ada')).toBe('NO_AUTH')
  })

  it("is the same person's in every session and on every gateway with the secret", async () => {
    const first = await page('eve')
    await first.call('create', { path: '/of-eve' })
    first.send({ type: 'close' })
    await first.closed()
    expect(await write(await page('eve'), '/of-eve')).toBe('OK')
  })

  it('is taken on again at each attach', async () => {
    const { url } = await startGateway(ensemble.connectString, { identitySecret: SECRET })
    const before = await RawPage.connect(url, { token: token('fay') })
    await before.call('create', { path: '/of-fay' })
    const resume = await before.resume()
    before.cut()
    const after = await RawPage.connect(url, { token: token('fay'), resume })
    expect((await after.session()).resumed).toBe(true)
    expect(await write(after, '/of-fay')).toBe('OK')
  })

  it('is shown by whoAmI without its password, and by the access control list without either', async () => {
    const ada = await page('ada', { nodeAcl: 'creator' })
    await ada.call('create', { path: '/secret-of-ada' })
    const identities = JSON.stringify(await ada.call('whoAmI', {}))
    expect(identities).toMatch(/"scheme":"digest","id":"zoogate-[\w-]{22}"/)
    const listed = JSON.stringify(await ada.call('getACL', { path: '/secret-of-ada' }))
    // user:base64(sha1(user:password)), and not the subject.
    expect(listed).toMatch(/"id":"zoogate-[\w-]{22}:[\w+/]{27}="/)
    expect(identities + listed).not.toMatch(/ada"|ada:/)
  })

  it('keeps nodes from being read, too, with creator', async () => {
    const ada = await page('ada', { nodeAcl: 'creator' })
    await ada.call('create', { path: '/hidden', data: 'x' })
    expect(outcome(await ada.call('getData', { path: '/hidden' }))).toBe('OK')
    expect(await refused(kazoo.get('/hidden'))).toBe('NoAuthError')
    expect(outcome(await (await page('bob')).call('getData', { path: '/hidden' }))).toBe('NO_AUTH')
  })

  it('leaves a container open to enter and to leave, as a room or a lock of many', async () => {
    const ada = await page('ada')
    const bob = await page('bob')
    await ada.call('create', { path: '/room', mode: 'container' })
    expect(outcome(await bob.call('create', { path: '/room/bob', mode: 'ephemeral' }))).toBe('OK')
    expect(outcome(await bob.call('delete', { path: '/room/bob' }))).toBe('OK')
    expect(await write(bob, '/room')).toBe('NO_AUTH')
    // A persistent node belongs to its creator, and so do its children.
    await ada.call('create', { path: '/house' })
    expect(outcome(await bob.call('create', { path: '/house/bob' }))).toBe('NO_AUTH')
  })

  it('changes nothing of what becomes of ephemeral nodes', async () => {
    const ada = await page('ada')
    await ada.call('create', { path: '/here', mode: 'ephemeral' })
    const { id } = await ada.session()
    expect((await kazoo.exists('/here'))?.ephemeralOwner).toBe(id)
    const other = await page('ada')
    expect(await other.call('exists', { path: '/here' })).toMatchObject({
      result: { stat: { owner: 'other' } },
    })
    ada.send({ type: 'close' })
    await ada.closed()
    expect(await kazoo.exists('/here')).toBe(null)
  })

  it('stands beside the identities that the token brings, which own the nodes as well', async () => {
    const zk = { auth: [{ scheme: 'digest', auth: 'team:secret' }] }
    const ada = await page('ada', {}, { zk })
    await ada.call('create', { path: '/of-team' })
    expect(await write(await page('bob', {}, { zk }), '/of-team')).toBe('OK')
    expect(await write(await page('ada'), '/of-team')).toBe('OK')
    expect(await write(await page('bob'), '/of-team')).toBe('NO_AUTH')
  })
})
