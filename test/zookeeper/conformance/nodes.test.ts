import { expect, it } from 'vitest'
import { ERR, OP, RECORD } from '../../../server/src/dev-ensemble/protocol.js'
import { brief, FLAGS, OPEN } from '../../tools/conformance/raw-client.js'
import { describeEnsembles } from '../../tools/conformance/subjects.js'

describeEnsembles('a server', 1, (bench) => {
  it('creates a node and answers with its path', async () => {
    const { zk, root } = await bench.begin()
    expect(await zk.create(`${root}/a`)).toMatchObject({ err: 0, path: `${root}/a` })
  })

  it('answers create2 with the Stat of a node that was never changed', async () => {
    const { zk, root } = await bench.begin()
    const { err, path, stat, zxid } = await zk.create2(`${root}/a`, { data: 'abc' })
    expect({ err, path }).toEqual({ err: 0, path: `${root}/a` })
    expect(brief(stat)).toEqual({ version: 0, cversion: 0, aversion: 0, dataLength: 3, numChildren: 0 })
    expect([stat?.czxid, stat?.mzxid, stat?.pzxid]).toEqual([zxid, zxid, zxid])
    expect(stat?.ctime).toBe(stat?.mtime)
    expect(stat?.ephemeralOwner).toBe(0n)
  })

  it('stamps nodes with the time in milliseconds', async () => {
    const { zk, root } = await bench.begin()
    const before = BigInt(Date.now())
    const { stat } = await zk.create2(`${root}/a`)
    expect(stat?.ctime).toBeGreaterThanOrEqual(before - 1000n)
    expect(stat?.ctime).toBeLessThanOrEqual(BigInt(Date.now()) + 1000n)
  })

  it('keeps null data apart from empty data', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/null`, { data: null })
    await zk.create(`${root}/empty`, { data: '' })
    expect(await zk.getData(`${root}/null`)).toMatchObject({ err: 0, data: null })
    expect((await zk.getData(`${root}/empty`)).data).toEqual(Buffer.alloc(0))
    expect((await zk.exists(`${root}/null`)).stat?.dataLength).toBe(0)
  })

  it('returns data byte for byte', async () => {
    const { zk, root } = await bench.begin()
    const data = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    await zk.create(`${root}/a`, { data })
    expect((await zk.getData(`${root}/a`)).data).toEqual(data)
  })

  it.each([
    ['without a leading slash', 'a', ERR.BAD_ARGUMENTS],
    ['that is empty', '', ERR.BAD_ARGUMENTS],
    ['of the root', '/', ERR.NODE_EXISTS],
    ['with an empty step', '//a', ERR.BAD_ARGUMENTS],
    ['with a step of one dot', '/.', ERR.BAD_ARGUMENTS],
    ['with a step of two dots', '/..', ERR.BAD_ARGUMENTS],
    ['with the last control character', '/a\u001f', ERR.BAD_ARGUMENTS],
    ['with the delete character', '/a\u007f', ERR.BAD_ARGUMENTS],
    ['with the last of the second control block', '/a\u009f', ERR.BAD_ARGUMENTS],
    ['with the last character for private use', '/a\uf8ff', ERR.BAD_ARGUMENTS],
    ['with the first special character', '/a\ufff0', ERR.BAD_ARGUMENTS],
    ['with a control character', '/a\u0001', ERR.BAD_ARGUMENTS],
    ['with a null character', '/a\u0000b', ERR.BAD_ARGUMENTS],
    ['with a character of the second control block', '/a\u0085', ERR.BAD_ARGUMENTS],
    ['with an emoji', '/a\u{1f600}', ERR.BAD_ARGUMENTS],
    ['with a character for private use', '/a\ue000', ERR.BAD_ARGUMENTS],
    ['of a missing parent', '/missing/a', ERR.NO_NODE],
  ])('refuses to create a path %s', async (_, path, err) => {
    const zk = await bench.connect()
    expect((await zk.create(path)).err).toBe(err)
  })

  it.each([
    ['a slash at the end', '/a/', ERR.NO_NODE],
    ['an empty step inside', '//b', ERR.NO_NODE],
    ['a step of one dot inside', '/./b', ERR.NO_NODE],
  ])('refuses to create a path below a node with %s', async (_, tail, err) => {
    const { zk, root } = await bench.begin()
    expect((await zk.create(`${root}${tail}`)).err).toBe(err)
  })

  it('refuses a slash at the end of a path with an existing parent', async () => {
    const { zk, root } = await bench.begin()
    expect((await zk.create(`${root}/`)).err).toBe(ERR.BAD_ARGUMENTS)
  })

  it.each([
    ['accents', 'é'],
    ['Han characters', '漢字'],
    ['a space', 'a b'],
    ['a no-break space', 'a\u00a0'],
    ['a character next to the special ones', 'a\uffef'],
    ['a character next to the private ones', 'a\uf900'],
    ['dots inside a step', 'a..b.c'],
    ['three dots', '...'],
  ])('accepts a path with %s', async (_, name) => {
    const { zk, root } = await bench.begin()
    expect(await zk.create(`${root}/${name}`)).toMatchObject({ err: 0, path: `${root}/${name}` })
    expect((await zk.getChildren(root)).children).toEqual([name])
  })

  it('refuses to create a node that exists', async () => {
    const { zk, root } = await bench.begin()
    expect((await zk.create(root)).err).toBe(ERR.NODE_EXISTS)
  })

  it('refuses flags without a meaning', async () => {
    const { zk, root } = await bench.begin()
    expect((await zk.create(`${root}/a`, { flags: 7 })).err).toBe(ERR.BAD_ARGUMENTS)
    expect((await zk.create(`${root}/a`, { flags: -1 })).err).toBe(ERR.BAD_ARGUMENTS)
  })

  it('numbers sequential nodes with ten digits', async () => {
    const { zk, root } = await bench.begin()
    const first = await zk.create(`${root}/n-`, { flags: FLAGS.persistentSequential })
    const second = await zk.create(`${root}/n-`, { flags: FLAGS.persistentSequential })
    expect([first.path, second.path]).toEqual([`${root}/n-0000000000`, `${root}/n-0000000001`])
  })

  it('counts every child that was created for the next number, sequential or not', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/plain`)
    await zk.create(`${root}/other`)
    expect((await zk.create(`${root}/n-`, { flags: 2 })).path).toBe(`${root}/n-0000000002`)
  })

  // Surprising, because cversion counts deletions: the next number does not.
  it('does not count deletions for the next number', async () => {
    const { zk, root } = await bench.begin()
    const { path } = await zk.create(`${root}/n-`, { flags: 2 })
    await zk.delete(path)
    expect((await zk.create(`${root}/n-`, { flags: 2 })).path).toBe(`${root}/n-0000000001`)
  })

  it('does not count refused creates for the next number', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`)
    await zk.create(`${root}/a`)
    expect((await zk.create(`${root}/n-`, { flags: 2 })).path).toBe(`${root}/n-0000000001`)
  })

  it('names a sequential node by its number alone if the path ends with a slash', async () => {
    const { zk, root } = await bench.begin()
    expect((await zk.create(`${root}/`, { flags: 2 })).path).toBe(`${root}/0000000000`)
  })

  it('counts creations and deletions in cversion', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`)
    await zk.create(`${root}/b`)
    await zk.delete(`${root}/a`)
    expect(brief((await zk.exists(root)).stat)).toMatchObject({ cversion: 3, numChildren: 1 })
  })

  it('raises pzxid of the parent for creations and deletions only', async () => {
    const { zk, root } = await bench.begin()
    const created = await zk.create(`${root}/a`)
    expect((await zk.exists(root)).stat?.pzxid).toBe(created.zxid)
    await zk.setData(`${root}/a`, 'x')
    await zk.setData(root, 'x')
    await zk.setAcl(root, OPEN)
    expect((await zk.exists(root)).stat?.pzxid).toBe(created.zxid)
    await zk.delete(`${root}/a`)
    expect((await zk.exists(root)).stat?.pzxid).toBeGreaterThan(created.zxid)
  })

  it('keeps version and mzxid of a parent when children are created and deleted', async () => {
    const { zk, root } = await bench.begin()
    const before = (await zk.exists(root)).stat
    await zk.create(`${root}/a`)
    const after = (await zk.exists(root)).stat
    expect([after?.version, after?.mzxid]).toEqual([before?.version, before?.mzxid])
  })

  it('records a change of data in version, mzxid and dataLength', async () => {
    const { zk, root } = await bench.begin()
    const { stat, zxid } = await zk.setData(root, 'four')
    expect(brief(stat)).toMatchObject({ version: 1, cversion: 0, aversion: 0, dataLength: 4 })
    expect(stat?.mzxid).toBe(zxid)
    expect(stat?.czxid).toBeLessThan(zxid)
  })

  it('accepts null as data', async () => {
    const { zk, root } = await bench.begin()
    expect((await zk.setData(root, null)).err).toBe(0)
    expect((await zk.getData(root)).data).toBeNull()
  })

  it('sets data only if the version matches', async () => {
    const { zk, root } = await bench.begin()
    expect((await zk.setData(root, 'x', 1)).err).toBe(ERR.BAD_VERSION)
    expect((await zk.setData(root, 'x', 0)).err).toBe(0)
    expect((await zk.setData(root, 'y', 0)).err).toBe(ERR.BAD_VERSION)
    expect((await zk.setData(root, 'y', -1)).stat?.version).toBe(2)
    expect((await zk.setData(root, 'y', -2)).err).toBe(ERR.BAD_VERSION)
  })

  it('refuses to set data of a missing node', async () => {
    const { zk, root } = await bench.begin()
    expect((await zk.setData(`${root}/a`, 'x')).err).toBe(ERR.NO_NODE)
  })

  it('deletes a node', async () => {
    const { zk, root } = await bench.begin()
    expect(await zk.delete(root)).toBe(0)
    expect((await zk.exists(root)).err).toBe(ERR.NO_NODE)
    expect(await zk.delete(root)).toBe(ERR.NO_NODE)
  })

  it('deletes a node only if the version matches', async () => {
    const { zk, root } = await bench.begin()
    await zk.setData(root, 'x')
    expect(await zk.delete(root, 0)).toBe(ERR.BAD_VERSION)
    expect(await zk.delete(root, 1)).toBe(0)
  })

  it('refuses to delete a node with children', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`)
    expect(await zk.delete(root)).toBe(ERR.NOT_EMPTY)
    // The version is checked first.
    expect(await zk.delete(root, 5)).toBe(ERR.BAD_VERSION)
  })

  it.each([['/'], ['/zookeeper'], ['/zookeeper/config'], ['/zookeeper/quota'], ['a'], ['']])(
    'refuses to delete %j',
    async (path) => {
      const zk = await bench.connect()
      expect(await zk.delete(path)).toBe(ERR.BAD_ARGUMENTS)
    },
  )

  it('refuses to delete a path with a slash at the end', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`)
    expect(await zk.delete(`${root}/a/`)).toBe(ERR.NO_NODE)
  })

  it('starts a node that is created again from version 0', async () => {
    const { zk, root } = await bench.begin()
    await zk.setData(root, 'x')
    await zk.delete(root)
    expect(brief((await zk.create2(root)).stat).version).toBe(0)
  })

  it.each([['missing'], ['/missing'], ['/missing/']])('answers NO_NODE to every read of %j', async (path) => {
    const zk = await bench.connect()
    const answers = [
      await zk.exists(path),
      await zk.getData(path),
      await zk.getChildren(path),
      await zk.getChildren2(path),
      await zk.getAcl(path),
    ]
    expect(answers.map(({ err }) => err)).toEqual(answers.map(() => ERR.NO_NODE))
  })

  it('reads an empty path as the root', async () => {
    const zk = await bench.connect()
    expect((await zk.exists('')).stat?.czxid).toBe(0n)
    expect((await zk.getChildren('')).children).toContain('zookeeper')
  })

  it('holds the nodes of ZooKeeper itself', async () => {
    const zk = await bench.connect()
    expect((await zk.getChildren('/zookeeper')).children?.sort()).toEqual(['config', 'quota'])
  })

  it('lists children, with and without the Stat', async () => {
    const { zk, root } = await bench.begin()
    for (const name of ['b', 'a', 'c']) await zk.create(`${root}/${name}`)
    await zk.create(`${root}/a/deeper`)
    expect((await zk.getChildren(root)).children?.sort()).toEqual(['a', 'b', 'c'])
    const { children, stat } = await zk.getChildren2(root)
    expect(children?.sort()).toEqual(['a', 'b', 'c'])
    expect(stat?.numChildren).toBe(3)
  })

  it('counts all nodes below one', async () => {
    const { zk, root } = await bench.begin()
    for (const name of ['a', 'a/b', 'a/b/c', 'd']) await zk.create(`${root}/${name}`)
    const { err, body } = await zk.call(OP.GET_ALL_CHILDREN_NUMBER, RECORD.path.of({ path: root }))
    expect({ err, ...RECORD.count.read(body) }).toEqual({ err: 0, count: 4 })
    const missing = await zk.call(OP.GET_ALL_CHILDREN_NUMBER, RECORD.path.of({ path: `${root}/x` }))
    expect(missing.err).toBe(ERR.NO_NODE)
  })

  it('does not count a sibling with the same beginning of its name', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`)
    await zk.create(`${root}/ab`)
    const { body } = await zk.call(OP.GET_ALL_CHILDREN_NUMBER, RECORD.path.of({ path: `${root}/a` }))
    expect(RECORD.count.read(body).count).toBe(0)
  })

  it('answers sync with its path, also for a missing node', async () => {
    const zk = await bench.connect()
    expect(await zk.sync('/missing')).toMatchObject({ err: 0, path: '/missing' })
  })

  it('gives a refused write a zxid of its own, too', async () => {
    const { zk, root } = await bench.begin()
    const first = await zk.create(`${root}/a`)
    const refused = await zk.create(`${root}/a`)
    const second = await zk.create(`${root}/b`)
    expect([refused.zxid - first.zxid, second.zxid - refused.zxid]).toEqual([1n, 1n])
  })

  it('answers reads with the zxid of the last write', async () => {
    const { zk, root } = await bench.begin()
    const { zxid } = await zk.create(`${root}/a`)
    expect((await zk.exists(root)).zxid).toBe(zxid)
    expect((await zk.sync()).zxid).toBe(zxid)
  })
})
