import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AccessRule, GatewayOptions } from 'zoogate'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { CLOSE_CODES, type CreateMode } from 'zoogate-client/protocol'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'

const IDENTITY_SECRET = 'the secret that tests derive identities with'

let ensemble: DevEnsemble
beforeAll(async () => {
  ensemble = await startDevEnsemble({ servers: 1 })
  const page = await admin()
  for (const path of ['/rooms', '/rooms/1', '/tenants', '/tenants/a']) await page.call('create', { path })
})
afterEach(() => closeGateways())
afterAll(() => ensemble.close())

/** A page with all rights, which prepares nodes and reads them. */
async function admin(): Promise<RawPage> {
  const { url } = await startGateway(ensemble.connectString)
  return RawPage.connect(url, { token: token('admin') })
}

async function connect(options: Partial<GatewayOptions>, ...[sub, claims]: Parameters<typeof token>) {
  const { url } = await startGateway(ensemble.connectString, options)
  return RawPage.connect(url, { token: token(sub, claims) })
}

const errorOf = (answer: Awaited<ReturnType<RawPage['call']>>) =>
  answer.type === 'error' ? answer.error.code : 'OK'

const PRESENCE: AccessRule[] = [
  { path: '/rooms/**', allow: ['read'] },
  { path: '/rooms/*/${sub}:*', allow: ['create', 'write', 'delete'] },
]

describe('pages in a room, by the rules of the configuration', () => {
  it('make, change and delete their own nodes, and only read the nodes of others', async () => {
    const options = { access: 'rules', rules: PRESENCE } as const
    const ada = await connect(options, 'ada')
    const bob = await connect(options, 'bob')
    const path = '/rooms/1/ada:tab'
    expect(errorOf(await ada.call('create', { path, mode: 'ephemeral' }))).toBe('OK')
    expect(errorOf(await bob.call('getData', { path, watch: true }))).toBe('OK')
    expect(errorOf(await bob.call('delete', { path }))).toBe('FORBIDDEN')
    expect(errorOf(await bob.call('setData', { path, data: 'x' }))).toBe('FORBIDDEN')
    expect(errorOf(await bob.call('create', { path: '/rooms/1/ada:other', mode: 'ephemeral' }))).toBe(
      'FORBIDDEN',
    )
    expect(
      errorOf(
        await bob.call('setACL', { path, acl: [{ scheme: 'world', id: 'anyone', permissions: ['admin'] }] }),
      ),
    ).toBe('FORBIDDEN')
    const smuggled = await bob.call('multi', {
      parts: [
        { op: 'create', path: '/rooms/1/bob:tab', mode: 'ephemeral' },
        { op: 'delete', path },
      ],
    })
    expect(smuggled).toMatchObject({ error: { code: 'FORBIDDEN', path, part: 1, outcome: 'not_executed' } })
    expect(await bob.call('exists', { path: '/rooms/1/bob:tab' })).toMatchObject({ result: { stat: null } })
    expect(await bob.call('exists', { path })).toMatchObject({
      result: { stat: { version: 0, owner: 'other' } },
    })
    expect(errorOf(await ada.call('delete', { path }))).toBe('OK')
  })

  it('set no watch on a node that they may not read, and hear of no change of it', async () => {
    const page = await connect({ access: 'rules', rules: [{ path: '/rooms/*', allow: ['read'] }] }, 'ada')
    const recursive = { path: '/rooms', recursive: true }
    expect(errorOf(await page.call('addWatch', recursive))).toBe('FORBIDDEN')
    expect(errorOf(await page.call('addWatch', { path: '/rooms/1' }))).toBe('OK')
    const { url } = await startGateway(ensemble.connectString, { access: 'rules', rules: PRESENCE })
    const own = await RawPage.connect(url, { token: token('ada') })
    const resume = await own.resume({ recursive: ['/'] })
    own.cut()
    const back = await RawPage.open(url)
    back.hello({ token: token('ada'), resume })
    expect(await back.closed()).toBe(CLOSE_CODES.RESUME_REFUSED)
  })

  it('read without watching where the rules say get', async () => {
    const page = await connect({ access: 'rules', rules: [{ path: '/rooms', allow: ['get'] }] }, 'ada')
    expect(errorOf(await page.call('getChildren', { path: '/rooms' }))).toBe('OK')
    expect(errorOf(await page.call('getChildren', { path: '/rooms', watch: true }))).toBe('FORBIDDEN')
    expect(errorOf(await page.call('addWatch', { path: '/rooms' }))).toBe('FORBIDDEN')
  })

  it('create in the modes only that a rule names', async () => {
    const rules: AccessRule[] = [
      { path: '/rooms/1/*', allow: ['create:ephemeral_sequential', 'create:container'] },
      { path: '/rooms/1', allow: ['create'] },
    ]
    const page = await connect({ access: 'rules', rules }, 'ada')
    const modes: [CreateMode, string][] = [
      ['persistent', 'FORBIDDEN'],
      ['ephemeral', 'FORBIDDEN'],
      ['persistent_sequential', 'FORBIDDEN'],
      ['ephemeral_sequential', 'OK'],
      ['container', 'OK'],
    ]
    for (const [mode, expected] of modes) {
      expect([mode, errorOf(await page.call('create', { path: `/rooms/1/${mode}`, mode }))]).toEqual([
        mode,
        expected,
      ])
    }
    // It would become /rooms/10000000000.
    const beside = await page.call('create', { path: '/rooms/1', mode: 'persistent_sequential' })
    expect(errorOf(beside)).toBe('FORBIDDEN')
  })

  it('are refused with 4006 where the rules of their token have no meaning', async () => {
    const { url } = await startGateway(ensemble.connectString, { access: 'rules' })
    const page = await RawPage.open(url)
    page.hello({ token: token('ada', { zk: { rules: [{ path: '/a/**/b', allow: ['read'] }] } }) })
    const told = await page.next(({ type }) => type === 'closed')
    expect(told).toMatchObject({
      code: CLOSE_CODES.FORBIDDEN,
      message: expect.stringContaining('zk.rules.0.path'),
    })
  })
})

describe('a chroot', () => {
  it('is not left by the number of a sequential node', async () => {
    const page = await connect({}, 'ada', { zk: { chroot: '/tenants/a' } })
    const create = { path: '/', mode: 'persistent_sequential' } as const
    expect(errorOf(await page.call('create', create))).toBe('BAD_REQUEST')
    expect(errorOf(await page.call('multi', { parts: [{ op: 'create', ...create }] }))).toBe('BAD_REQUEST')
    const outside = await (await admin()).call('getChildren', { path: '/tenants' })
    expect(outside).toMatchObject({ result: { children: ['a'] } })
  })

  it.each(['/..', '/../b', '/a/../../b', '//b', '/./b', '/b/', '/b\u0000'])(
    'is not left by %j',
    async (path) => {
      const page = await connect({}, 'ada', { zk: { chroot: '/tenants/a' } })
      expect(await page.call('create', { path })).toMatchObject({ error: { code: 'BAD_REQUEST', path } })
    },
  )

  it('has its own /%2e%2e, which is nothing but a name', async () => {
    const page = await connect({}, 'ada', { zk: { chroot: '/tenants/a' } })
    expect(errorOf(await page.call('create', { path: '/%2e%2e', mode: 'ephemeral' }))).toBe('OK')
    const inside = await (await admin()).call('getChildren', { path: '/tenants/a' })
    expect(inside).toMatchObject({ result: { children: ['%2e%2e'] } })
  })
})

describe('nodes that pages make without an access control list', () => {
  const aclOf = async (options: Partial<GatewayOptions>, sub: string, mode: CreateMode, multi = false) => {
    const page = await connect(options, sub)
    const path = `/${sub}`
    const made = multi
      ? await page.call('multi', { parts: [{ op: 'create', path, mode }] })
      : await page.call('create', { path, mode })
    expect(errorOf(made)).toBe('OK')
    const listed = await page.call('getACL', { path })
    return 'result' in listed && 'acl' in listed.result ? listed.result.acl : null
  }
  const everything = ['read', 'write', 'create', 'delete', 'admin']
  const creator = {
    scheme: 'digest',
    id: expect.stringMatching(/^zoogate-[\w-]{22}:/),
    permissions: everything,
  }
  const anyone = (permissions: string[]) => ({ scheme: 'world', id: 'anyone', permissions })

  it.each<[GatewayOptions['nodeAcl'], CreateMode, object[]]>([
    ['open', 'persistent', [anyone(everything)]],
    ['open', 'container', [anyone(everything)]],
    ['creator', 'ephemeral', [creator]],
    ['creator', 'container', [creator, anyone(['create', 'delete'])]],
    ['creator_read', 'persistent', [creator, anyone(['read'])]],
    ['creator_read', 'container', [creator, anyone(['read', 'create', 'delete'])]],
    [undefined, 'ephemeral', [creator, anyone(['read'])]],
  ])(
    'have with %s in mode %s the one that it stands for, in a multi too',
    async (nodeAcl, mode, expected) => {
      const options = { identitySecret: IDENTITY_SECRET, ...(nodeAcl && { nodeAcl }) }
      const name = `${nodeAcl}-${mode}`
      expect(await aclOf(options, name, mode)).toEqual(expected)
      // In a multi the ensemble knows containers too.
      expect(await aclOf(options, `${name}-multi`, mode, true)).toEqual(expected)
    },
  )

  it('are open without an identity secret', async () => {
    expect(await aclOf({}, 'plain', 'persistent')).toEqual([anyone(everything)])
  })

  it('keep the list that the page gives', async () => {
    const page = await connect({ identitySecret: IDENTITY_SECRET }, 'ada')
    const acl = [{ scheme: 'world', id: 'anyone', permissions: ['read' as const, 'admin' as const] }]
    await page.call('create', { path: '/given', acl })
    await page.call('multi', { parts: [{ op: 'create', path: '/given-in-multi', acl }] })
    for (const path of ['/given', '/given-in-multi']) {
      expect(await page.call('getACL', { path })).toMatchObject({ result: { acl } })
    }
  })

  it('cannot be taken by a token that names the identity of another page', async () => {
    const { url } = await startGateway(ensemble.connectString, { identitySecret: IDENTITY_SECRET })
    const page = await RawPage.open(url)
    page.hello({ token: token('mallory', { zk: { auth: [{ scheme: 'digest', auth: 'zoogate-x:guess' }] } }) })
    const told = await page.next(({ type }) => type === 'closed')
    expect(told).toMatchObject({
      code: CLOSE_CODES.FORBIDDEN,
      message: expect.stringContaining('the gateway itself gives the users that begin with zoogate-'),
    })
  })
})
