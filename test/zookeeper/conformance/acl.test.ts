import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { ERR, OP, RECORD, XID } from '../../../server/src/dev-ensemble/protocol.js'
import type { Acl } from '../../../server/src/dev-ensemble/records.js'
import { multi, step } from '../../tools/conformance/multi-request.js'
import { OPEN, withDeadline } from '../../tools/conformance/raw-client.js'
import { describeEnsembles } from '../../tools/conformance/subjects.js'

const READ = 1
const WRITE = 2
const CREATE = 4
const DELETE = 8
const ADMIN = 16
const ALL = 31

const entry = (perms: number, scheme: string, id: string): Acl => ({ perms, id: { scheme, id } })
const world = (perms: number) => [entry(perms, 'world', 'anyone')]
const digestOf = (credentials: string) =>
  `${credentials.split(':', 1)[0]}:${createHash('sha1').update(credentials).digest('base64')}`

describeEnsembles('a server with access control', 1, (bench) => {
  it.each([
    ['getData', ALL - READ, (zk, path) => zk.getData(path)],
    ['getChildren', ALL - READ, (zk, path) => zk.getChildren(path)],
    ['getChildren2', ALL - READ, (zk, path) => zk.getChildren2(path)],
    ['setData', ALL - WRITE, (zk, path) => zk.setData(path, 'x')],
    ['create', ALL - CREATE, (zk, path) => zk.create(`${path}/new`)],
    ['setAcl', ALL - ADMIN, (zk, path) => zk.setAcl(path, OPEN)],
    ['getAcl', ALL - READ - ADMIN, (zk, path) => zk.getAcl(path)],
    ['delete of a child', ALL - DELETE, async (zk, path) => ({ err: await zk.delete(`${path}/child`) })],
    [
      'getAllChildrenNumber',
      ALL - READ,
      (zk, path) => zk.call(OP.GET_ALL_CHILDREN_NUMBER, RECORD.path.of({ path })),
    ],
  ] satisfies [
    string,
    number,
    (zk: Awaited<ReturnType<typeof bench.connect>>, path: string) => Promise<{ err: number }>,
  ][])(
    'refuses %s if only its permission is missing, and allows it with the permission',
    async (_, without, act) => {
      const { zk, root } = await bench.begin()
      for (const [name, perms] of [
        ['closed', without],
        ['open', ALL],
      ] as const) {
        await zk.create(`${root}/${name}`)
        await zk.create(`${root}/${name}/child`)
        await zk.setAcl(`${root}/${name}`, world(perms))
      }
      expect((await act(zk, `${root}/closed`)).err).toBe(ERR.NO_AUTH)
      expect((await act(zk, `${root}/open`)).err).toBe(0)
    },
  )

  it('needs no permission for exists, sync and watches', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`, { acl: world(CREATE) })
    expect((await zk.exists(`${root}/a`, true)).err).toBe(0)
    expect((await zk.sync(`${root}/a`)).err).toBe(0)
    expect(await zk.addWatch(`${root}/a`, 'persistent')).toBe(0)
  })

  it('needs no permission on a node itself to delete it', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`, { acl: world(CREATE) })
    expect(await zk.delete(`${root}/a`)).toBe(0)
  })

  it('checks permissions of the parent before it looks for the node to delete', async () => {
    const { zk, root } = await bench.begin()
    await zk.setAcl(root, world(ALL - DELETE))
    expect(await zk.delete(`${root}/missing`)).toBe(ERR.NO_AUTH)
  })

  it('checks permissions before versions', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`, { acl: world(READ) })
    expect((await zk.setData(`${root}/a`, 'x', 9)).err).toBe(ERR.NO_AUTH)
  })

  it('sets no watch if it refuses the read', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`, { acl: world(ALL - READ) })
    expect((await zk.getData(`${root}/a`, true)).err).toBe(ERR.NO_AUTH)
    await zk.setData(`${root}/a`, 'x')
    expect(await zk.events()).toEqual([])
  })

  it('refuses a check in a multi without the permission to read', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`, { acl: world(ALL - READ) })
    expect((await multi(zk, [step.check(`${root}/a`)])).results.map(({ err }) => err)).toEqual([ERR.NO_AUTH])
  })

  it('admits an authenticated identity, on its connection only', async () => {
    const { zk, root } = await bench.begin()
    const other = await bench.connect()
    await zk.create(`${root}/a`, { acl: [entry(ALL, 'digest', digestOf('ann:secret'))] })
    expect((await zk.getData(`${root}/a`)).err).toBe(ERR.NO_AUTH)
    expect((await zk.auth('digest', 'ann:secret')).err).toBe(0)
    expect((await zk.getData(`${root}/a`)).err).toBe(0)
    expect((await other.getData(`${root}/a`)).err).toBe(ERR.NO_AUTH)
  })

  it('refuses a wrong password', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`, { acl: [entry(ALL, 'digest', digestOf('ann:secret'))] })
    expect((await zk.auth('digest', 'ann:guess')).err).toBe(0)
    expect((await zk.getData(`${root}/a`)).err).toBe(ERR.NO_AUTH)
  })

  it('keeps all identities of a connection', async () => {
    const zk = await bench.connect()
    await zk.auth('digest', 'ann:1')
    await zk.auth('digest', 'bob:2')
    await zk.auth('digest', 'bob:2')
    expect(await zk.whoAmI()).toEqual(['digest:ann', 'digest:bob', 'ip:127.0.0.1'])
  })

  it('takes the address of a connection as an identity', async () => {
    const zk = await bench.connect()
    expect(await zk.whoAmI()).toEqual(['ip:127.0.0.1'])
  })

  it('accepts credentials without a colon', async () => {
    const zk = await bench.connect()
    expect((await zk.auth('digest', 'ann')).err).toBe(0)
    expect(await zk.whoAmI()).toEqual(['digest:ann', 'ip:127.0.0.1'])
  })

  it('keeps colons in a password', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`, { acl: [entry(ALL, 'digest', digestOf('ann:se:cret'))] })
    await zk.auth('digest', 'ann:se:cret')
    expect((await zk.getData(`${root}/a`)).err).toBe(0)
  })

  it('answers auth with xid -4 and zxid 0', async () => {
    const zk = await bench.connect()
    expect(await zk.auth('digest', 'ann:1')).toMatchObject({ xid: XID.AUTH, zxid: 0n })
  })

  it.each([['world'], ['auth'], ['nonsense'], ['']])(
    'refuses to authenticate by the scheme %j and closes the connection',
    async (scheme) => {
      const zk = await bench.connect()
      expect((await zk.auth(scheme, 'ann:1')).err).toBe(ERR.AUTH_FAILED)
      await withDeadline(zk.closed, 'the end of the connection')
    },
  )

  it('replaces auth in a list by the authenticated identities of the connection', async () => {
    const { zk, root } = await bench.begin()
    await zk.auth('digest', 'ann:1')
    await zk.auth('digest', 'bob:2')
    await zk.create(`${root}/a`, { acl: [entry(READ + ADMIN, 'auth', 'ignored')] })
    const { acl } = await zk.getAcl(`${root}/a`)
    const ids = acl?.map(({ perms, id }) => `${perms} ${id.scheme} ${id.id}`).sort()
    expect(ids).toEqual([`17 digest ${digestOf('ann:1')}`, `17 digest ${digestOf('bob:2')}`])
  })

  it('refuses auth in a list from a connection that has not authenticated', async () => {
    const { zk, root } = await bench.begin()
    expect((await zk.create(`${root}/a`, { acl: [entry(ALL, 'auth', '')] })).err).toBe(ERR.INVALID_ACL)
  })

  it.each([
    ['an empty list', []],
    ['an unknown scheme', [entry(ALL, 'nonsense', 'x')]],
    ['anyone else of the world', [entry(ALL, 'world', 'someone')]],
    ['a digest without a colon', [entry(ALL, 'digest', 'ann')]],
    ['a digest with two colons', [entry(ALL, 'digest', 'ann:x:y')]],
    ['a digest without a hash', [entry(ALL, 'digest', 'ann:')]],
    ['an address of letters', [entry(ALL, 'ip', 'localhost')]],
    ['an address with too many bits', [entry(ALL, 'ip', '127.0.0.1/33')]],
    ['one bad entry among good ones', [...OPEN, entry(ALL, 'nonsense', 'x')]],
  ])('refuses %s', async (_, acl) => {
    const { zk, root } = await bench.begin()
    expect((await zk.create(`${root}/a`, { acl })).err).toBe(ERR.INVALID_ACL)
    expect((await zk.setAcl(root, acl)).err).toBe(ERR.INVALID_ACL)
  })

  it.each([
    ['without a name', ':hash'],
    // Surprising: colons behind the hash are ignored.
    ['with colons at the end', 'ann:hash::'],
  ])('accepts a digest %s', async (_, id) => {
    const { zk, root } = await bench.begin()
    expect((await zk.create(`${root}/a`, { acl: [entry(ALL, 'digest', id)] })).err).toBe(0)
  })

  it.each([
    ['127.0.0.1', 0],
    ['127.0.0.1/32', 0],
    ['127.0.0.0/8', 0],
    ['0.0.0.0/0', 0],
    ['127.0.0.2', ERR.NO_AUTH],
    ['10.0.0.0/8', ERR.NO_AUTH],
  ])('decides for a client at 127.0.0.1 by the address range %s', async (range, err) => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`, { acl: [entry(READ, 'ip', range)] })
    expect((await zk.getData(`${root}/a`)).err).toBe(err)
  })

  it('keeps repeated entries once, in their order', async () => {
    const { zk, root } = await bench.begin()
    const [one, two] = [entry(READ + ADMIN, 'world', 'anyone'), entry(WRITE, 'digest', 'ann:x')]
    await zk.create(`${root}/a`, { acl: [one, two, one] })
    expect((await zk.getAcl(`${root}/a`)).acl).toEqual([one, two])
  })

  it('counts changes of the list in aversion, and in nothing else', async () => {
    const { zk, root } = await bench.begin()
    const before = (await zk.exists(root)).stat
    const { stat } = await zk.setAcl(root, OPEN)
    expect(stat).toEqual({ ...before, aversion: 1 })
  })

  it('sets a list only if the version matches', async () => {
    const { zk, root } = await bench.begin()
    await zk.setData(root, 'x')
    expect((await zk.setAcl(root, OPEN, 1)).err).toBe(ERR.BAD_VERSION)
    expect((await zk.setAcl(root, OPEN, 0)).err).toBe(0)
    expect((await zk.setAcl(root, OPEN, -1)).stat?.aversion).toBe(2)
  })

  it('refuses to set the list of a missing node', async () => {
    const { zk, root } = await bench.begin()
    expect((await zk.setAcl(`${root}/a`, OPEN)).err).toBe(ERR.NO_NODE)
  })

  it('hides digests from an identity that may only read', async () => {
    const { zk, root } = await bench.begin()
    const acl = [entry(READ, 'world', 'anyone'), entry(ALL, 'digest', digestOf('ann:secret'))]
    await zk.create(`${root}/a`, { acl })
    expect((await zk.getAcl(`${root}/a`)).acl?.[1]?.id.id).toBe('ann:x')
    await zk.auth('digest', 'ann:secret')
    expect((await zk.getAcl(`${root}/a`)).acl).toEqual(acl)
  })

  it('does not pass lists on to children', async () => {
    const { zk, root } = await bench.begin()
    await zk.setAcl(root, world(READ + CREATE))
    await zk.create(`${root}/a`)
    expect((await zk.getAcl(`${root}/a`)).acl).toEqual(OPEN)
  })

  it('allows every identity everything at the root', async () => {
    const zk = await bench.connect()
    expect((await zk.getAcl('/')).acl).toEqual(OPEN)
  })

  it('stores unknown permissions as they are', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`, { acl: world(63) })
    expect((await zk.getAcl(`${root}/a`)).acl).toEqual(world(63))
  })
})
