import { expect, it } from 'vitest'
import { ERR, OP, RECORD } from '../../../server/src/dev-ensemble/protocol.js'
import { encodeMulti, multi, step } from '../../tools/conformance/multi-request.js'
import { brief, FLAGS, OPEN } from '../../tools/conformance/raw-client.js'
import { describeEnsembles } from '../../tools/conformance/subjects.js'

const errors = ({ results }: Awaited<ReturnType<typeof multi>>) =>
  results.map(({ type, err, ...body }) => [type, err, body.err ?? err])

describeEnsembles('a transaction', 1, (bench) => {
  it('is answered for each step by its type', async () => {
    const { zk, root } = await bench.begin()
    const { err, results } = await multi(zk, [
      step.create(`${root}/a`),
      step.create(`${root}/b`, 0, undefined, OP.CREATE2),
      step.setData(`${root}/a`, 'x'),
      step.check(`${root}/a`, 1),
      step.delete(`${root}/b`),
    ])
    expect(err).toBe(0)
    expect(results.map(({ type, err }) => [type, err])).toEqual([
      [OP.CREATE, 0],
      // Surprising: without a Stat, as if it were the older request.
      [OP.CREATE, 0],
      [OP.SET_DATA, 0],
      [OP.CHECK, 0],
      [OP.DELETE, 0],
    ])
    expect(results[0]?.path).toBe(`${root}/a`)
    expect(results[1]).toEqual({ type: OP.CREATE, err: 0, path: `${root}/b` })
  })

  it('takes one zxid for all steps', async () => {
    const { zk, root } = await bench.begin()
    const { zxid } = await multi(zk, [step.create(`${root}/a`), step.create(`${root}/b`)])
    const stats = [(await zk.exists(`${root}/a`)).stat, (await zk.exists(`${root}/b`)).stat]
    expect(stats.map((stat) => stat?.czxid)).toEqual([zxid, zxid])
    expect((await zk.create(`${root}/c`)).zxid).toBe(zxid + 1n)
  })

  it('shows each step the effects of the steps before it', async () => {
    const { zk, root } = await bench.begin()
    const { results } = await multi(zk, [
      step.create(`${root}/a`),
      step.create(`${root}/a/b`),
      step.setData(`${root}/a`, '1', 0),
      step.setData(`${root}/a`, '2', 1),
      step.check(`${root}/a`, 2),
    ])
    expect(results.map(({ err }) => err)).toEqual([0, 0, 0, 0, 0])
    expect(results[2]?.stat).toMatchObject({ version: 1, numChildren: 1 })
    expect((await zk.getData(`${root}/a`)).data).toEqual(Buffer.from('2'))
  })

  it('changes nothing if one step is refused, and names the step', async () => {
    const { zk, root } = await bench.begin()
    const answer = await multi(zk, [
      step.create(`${root}/a`),
      step.setData(root, 'x'),
      step.check(`${root}/missing`),
      step.create(`${root}/b`),
      step.delete(`${root}/missing`),
    ])
    expect(answer.err).toBe(0)
    expect(errors(answer)).toEqual([
      [OP.ERROR, 0, 0],
      [OP.ERROR, 0, 0],
      [OP.ERROR, ERR.NO_NODE, ERR.NO_NODE],
      [OP.ERROR, ERR.RUNTIME_INCONSISTENCY, ERR.RUNTIME_INCONSISTENCY],
      [OP.ERROR, ERR.RUNTIME_INCONSISTENCY, ERR.RUNTIME_INCONSISTENCY],
    ])
    expect((await zk.getChildren(root)).children).toEqual([])
    expect((await zk.getData(root)).data).toEqual(Buffer.alloc(0))
  })

  it('leaves every field of every Stat as it was when a step is refused', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`)
    await zk.create(`${root}/b`)
    const before = [(await zk.exists(root)).stat, (await zk.exists(`${root}/a`)).stat]
    await multi(zk, [
      step.create(`${root}/c`),
      step.create(`${root}/c/d`),
      step.delete(`${root}/b`),
      step.setData(`${root}/a`, 'x'),
      step.create(`${root}/n-`, FLAGS.ephemeralSequential),
      step.check(`${root}/a`, 7),
    ])
    expect([(await zk.exists(root)).stat, (await zk.exists(`${root}/a`)).stat]).toEqual(before)
    expect((await zk.getChildren(root)).children?.sort()).toEqual(['a', 'b'])
    expect((await zk.create(`${root}/n-`, { flags: 2 })).path).toBe(`${root}/n-0000000002`)
  })

  it('puts an ephemeral node back, with its owner, when a step after its deletion is refused', async () => {
    const { zk, root } = await bench.begin()
    const owner = await bench.connect()
    await owner.create(`${root}/e`, { flags: FLAGS.ephemeral })
    const before = [(await zk.exists(root)).stat, (await zk.exists(`${root}/e`)).stat]
    await multi(zk, [step.delete(`${root}/e`), step.check(`${root}/e`)])
    expect([(await zk.exists(root)).stat, (await zk.exists(`${root}/e`)).stat]).toEqual(before)
    const { body } = await owner.call(OP.GET_EPHEMERALS, RECORD.prefix.of({ prefix: root }))
    expect(RECORD.children.read(body).children).toEqual([`${root}/e`])
    await owner.close()
    expect((await zk.exists(`${root}/e`)).err).toBe(ERR.NO_NODE)
  })

  it('uses a zxid up when it is refused', async () => {
    const { zk, root } = await bench.begin()
    const { zxid } = await multi(zk, [step.check(root, 7)])
    expect((await zk.create(`${root}/a`)).zxid).toBe(zxid + 1n)
  })

  it('numbers sequential nodes one after the other', async () => {
    const { zk, root } = await bench.begin()
    const { results } = await multi(zk, [
      step.create(`${root}/n-`, FLAGS.persistentSequential),
      step.create(`${root}/n-`, FLAGS.ephemeralSequential),
    ])
    expect(results.map(({ path }) => path)).toEqual([`${root}/n-0000000000`, `${root}/n-0000000001`])
  })

  it('removes and creates a node anew', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`)
    await zk.setData(`${root}/a`, 'x')
    const { results } = await multi(zk, [step.delete(`${root}/a`), step.create(`${root}/a`)])
    expect(results.map(({ err }) => err)).toEqual([0, 0])
    expect(brief((await zk.exists(`${root}/a`)).stat)).toMatchObject({ version: 0 })
    expect(brief((await zk.exists(root)).stat)).toMatchObject({ cversion: 3, numChildren: 1 })
  })

  it('creates and removes a node at once', async () => {
    const { zk, root } = await bench.begin()
    const { zxid } = await multi(zk, [step.create(`${root}/a`), step.delete(`${root}/a`)])
    const { stat } = await zk.exists(root)
    expect(stat).toMatchObject({ cversion: 2, numChildren: 0, pzxid: zxid })
  })

  it('refuses to remove a parent before its child, and takes the other order', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`)
    await zk.create(`${root}/a/b`)
    const [parent, child] = [step.delete(`${root}/a`), step.delete(`${root}/a/b`)]
    expect(errors(await multi(zk, [parent, child]))[0]?.[1]).toBe(ERR.NOT_EMPTY)
    expect(errors(await multi(zk, [child, parent])).map(([, err]) => err)).toEqual([0, 0])
  })

  it('owns the ephemeral nodes that it creates', async () => {
    const { zk, root } = await bench.begin()
    const other = await bench.connect()
    await multi(other, [step.create(`${root}/e`, FLAGS.ephemeral)])
    expect((await zk.exists(`${root}/e`)).stat?.ephemeralOwner).toBe(other.session.id)
    await other.close()
    expect((await zk.exists(`${root}/e`)).err).toBe(ERR.NO_NODE)
  })

  it('does not own an ephemeral node after its creation was refused', async () => {
    const { zk, root } = await bench.begin()
    await multi(zk, [step.create(`${root}/e`, FLAGS.ephemeral), step.check(`${root}/missing`)])
    const { body } = await zk.call(OP.GET_EPHEMERALS, RECORD.path.of({ path: root }))
    expect(RECORD.children.read(body).children).toEqual([])
  })

  it('refuses a child of an ephemeral node that it creates itself', async () => {
    const { zk, root } = await bench.begin()
    const answer = await multi(zk, [step.create(`${root}/e`, 1), step.create(`${root}/e/a`)])
    expect(errors(answer)[1]?.[1]).toBe(ERR.NO_CHILDREN_FOR_EPHEMERALS)
  })

  it('fires the watches of each step, in order', async () => {
    const { zk, root } = await bench.begin()
    await zk.addWatch(root, 'recursive')
    await multi(zk, [
      step.create(`${root}/a`),
      step.setData(`${root}/a`, 'x'),
      step.create(`${root}/b`),
      step.delete(`${root}/a`),
    ])
    expect(await zk.events()).toEqual([
      `created ${root}/a`,
      `changed ${root}/a`,
      `created ${root}/b`,
      `deleted ${root}/a`,
    ])
  })

  it('fires no watch if it is refused', async () => {
    const { zk, root } = await bench.begin()
    await zk.addWatch(root, 'recursive')
    await multi(zk, [step.create(`${root}/a`), step.check(`${root}/missing`)])
    expect(await zk.events()).toEqual([])
  })

  it('passes without steps', async () => {
    const zk = await bench.connect()
    expect(await multi(zk, [])).toMatchObject({ err: 0, results: [] })
  })

  it('makes containers', async () => {
    const { zk, root } = await bench.begin()
    const { results } = await multi(zk, [step.create(`${root}/c`, 4, undefined, OP.CREATE_CONTAINER)])
    expect(results[0]).toMatchObject({ type: OP.CREATE2, err: 0, path: `${root}/c` })
    await multi(zk, [step.create(`${root}/c/a`), step.delete(`${root}/c/a`)])
    await expect.poll(async () => (await zk.exists(`${root}/c`)).err, { timeout: 5000 }).toBe(ERR.NO_NODE)
  })

  it('makes nodes with a time to live', async () => {
    const { zk, root } = await bench.begin()
    const record = RECORD.createTtl.of({
      path: `${root}/t`,
      data: null,
      acl: OPEN,
      flags: FLAGS.ttl,
      ttlMs: 300n,
    })
    const { results } = await multi(zk, [{ type: OP.CREATE_TTL, record }])
    expect(results[0]).toMatchObject({ type: OP.CREATE2, err: 0, path: `${root}/t` })
    await expect.poll(async () => (await zk.exists(`${root}/t`)).err, { timeout: 5000 }).toBe(ERR.NO_NODE)
  })

  it('cannot read or change access control lists', async () => {
    const { zk, root } = await bench.begin()
    const { err } = await zk.call(OP.MULTI, encodeMulti([step.create(`${root}/a`), step.getData(root)]))
    expect(err).toBe(ERR.MARSHALLING_ERROR)
    const setAcl = { type: OP.SET_ACL, record: RECORD.setAcl.of({ path: root, acl: [], version: -1 }) }
    expect((await zk.call(OP.MULTI, encodeMulti([step.create(`${root}/a`), setAcl]))).err).toBe(
      ERR.MARSHALLING_ERROR,
    )
    expect((await zk.getChildren(root)).children).toEqual([])
  })

  it('reads many nodes at once, each with its own error', async () => {
    const { zk, root } = await bench.begin()
    await zk.create(`${root}/a`, { data: 'x' })
    const { err, results } = await multi(
      zk,
      [step.getData(`${root}/a`), step.getData(`${root}/missing`), step.getChildren(root)],
      OP.MULTI_READ,
    )
    expect(err).toBe(0)
    expect(results).toMatchObject([
      { type: OP.GET_DATA, err: 0, data: Buffer.from('x') },
      { type: OP.ERROR, err: ERR.NO_NODE },
      { type: OP.GET_CHILDREN, err: 0, children: ['a'] },
    ])
  })

  it('reads nothing by a request that would write', async () => {
    const { zk, root } = await bench.begin()
    expect((await zk.call(OP.MULTI_READ, encodeMulti([step.create(`${root}/a`)]))).err).toBe(
      ERR.MARSHALLING_ERROR,
    )
    expect((await zk.exists(`${root}/a`)).err).toBe(ERR.NO_NODE)
  })
})
