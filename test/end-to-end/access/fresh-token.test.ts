import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'

describe('a connection that is given another token', () => {
  let ensemble: DevEnsemble
  let url: string
  beforeAll(async () => {
    ensemble = await startDevEnsemble({ servers: 1, tickTimeMs: 100 })
    ;({ url } = await startGateway(ensemble.connectString, { access: 'rules' }))
  })
  afterAll(async () => {
    await closeGateways()
    await ensemble.close()
  })
  const allowing = (path: string, chroot = '') => ({ zk: { rules: [{ path, allow: ['read'] }], chroot } })
  const connect = (claims: object = {}) =>
    RawPage.connect(url, { token: token('ada', claims), timeoutMs: 600 })

  it('follows the rules of the fresh one, in the same session', async () => {
    const page = await connect(allowing('/one'))
    expect(await page.call('exists', { path: '/two' })).toMatchObject({ error: { code: 'FORBIDDEN' } })
    page.send({ type: 'token', token: token('ada', allowing('/two')) })
    expect(await page.call('exists', { path: '/two' })).toMatchObject({ result: { stat: null } })
    expect(await page.call('exists', { path: '/one' })).toMatchObject({ error: { code: 'FORBIDDEN' } })
    expect(page.messages.filter(({ type }) => type === 'session')).toHaveLength(1)
  })

  it('gets no more changes of a view that the fresh one does not allow', async () => {
    const rules = (path: string) => ({ zk: { chroot: '/t', rules: [{ path, allow: ['read'] }] } })
    const page = await connect(rules('/**'))
    const open = (path: string) => page.call('openView', { path, depth: 'subtree' })
    const views = [await open('/one/room'), await open('/two/room')].map((answer) =>
      'result' in answer ? (answer.result as { view: number }).view : null,
    )
    page.send({ type: 'token', token: token('ada', rules('/two/**')) })
    expect(await page.next(({ type }) => type === 'viewEnded')).toMatchObject({
      view: views[0],
      error: { code: 'FORBIDDEN' },
    })
    expect(await page.call('closeView', { view: views[1] as number })).toMatchObject({ result: {} })
    expect(page.messages.filter(({ type }) => type === 'viewEnded')).toHaveLength(1)
  })

  it.each<[what: string, fresh: () => string, code: number]>([
    ['a token that is none', () => 'nonsense', CLOSE_CODES.TOKEN_INVALID],
    ['one that has expired', () => token('ada', {}, { expiresIn: -60 }), CLOSE_CODES.TOKEN_EXPIRED],
    ['one with an unusable claim', () => token('ada', { zk: { chroot: 'x' } }), CLOSE_CODES.FORBIDDEN],
    ['another subject’s', () => token('eve'), CLOSE_CODES.FORBIDDEN],
    ['one for another chroot', () => token('ada', { zk: { chroot: '/x' } }), CLOSE_CODES.FORBIDDEN],
  ])('is closed for %s, and its session can be resumed', async (_, fresh, code) => {
    const page = await connect()
    page.send({ type: 'token', token: fresh() })
    expect(await page.closed()).toBe(code)
    const back = await RawPage.connect(url, { token: token(), resume: await page.resume() })
    expect((await back.session()).resumed).toBe(true)
  })
})
