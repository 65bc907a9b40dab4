import { expect, it } from 'vitest'
import { ERR, OP } from '../../../server/src/dev-ensemble/protocol.js'
import { FLAGS } from '../../tools/conformance/raw-client.js'
import { describeEnsembles } from '../../tools/conformance/subjects.js'

describeEnsembles('a server with containers and times to live', 1, (bench) => {
  it('makes a container only for the container request, whatever the flags', async () => {
    const { zk, root } = await bench.begin()
    await zk.create2(`${root}/asked`, { flags: FLAGS.persistent }, OP.CREATE_CONTAINER)
    // Surprising: the flags of a container alone make an ordinary node.
    await zk.create2(`${root}/flagged`, { flags: FLAGS.container })
    for (const name of ['flagged', 'asked']) {
      await zk.create(`${root}/${name}/child`)
      await zk.delete(`${root}/${name}/child`)
    }
    await expect.poll(async () => (await zk.exists(`${root}/asked`)).err, { timeout: 5000 }).toBe(ERR.NO_NODE)
    expect((await zk.exists(`${root}/flagged`)).err).toBe(0)
  })

  // Surprising: other clients cannot tell a container or a node with a time to live from an ordinary one.
  it('shows no owner for containers and nodes with a time to live', async () => {
    const { zk, root } = await bench.begin()
    const container = await zk.create2(`${root}/c`, { flags: FLAGS.container }, OP.CREATE_CONTAINER)
    const mortal = await zk.createTtl(`${root}/t`, 100_000n)
    expect([container.stat?.ephemeralOwner, mortal.stat?.ephemeralOwner]).toEqual([0n, 0n])
  })

  it('removes a container some time after its last child is deleted', async () => {
    const { zk, root } = await bench.begin()
    await zk.create2(`${root}/c`, { flags: FLAGS.container }, OP.CREATE_CONTAINER)
    await zk.create(`${root}/c/child`)
    await zk.delete(`${root}/c/child`)
    await expect.poll(async () => (await zk.exists(`${root}/c`)).err, { timeout: 5000 }).toBe(ERR.NO_NODE)
  })

  it('keeps a container that never had a child, and one that has', async () => {
    const { zk, root } = await bench.begin()
    for (const name of ['never', 'has', 'had']) {
      await zk.create2(`${root}/${name}`, { flags: FLAGS.container }, OP.CREATE_CONTAINER)
    }
    await zk.create(`${root}/has/child`)
    await zk.create(`${root}/had/child`)
    await zk.delete(`${root}/had/child`)
    await expect.poll(async () => (await zk.exists(`${root}/had`)).err, { timeout: 5000 }).toBe(ERR.NO_NODE)
    expect((await zk.exists(`${root}/never`)).err).toBe(0)
    expect((await zk.exists(`${root}/has`)).err).toBe(0)
  })

  it('removes a node when its time to live is over, and not before', async () => {
    const { zk, root } = await bench.begin()
    const { stat } = await zk.createTtl(`${root}/t`, 1000n)
    expect((await zk.exists(`${root}/t`)).err).toBe(0)
    await expect.poll(async () => (await zk.exists(`${root}/t`)).err, { timeout: 5000 }).toBe(ERR.NO_NODE)
    expect(BigInt(Date.now()) - (stat?.ctime ?? 0n)).toBeGreaterThanOrEqual(1000n)
  })

  it('starts a time to live anew with each change of data', async () => {
    const { zk, root } = await bench.begin()
    await zk.createTtl(`${root}/t`, 600n)
    await zk.createTtl(`${root}/changed`, 600n)
    await expect
      .poll(
        async () => {
          expect((await zk.setData(`${root}/changed`, 'x')).err).toBe(0)
          return (await zk.exists(`${root}/t`)).err
        },
        { timeout: 5000 },
      )
      .toBe(ERR.NO_NODE)
    expect((await zk.exists(`${root}/changed`)).err).toBe(0)
  })

  it('numbers sequential nodes with a time to live', async () => {
    const { zk, root } = await bench.begin()
    const { path } = await zk.createTtl(`${root}/t-`, 100_000n, FLAGS.ttlSequential)
    expect(path).toBe(`${root}/t-0000000000`)
  })

  it.each([
    ['nothing', 0n, FLAGS.ttl],
    ['a negative number', -5n, FLAGS.ttl],
    ['more than 40 bits', 1n << 40n, FLAGS.ttl],
    ['a number for a node without one', 5n, FLAGS.persistent],
  ])('refuses %s as a time to live', async (_, ttlMs, flags) => {
    const { zk, root } = await bench.begin()
    expect((await zk.createTtl(`${root}/t`, ttlMs, flags)).err).toBe(ERR.BAD_ARGUMENTS)
  })

  it('refuses the flags of a time to live in a request without one', async () => {
    const { zk, root } = await bench.begin()
    expect((await zk.create(`${root}/t`, { flags: FLAGS.ttl })).err).toBe(ERR.BAD_ARGUMENTS)
  })
})
