import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { EnsembleLink, MultiPart } from '../../../server/src/zookeeper/index.js'
import { describeWith } from '../../tools/requirements.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'
import { ANYONE, answer, attachedToReal } from '../../tools/zookeeper-link/real-link.js'

const START_MS = 60_000
const NO_DATA = Buffer.alloc(0)

const create = (path: string, flags: 0 | 1 | 2 | 3 | 4 | 5 | 6, ttlMs = 0): MultiPart => ({
  op: 'create',
  path,
  data: NO_DATA,
  acl: ANYONE,
  flags,
  ttlMs,
})

describeWith('zookeeper')('a link to a real ZooKeeper server', () => {
  let ensemble: RealEnsemble
  let link: EnsembleLink
  /** A node of the test's own. */
  let root: string
  let tests = 0
  beforeAll(async () => {
    ensemble = await realEnsemble(1, { extraConfig: { extendedTypesEnabled: 'true' } })
  }, START_MS)
  afterAll(() => ensemble?.close(), START_MS)
  beforeEach(async () => {
    link = (await attachedToReal(ensemble.connectString, { sessionTimeoutMs: 10_000 })).link
    tests += 1
    root = `/test-${tests}`
    await answer((cb) => link.create(root, NO_DATA, ANYONE, 0, cb))
  })
  afterEach(async () => {
    await new Promise((done) => link.closeSession(done))
  })

  it('creates nodes in all seven modes', async () => {
    const made = (flags: 0 | 1 | 2 | 3 | 4 | 5 | 6) =>
      answer((cb) => link.create(`${root}/n-`, NO_DATA, ANYONE, flags, cb, 60_000))
    const owners = { owner: null }
    expect(await made(0)).toMatchObject({ path: `${root}/n-`, stat: owners })
    await answer((cb) => link.delete(`${root}/n-`, 0, cb))
    expect(await made(1)).toMatchObject({ path: `${root}/n-`, stat: { owner: 'mine' } })
    expect(await made(2)).toMatchObject({ path: `${root}/n-0000000002`, stat: owners })
    expect(await made(3)).toMatchObject({ path: `${root}/n-0000000003`, stat: { owner: 'mine' } })
    await answer((cb) => link.delete(`${root}/n-`, 0, cb))
    expect(await made(4)).toMatchObject({ path: `${root}/n-`, stat: { version: 0 } })
    await answer((cb) => link.delete(`${root}/n-`, 0, cb))
    expect(await made(5)).toMatchObject({ path: `${root}/n-`, stat: { version: 0 } })
    expect(await made(6)).toMatchObject({ path: `${root}/n-0000000006`, stat: { version: 0 } })
  })

  it.each([
    [0, 'BAD_ARGUMENTS'],
    [1_099_511_627_775, 'created'],
    [1_099_511_627_776, 'BAD_ARGUMENTS'],
  ])('gets for a time to live of %d ms the answer %s', async (ttlMs, said) => {
    const made = await answer((cb) => link.create(`${root}/n`, NO_DATA, ANYONE, 5, cb, ttlMs))
    expect(typeof made === 'string' ? made : 'created').toBe(said)
  })

  it('gives a container and a node with a time to live no owner', async () => {
    await answer((cb) => link.create(`${root}/c`, NO_DATA, ANYONE, 4, cb))
    await answer((cb) => link.create(`${root}/t`, NO_DATA, ANYONE, 5, cb, 60_000))
    for (const name of ['c', 't']) {
      expect(await answer((cb) => link.exists(`${root}/${name}`, false, cb))).toMatchObject({
        stat: { owner: null },
      })
    }
  })

  it('reads and sets access control lists by their version', async () => {
    const readOnly = [{ perms: 17, scheme: 'world', id: 'anyone' }]
    expect(await answer((cb) => link.getACL(root, cb))).toMatchObject({ acl: ANYONE, stat: { aversion: 0 } })
    expect(await answer((cb) => link.setACL(root, readOnly, 0, cb))).toMatchObject({ stat: { aversion: 1 } })
    expect(await answer((cb) => link.setACL(root, ANYONE, 0, cb))).toBe('BAD_VERSION')
    expect(await answer((cb) => link.getACL(root, cb))).toMatchObject({ acl: readOnly })
    expect(await answer((cb) => link.setData(root, NO_DATA, -1, cb))).toBe('NO_AUTH')
    expect(await answer((cb) => link.setACL(root, [], -1, cb))).toBe('INVALID_ACL')
  })

  it('syncs, also on the path of a missing node', async () => {
    expect(await answer((cb) => link.sync(`${root}/nothing`, cb))).toEqual({})
  })

  it('lists only its own ephemeral nodes', async () => {
    const other = (await attachedToReal(ensemble.connectString)).link
    await answer((cb) => link.create(`${root}/a`, NO_DATA, ANYONE, 0, cb))
    await answer((cb) => link.create(`${root}/a/1`, NO_DATA, ANYONE, 1, cb))
    await answer((cb) => link.create(`${root}/ab`, NO_DATA, ANYONE, 1, cb))
    await answer((cb) => other.create(`${root}/a/2`, NO_DATA, ANYONE, 1, cb))
    expect(await answer((cb) => link.getEphemerals(`${root}/a`, cb))).toEqual({
      paths: expect.toSatisfy((paths: string[]) => paths.sort().join() === `${root}/a/1,${root}/ab`),
    })
    expect(await answer((cb) => link.getEphemerals(`${root}/x`, cb))).toEqual({ paths: [] })
    other.closeSession(() => undefined)
  })

  it('lists its identities', async () => {
    expect(await answer((cb) => link.whoAmI(cb))).toEqual({ identities: [{ scheme: 'ip', id: '127.0.0.1' }] })
  })

  it('carries out all parts of a transaction, in all modes of a create', async () => {
    const done = await answer((cb) =>
      link.multi(
        [
          ...([0, 1, 2, 3, 4, 5, 6] as const).map((flags) => create(`${root}/m${flags}-`, flags, 60_000)),
          { op: 'setData', path: `${root}/m0-`, data: Buffer.from('x'), version: 0 },
          { op: 'check', path: `${root}/m0-`, version: 1 },
          { op: 'delete', path: `${root}/m0-`, version: 1 },
        ],
        cb,
      ),
    )
    const stat = expect.objectContaining({ version: 0 })
    expect(done).toEqual({
      results: [
        { path: `${root}/m0-` },
        { path: `${root}/m1-` },
        { path: `${root}/m2-0000000002` },
        { path: `${root}/m3-0000000003` },
        { path: `${root}/m4-`, stat },
        { path: `${root}/m5-`, stat },
        { path: `${root}/m6-0000000006`, stat },
        { stat: expect.objectContaining({ version: 1, dataLength: 1 }) },
        {},
        {},
      ],
    })
    expect(await answer((cb) => link.exists(`${root}/m0-`, false, cb))).toBe('NO_NODE')
    expect(await answer((cb) => link.exists(`${root}/m1-`, false, cb))).toMatchObject({
      stat: { owner: 'mine' },
    })
  })

  it.each<[MultiPart, string]>([
    [{ op: 'check', path: '/zookeeper', version: 7 }, 'BAD_VERSION @1'],
    [{ op: 'delete', path: '/nothing', version: -1 }, 'NO_NODE @1'],
    [{ op: 'setData', path: '/nothing', data: NO_DATA, version: 0 }, 'NO_NODE @1'],
    [create('/zookeeper', 0), 'NODE_EXISTS @1'],
    [create('not-a-path', 0), 'BAD_ARGUMENTS @1'],
  ])('carries out nothing of a transaction with %j, and names the refused part', async (bad, said) => {
    expect(await answer((cb) => link.multi([create(`${root}/a`, 0), bad, create(`${root}/b`, 0)], cb))).toBe(
      said,
    )
    expect(await answer((cb) => link.getChildren(root, false, cb))).toMatchObject({ children: [] })
  })

  it('checks version 0 in a transaction as 0', async () => {
    await answer((cb) => link.setData(root, NO_DATA, 0, cb))
    for (const op of ['check', 'delete', 'setData'] as const) {
      const part: MultiPart =
        op === 'setData' ? { op, path: root, data: NO_DATA, version: 0 } : { op, path: root, version: 0 }
      expect(await answer((cb) => link.multi([part], cb))).toBe('BAD_VERSION @0')
    }
  })

  it('gets no results for a transaction without parts', async () => {
    expect(await answer((cb) => link.multi([], cb))).toEqual({ results: [] })
  })
})
