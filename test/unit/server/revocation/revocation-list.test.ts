import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { revocationName, subjectKey } from '../../../../server/src/revocation/revocation.js'
import { RevocationError, RevocationList } from '../../../../server/src/revocation/revocation-list.js'
import { Warnings } from '../../../../server/src/telemetry/log.js'
import { EnsembleLink, ServerList } from '../../../../server/src/zookeeper/index.js'
import { silentLog } from '../../../tools/gateway/gateway-fixture.js'
import { ownEnsemble } from '../../../tools/server/own-ensemble.js'
import { waitUntil } from '../../../tools/wait-until.js'
import { FakeServer, OP } from '../../../tools/zookeeper-link/fake-server.js'

const ADMIN_TOKEN = 'the token of an administrator, long enough'
const MINUTE_MS = 60_000
const AUTH_FAILED = -115

describe('a list of revocations', () => {
  let ensemble: DevEnsemble
  const lists: RevocationList[] = []
  beforeEach(async () => {
    ensemble = await startDevEnsemble({ servers: 1, tickTimeMs: 100 })
  })
  afterEach(async () => {
    for (const list of lists.splice(0)) list.close()
    await ensemble.close()
  })

  /** @param warned collects the warnings for the operator */
  function listEnsemble(warned: string[]) {
    const warnings = new Warnings({ ...silentLog, warn: (_, message) => warned.push(message) })
    return { ...ownEnsemble(ensemble.connectString), warnings }
  }

  function open(options: { adminToken?: string; max?: number; now?: () => number } = {}) {
    const heard: string[] = []
    const warned: string[] = []
    const list = new RevocationList({
      ensemble: listEnsemble(warned),
      adminToken: ADMIN_TOKEN,
      revoked: ({ key }) => heard.push(key),
      ...options,
    })
    lists.push(list)
    list.open()
    return { list, heard, warned }
  }

  const read = ({ list }: { list: RevocationList }) =>
    waitUntil('the list is read', () => list.judge('any subject', 0, 0) === 'good', { intervalMs: 5 })

  it('knows and stores no revocation before it has been read', async () => {
    const first = open()
    expect(first.list.judge('ada', Date.now(), 0)).toBe('unknown')
    await expect(first.list.add('ada', true, MINUTE_MS)).rejects.toThrow(RevocationError)
    await read(first)
    expect(first.list.judge('ada', Date.now(), 0)).toBe('good')
  })

  it('refuses tokens issued up to now, and tokens that do not say when', async () => {
    let now = Date.now()
    const gateway = open({ now: () => now })
    await read(gateway)
    const at = now
    expect(await gateway.list.add('ada', true, MINUTE_MS)).toMatchObject({ at, until: at + MINUTE_MS })
    now = at + 10_000
    const judge = (issuedAt: number | null, toleranceMs = 0) =>
      gateway.list.judge('ada', issuedAt, toleranceMs)
    expect([judge(null), judge(at - 1), judge(at), judge(at + 1)]).toEqual([
      'revoked',
      'revoked',
      'revoked',
      'good',
    ])
    expect([judge(at + 5_000, 5_000), judge(at + 5_001, 5_000)]).toEqual(['revoked', 'good'])
    expect(gateway.list.judge('eve', null, 0)).toBe('good')
    expect(gateway.list.size).toBe(1)
    // A token from the future would escape the revocation later.
    expect([judge(now + 5_000, 5_000), judge(now + 5_001, 5_000), judge(1e300)]).toEqual([
      'good',
      'ahead',
      'ahead',
    ])
    expect(gateway.list.judge('eve', now + 1, 0)).toBe('ahead')
    now = at + MINUTE_MS
    expect([judge(null), gateway.list.size]).toEqual(['good', 0])
  })

  it('reaches every gateway once, also a gateway that starts later', async () => {
    const gateways = [open(), open()]
    await Promise.all(gateways.map(read))
    await gateways[0]?.list.add('ada', true, MINUTE_MS)
    for (const { heard } of gateways) {
      await waitUntil('it is heard', () => heard.length > 0, { intervalMs: 5 })
    }
    await gateways[1]?.list.add('eve', false, MINUTE_MS)
    const late = open()
    await waitUntil(
      'all is heard',
      () => late.heard.length === 2 && gateways.every((g) => g.heard.length === 2),
    )
    expect(late.list.judge('ada', 0, 0)).toBe('revoked')
    expect(gateways.map(({ heard }) => heard)).toEqual([
      [subjectKey('ada'), subjectKey('eve')],
      [subjectKey('ada'), subjectKey('eve')],
    ])
  })

  it('is separate for gateways of another administrator', async () => {
    const ours = open()
    const theirs = open({ adminToken: 'another token, of another administrator, also long' })
    await Promise.all([ours, theirs].map(read))
    await ours.list.add('ada', true, MINUTE_MS)
    await theirs.list.add('eve', true, MINUTE_MS)
    expect([ours.heard, theirs.heard]).toEqual([[subjectKey('ada')], [subjectKey('eve')]])
  })

  it('replaces an earlier revocation by a later one, and drops revocations that have ended', async () => {
    let now = Date.now()
    const gateway = open({ now: () => now })
    await read(gateway)
    await gateway.list.add('ada', true, 60 * MINUTE_MS)
    await gateway.list.add('eve', true, 1)
    now += 1_000
    const second = await gateway.list.add('ada', false, MINUTE_MS)
    // Never earlier than the end that was promised before.
    expect(second.until).toBe(now - 1_000 + 60 * MINUTE_MS)
    const stored = await watchNames(gateway.list)
    expect(stored).toEqual([revocationName(second)])
    expect(gateway.list.judge('ada', now, 0)).toBe('revoked')
  })

  it('bounds the revocations that have not ended', async () => {
    let now = Date.now()
    const gateway = open({ max: 2, now: () => now })
    await read(gateway)
    await gateway.list.add('ada', true, MINUTE_MS)
    await gateway.list.add('eve', true, MINUTE_MS)
    await expect(gateway.list.add('mallory', true, MINUTE_MS)).rejects.toThrow(
      'there are 2 revocations already',
    )
    now += MINUTE_MS
    await gateway.list.add('mallory', true, MINUTE_MS)
    expect(gateway.list.size).toBe(1)
  })

  it('is created anew where an operator of the ensemble has deleted it', async () => {
    const gateway = open()
    await read(gateway)
    await gateway.list.add('ada', true, MINUTE_MS)
    // The password that every release derives from the token.
    const password = createHmac('sha256', ADMIN_TOKEN).update('zoogate revocations').digest('base64url')
    const admin = await stranger(ensemble, `zoogate-admin:${password}`)
    const [name] = (await admin.children('/')).filter((child) => child.startsWith('zoogate-revoked-'))
    const doomed = (await admin.children(`/${name}`)).map((child) => `/${name}/${child}`)
    for (const path of [...doomed, `/${name}`]) {
      expect(await admin.errorOf((done) => admin.link.delete(path, -1, done))).toBe(0)
    }
    await waitUntil('it forgets', () => gateway.list.judge('ada', 0, 0) === 'good', { intervalMs: 5 })
    await waitUntil('it works', () => isStored(gateway.list.add('eve', true, MINUTE_MS)))
    expect(gateway.list.judge('eve', 0, 0)).toBe('revoked')
    admin.link.detach()
  })

  it('warns the operator where its parent is missing', async () => {
    const warned: string[] = []
    const list = new RevocationList({
      ensemble: { ...listEnsemble(warned), chroot: '/nowhere' },
      adminToken: ADMIN_TOKEN,
      revoked: () => undefined,
    })
    lists.push(list)
    list.open()
    await waitUntil('the operator is warned', () => warned.length > 0)
    expect(warned[0]).toMatch(/\/nowhere\/zoogate-revoked-\w{16} cannot be made \(-101\)/)
  })

  it('stores no revocation while its identity is refused, and warns the operator', async () => {
    const server = await FakeServer.start({
      request: (connection, request) => {
        if (request.type === OP.auth) connection.reply(request.xid, { err: AUTH_FAILED })
        else connection.answer(request)
      },
    })
    const warned: string[] = []
    const list = new RevocationList({
      ensemble: { ...listEnsemble(warned), ...ServerList.parse(`127.0.0.1:${server.port}`) },
      adminToken: ADMIN_TOKEN,
      revoked: () => undefined,
    })
    list.open()
    await waitUntil('the operator is warned', () => warned.length > 0, { intervalMs: 5 })
    expect(warned).toEqual([expect.stringContaining('the ensemble takes no digest identities')])
    await expect(list.add('ada', true, MINUTE_MS)).rejects.toThrow(RevocationError)
    await waitUntil('it asks again', () => server.connections.length > 1, { intervalMs: 5 })
    list.close()
    await server.close()
  })

  it('keeps its session alive where the ensemble gives a shorter timeout than it asks for', async () => {
    const gateway = open()
    await read(gateway)
    const sessions = ensemble.sessions()
    expect(sessions).toHaveLength(1)
    // The longest that this ensemble gives is 20 ticks, 2 s; an expiry is late by at most one tick.
    const late = performance.now() + 2_500
    await waitUntil('its timeout has passed', () => performance.now() > late)
    expect(ensemble.sessions()).toEqual(sessions)
  })

  it('ignores `open` after `close`, and closes its session', async () => {
    const gateway = open()
    await read(gateway)
    gateway.list.close()
    gateway.list.open()
    await waitUntil('its session is closed', () => ensemble.sessions().length === 0)
    await expect(gateway.list.add('ada', true, MINUTE_MS)).rejects.toThrow(RevocationError)
  })

  it('keeps the known revocations while the ensemble is away, and reads on when it is back', async () => {
    const gateway = open()
    const other = open()
    await Promise.all([gateway, other].map(read))
    await gateway.list.add('ada', true, MINUTE_MS)
    ensemble.stopServer(0)
    await waitUntil('the loss is noticed', () =>
      isStored(gateway.list.add('eve', true, 1)).then((stored) => !stored),
    )
    expect(gateway.list.judge('ada', 0, 0)).toBe('revoked')
    await ensemble.startServer(0)
    await waitUntil('it is back', () => isStored(gateway.list.add('eve', true, MINUTE_MS)))
    await waitUntil('the other hears of it', () => other.list.judge('eve', 0, 0) === 'revoked')
  })

  it('opens a new session when its own has expired', async () => {
    const gateway = open()
    await read(gateway)
    const [session] = ensemble.sessions()
    ensemble.expireSession(session as string)
    await waitUntil('there is another', () => ensemble.sessions().some((id) => id !== session))
    await waitUntil('it is usable', () => isStored(gateway.list.add('ada', true, MINUTE_MS)))
    await waitUntil('it is stored', () => gateway.list.judge('ada', 0, 0) === 'revoked')
  })

  it('refuses sessions without the identity of the gateways', async () => {
    const gateway = open()
    await read(gateway)
    await gateway.list.add('ada', true, MINUTE_MS)
    const page = await stranger(ensemble)
    const [path] = (await page.children('/')).filter((name) => name.startsWith('zoogate-revoked-'))
    expect(path).toBeDefined()
    expect(await page.errorOf((done) => page.link.getChildren(`/${path}`, false, done))).toBe(-102)
    expect(await page.errorOf((done) => page.link.create(`/${path}/x`, Buffer.alloc(0), OPEN, 0, done))).toBe(
      -102,
    )
    // Its parent is open to all: it stays only because it is never empty.
    expect(await page.errorOf((done) => page.link.delete(`/${path}`, -1, done))).toBe(-111)
    page.link.detach()
  })

  it('warns the operator where another client has created its node, and does not use the node', async () => {
    const gateway = open()
    await read(gateway)
    const page = await stranger(ensemble)
    const [name] = (await page.children('/')).filter((child) => child.startsWith('zoogate-revoked-'))
    await gatewaysLeave(ensemble, lists)
    // A fresh ensemble, where the name is taken before the first gateway comes.
    page.link.detach()
    await ensemble.close()
    ensemble = await startDevEnsemble({ servers: 1, tickTimeMs: 100 })
    const squatter = await stranger(ensemble)
    await squatter.errorOf((done) => squatter.link.create(`/${name}`, Buffer.alloc(0), OPEN, 0, done))
    const next = open()
    await waitUntil('the operator is warned', () => next.warned.length > 0)
    expect(next.warned[0]).toContain(`/${name} is not under this gateway's access control list; delete it`)
    expect(next.list.judge('ada', Date.now(), 0)).toBe('unknown')
    expect(await squatter.errorOf((done) => squatter.link.delete(`/${name}`, -1, done))).toBe(0)
    await read(next)
    squatter.link.detach()
  })

  /** The names of the stored revocations, as a gateway reads them that starts now. */
  async function watchNames(of: RevocationList): Promise<string[]> {
    await waitUntil('the older ones are gone', () => of.size === 1, { intervalMs: 5 })
    const names: string[] = []
    const list = new RevocationList({
      ensemble: listEnsemble([]),
      adminToken: ADMIN_TOKEN,
      revoked: (revocation) => names.push(revocationName(revocation)),
    })
    lists.push(list)
    list.open()
    await read({ list })
    return names
  }
})

const OPEN = [{ perms: 31, scheme: 'world', id: 'anyone' }]

async function isStored(adding: Promise<unknown>): Promise<boolean> {
  try {
    await adding
    return true
  } catch (error) {
    if (error instanceof RevocationError) return false
    throw error
  }
}

async function gatewaysLeave(ensemble: DevEnsemble, lists: RevocationList[]): Promise<void> {
  for (const list of lists.splice(0)) list.close()
  await waitUntil('only the stranger is left', () => ensemble.sessions().length === 1)
}

/** A session like a page's. */
async function stranger(ensemble: DevEnsemble, auth?: string) {
  const nothing = () => undefined
  const link: EnsembleLink = await new Promise((resolve, reject) => {
    const made: EnsembleLink = new EnsembleLink({
      servers: ServerList.parse(ensemble.connectString).servers.cursor(),
      sessionTimeoutMs: 10_000,
      ...(auth !== undefined && { auth: [{ scheme: 'digest', auth: Buffer.from(auth) }] }),
      listener: {
        linkAttached: () => resolve(made),
        linkLost: ({ message }) => reject(new Error(message)),
        linkExpired: nothing,
        linkAuthFailed: nothing,
        linkMoved: nothing,
        linkEvent: nothing,
      },
    })
    made.attach()
  })
  return {
    link,
    children: (path: string) =>
      new Promise<string[]>((resolve, reject) =>
        link.getChildren(path, false, (result) =>
          'value' in result ? resolve(result.value.children) : reject(new Error(`${result.err}`)),
        ),
      ),
    errorOf: (call: (done: (result: { err: number }) => void) => void) =>
      new Promise<number>((resolve) => call(({ err }) => resolve(err))),
  }
}
