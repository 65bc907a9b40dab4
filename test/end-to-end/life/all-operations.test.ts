import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Operation, Operations } from 'zoogate-client/protocol'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { Kazoo } from '../../tools/zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

describeWith('zookeeper', 'kazoo')('every operation through a gateway', () => {
  let ensemble: RealEnsemble
  let kazoo: Kazoo
  let url: string
  beforeAll(async () => {
    ensemble = await realEnsemble(1, { extraConfig: { extendedTypesEnabled: 'true' } })
    kazoo = await Kazoo.connect(ensemble.connectString)
    ;({ url } = await startGateway(`${ensemble.connectString}/base`))
    await kazoo.ensurePath('/base/all')
  })
  afterAll(async () => {
    await kazoo?.close()
    await closeGateways()
    await ensemble?.close()
  })

  const open = (claims: object = {}) => RawPage.connect(url, { token: token('ada', claims) })
  const run = async <O extends Operation>(page: RawPage, op: O, fields: Operations[O]) => {
    const answer = await page.call(op, fields)
    return answer.type === 'reply' ? answer.result : { error: answer.error }
  }

  it('creates nodes in all seven modes', async () => {
    const page = await open()
    const modes = [
      'persistent',
      'ephemeral',
      'persistent_sequential',
      'ephemeral_sequential',
      'container',
    ] as const
    for (const mode of modes) {
      const made = await run(page, 'create', { path: `/all/${mode}-`, mode })
      const suffix = mode.endsWith('sequential') ? expect.stringMatching(/-\d{10}$/) : `/all/${mode}-`
      const owner = mode.startsWith('ephemeral') ? 'mine' : null
      expect(made).toMatchObject({ path: suffix, stat: { owner } })
    }
    const ttl = await run(page, 'create', { path: '/all/ttl', mode: 'ttl', ttlMs: 60_000 })
    expect(ttl).toMatchObject({ path: '/all/ttl' })
    const numbered = await run(page, 'create', { path: '/all/t-', mode: 'ttl_sequential', ttlMs: 60_000 })
    expect(numbered).toMatchObject({ path: expect.stringMatching(/^\/all\/t-\d{10}$/) })
    expect(await run(page, 'create', { path: '/all/x', mode: 'ttl' })).toMatchObject({
      error: { code: 'BAD_REQUEST', path: '/all/x' },
    })
    expect(await run(page, 'create', { path: '/all/x', ttlMs: 5 })).toMatchObject({
      error: { code: 'BAD_REQUEST' },
    })
  })

  it('reads and writes access control lists', async () => {
    const page = await open({ zk: { auth: [{ scheme: 'digest', auth: 'ada:secret' }] } })
    const stranger = await open()
    const identities = (await run(page, 'whoAmI', {})) as { identities: { scheme: string; id: string }[] }
    expect(identities.identities.map(({ scheme }) => scheme).sort()).toEqual(['digest', 'ip'])
    await run(page, 'create', { path: '/all/acl', data: 'x' })
    const mine = [{ scheme: 'auth', id: '', permissions: ['read' as const, 'admin' as const] }]
    expect(await run(page, 'setACL', { path: '/all/acl', acl: mine, version: 0 })).toMatchObject({
      stat: { aversion: 1 },
    })
    expect(await run(page, 'getACL', { path: '/all/acl' })).toMatchObject({
      acl: [{ scheme: 'digest', id: expect.stringMatching(/^ada:/), permissions: ['read', 'admin'] }],
    })
    expect(await run(page, 'getData', { path: '/all/acl' })).toMatchObject({ data: 'x' })
    expect(await run(stranger, 'getData', { path: '/all/acl' })).toMatchObject({ error: { code: 'NO_AUTH' } })
    expect(await run(page, 'setACL', { path: '/all/acl', acl: mine, version: 0 })).toMatchObject({
      error: { code: 'BAD_VERSION' },
    })
  })

  it('runs a multi as a whole, or not at all, and names the part that failed', async () => {
    const page = await open()
    const done = await run(page, 'multi', {
      parts: [
        { op: 'create', path: '/all/m', data: 'a' },
        { op: 'create', path: '/all/m/s-', mode: 'ephemeral_sequential' },
        { op: 'setData', path: '/all/m', data: 'b', version: 0 },
        { op: 'check', path: '/all/m', version: 1 },
      ],
    })
    expect(done).toMatchObject({
      results: [{ path: '/all/m' }, { path: '/all/m/s-0000000000' }, { stat: { version: 1 } }, {}],
    })
    const failed = await run(page, 'multi', {
      parts: [
        { op: 'create', path: '/all/not' },
        { op: 'setData', path: '/all/m', data: 'c', version: 0 },
        { op: 'delete', path: '/all/m' },
      ],
    })
    // Version 0 is no wildcard: the node has version 1 by now.
    expect(failed).toMatchObject({
      error: { code: 'BAD_VERSION', part: 1, path: '/all/m', outcome: 'not_executed' },
    })
    expect(await kazoo.exists('/base/all/not')).toBeNull()
    expect((await kazoo.get('/base/all/m')).text).toBe('b')
  })

  it('syncs, and lists the session’s own ephemeral nodes below a path', async () => {
    const page = await open()
    expect(await run(page, 'sync', { path: '/' })).toEqual({})
    await kazoo.ensurePath('/base/all/e')
    await kazoo.ensurePath('/base/all/ee')
    for (const path of ['/all/e/1', '/all/e/2', '/all/ee/3'])
      await run(page, 'create', { path, mode: 'ephemeral' })
    await kazoo.create('/base/all/e/theirs', '', { ephemeral: true })
    const list = async (path: string) =>
      ((await run(page, 'getEphemerals', { path })) as { paths: string[] }).paths.sort()
    expect(await list('/all/e')).toEqual(['/all/e/1', '/all/e/2'])
    expect(await list('/')).toEqual(['/all/e/1', '/all/e/2', '/all/ee/3'])
  })

  it('sets lasting watches, which report until they are removed', async () => {
    const page = await open()
    await kazoo.ensurePath('/base/all/w/below')
    await run(page, 'addWatch', { path: '/all/w' })
    await run(page, 'addWatch', { path: '/all/w/below', recursive: true })
    await kazoo.set('/base/all/w', '1')
    await kazoo.set('/base/all/w', '2')
    await kazoo.create('/base/all/w/child')
    await kazoo.create('/base/all/w/below/x')
    await kazoo.set('/base/all/w/below/x', '1')
    await run(page, 'sync', { path: '/' })
    const events = () => page.messages.flatMap((m) => (m.type === 'event' ? [`${m.event} ${m.path}`] : []))
    expect(events()).toEqual([
      'NodeDataChanged /all/w',
      'NodeDataChanged /all/w',
      'NodeChildrenChanged /all/w',
      'NodeCreated /all/w/below/x',
      'NodeDataChanged /all/w/below/x',
    ])
    expect(await run(page, 'removeWatch', { path: '/all/w' })).toEqual({})
    expect(await run(page, 'removeWatch', { path: '/all/w/below', recursive: true })).toEqual({})
    await kazoo.set('/base/all/w', '3')
    await kazoo.set('/base/all/w/below/x', '2')
    await run(page, 'sync', { path: '/' })
    expect(events()).toHaveLength(5)
  })

  it('checks the rules of every part and of everything below a recursive watch', async () => {
    const rules = await startGateway(ensemble.connectString, { access: 'rules' })
    const allow = ['read', 'create', 'write', 'delete']
    const claims = {
      zk: {
        rules: [
          { path: '/free/**', allow },
          { path: '/base/*', allow: ['read'] },
        ],
      },
    }
    const page = await RawPage.connect(rules.url, { token: token('ada', claims) })
    await run(page, 'create', { path: '/free' })
    const forbidden = (path: string) => ({ error: { code: 'FORBIDDEN', path, outcome: 'not_executed' } })
    const smuggled = [
      { op: 'setData' as const, path: '/free', data: '' },
      { op: 'delete' as const, path: '/base/all' },
    ]
    expect(await run(page, 'multi', { parts: smuggled })).toMatchObject(forbidden('/base/all'))
    expect(await run(page, 'addWatch', { path: '/base/all' })).toEqual({})
    expect(await run(page, 'addWatch', { path: '/base/all', recursive: true })).toMatchObject(
      forbidden('/base/all'),
    )
    expect(await run(page, 'addWatch', { path: '/', recursive: true })).toMatchObject(forbidden('/'))
    expect(await run(page, 'addWatch', { path: '/free', recursive: true })).toEqual({})
    expect(
      await run(page, 'setACL', {
        path: '/free',
        acl: [{ scheme: 'world', id: 'anyone', permissions: ['read'] }],
      }),
    ).toMatchObject(forbidden('/free'))
  })
})
