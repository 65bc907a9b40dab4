import { afterAll, beforeAll, expect, it } from 'vitest'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const adminToken = 'the token of an administrator, long enough'

describeWith('zookeeper')('a revocation in a real ensemble', () => {
  let ensemble: RealEnsemble
  beforeAll(async () => {
    ensemble = await realEnsemble(1)
  })
  afterAll(async () => {
    await closeGateways()
    await ensemble.close()
  })

  const issued = (sub: string) => token(sub, { iat: Math.floor(Date.now() / 1000) - 60 })

  /** Repeats a refused hello until the gateway has read its list. */
  function connect(url: string, sub: string): Promise<RawPage> {
    return waitUntil('the page is let in', async () => {
      const page = await RawPage.open(url)
      page.hello({ token: issued(sub) })
      const first = await page.next(({ type }) => type === 'session' || type === 'closed')
      if (first.type === 'closed') expect(first.code).toBe(CLOSE_CODES.UNVERIFIED)
      return first.type === 'session' ? page : null
    })
  }

  it('reaches other gateways and later ones, and no page can read, extend or delete the list', async () => {
    const gateways = await Promise.all([1, 2].map(() => startGateway(ensemble.connectString, { adminToken })))
    const [first, second] = gateways as [(typeof gateways)[0], (typeof gateways)[0]]
    const ada = await connect(second.url, 'ada')
    await ada.call('create', { path: '/ada', mode: 'ephemeral' })
    const eve = await connect(second.url, 'eve')
    expect(await first.gateway.revoke({ subject: 'ada' })).toMatchObject({ ended: 0 })
    expect(await ada.closed()).toBe(CLOSE_CODES.TOKEN_INVALID)
    await waitUntil('the node is gone', async () => {
      const { result } = (await eve.call('exists', { path: '/ada' })) as { result: { stat: unknown } }
      return result.stat === null
    })

    const { result } = (await eve.call('getChildren', { path: '/' })) as { result: { children: string[] } }
    const path = `/${result.children.find((name) => name.startsWith('zoogate-revoked-'))}`
    const code = async (answer: ReturnType<RawPage['call']>) => {
      const reply = await answer
      return reply.type === 'error' ? reply.error.code : 'none'
    }
    expect(await code(eve.call('getChildren', { path }))).toBe('NO_AUTH')
    expect(await code(eve.call('create', { path: `${path}/x` }))).toBe('NO_AUTH')
    expect(await code(eve.call('delete', { path }))).toBe('NOT_EMPTY')
    expect(await code(eve.call('setACL', { path, acl: OPEN }))).toBe('NO_AUTH')

    const third = await startGateway(ensemble.connectString, { adminToken })
    await connect(third.url, 'eve')
    const again = await RawPage.open(third.url)
    again.hello({ token: issued('ada') })
    expect(await again.closed()).toBe(CLOSE_CODES.TOKEN_INVALID)
  })
})

const OPEN = [{ scheme: 'world', id: 'anyone', permissions: ['read' as const, 'delete' as const] }]
