import { describe, expect, it } from 'vitest'
import { ERR } from '../../../server/src/dev-ensemble/protocol.js'
import { FLAGS } from '../../tools/conformance/raw-client.js'
import { describeEnsembles } from '../../tools/conformance/subjects.js'

describeEnsembles('watches', 1, (bench) => {
  describe('that fire once', () => {
    it('tells a watch for data of a change, and only of the first', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.setData(root, 'x')
      await zk.setData(root, 'y')
      expect(await zk.events()).toEqual([`changed ${root}`])
    })

    it('tells a watch for data of a deletion', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.delete(root)
      expect(await zk.events()).toEqual([`deleted ${root}`])
    })

    it('tells a watch for existence of a creation', async () => {
      const { zk, root } = await bench.begin()
      expect((await zk.exists(`${root}/a`, true)).err).toBe(ERR.NO_NODE)
      await zk.create(`${root}/a`)
      await zk.setData(`${root}/a`, 'x')
      expect(await zk.events()).toEqual([`created ${root}/a`])
    })

    it('tells a watch for existence of a change', async () => {
      const { zk, root } = await bench.begin()
      await zk.exists(root, true)
      await zk.setData(root, 'x')
      expect(await zk.events()).toEqual([`changed ${root}`])
    })

    it.each([['getChildren'], ['getChildren2']] as const)(
      'tells a watch of %s of a child that came',
      async (read) => {
        const { zk, root } = await bench.begin()
        await zk[read](root, true)
        await zk.create(`${root}/a`)
        await zk.create(`${root}/b`)
        expect(await zk.events()).toEqual([`children ${root}`])
      },
    )

    it('tells a watch for children of a child that went', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.getChildren(root, true)
      await zk.delete(`${root}/a`)
      expect(await zk.events()).toEqual([`children ${root}`])
    })

    it('tells a watch for children of the deletion of the node itself', async () => {
      const { zk, root } = await bench.begin()
      await zk.getChildren(root, true)
      await zk.delete(root)
      expect(await zk.events()).toEqual([`deleted ${root}`])
    })

    it('tells a watch for children nothing of data, of grandchildren and of data of children', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.getChildren(root, true)
      await zk.setData(root, 'x')
      await zk.setData(`${root}/a`, 'x')
      await zk.create(`${root}/a/b`)
      expect(await zk.events()).toEqual([])
    })

    it('tells a watch for data nothing of children and permissions', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.create(`${root}/a`)
      await zk.setAcl(root, [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }])
      expect(await zk.events()).toEqual([])
    })

    it('tells one deletion once to who watches data and children', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.getChildren(root, true)
      await zk.delete(root)
      expect(await zk.events()).toEqual([`deleted ${root}`])
    })

    it('tells of a node before its parent', async () => {
      const { zk, root } = await bench.begin()
      await zk.exists(`${root}/a`, true)
      await zk.getChildren(root, true)
      await zk.create(`${root}/a`)
      expect(await zk.events()).toEqual([`created ${root}/a`, `children ${root}`])
    })

    it('counts the same watch asked for twice once', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.exists(root, true)
      await zk.setData(root, 'x')
      expect(await zk.events()).toEqual([`changed ${root}`])
    })

    it('sets none on a missing node for data or children', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(`${root}/a`, true)
      await zk.getChildren(`${root}/a`, true)
      await zk.create(`${root}/a`)
      expect(await zk.events()).toEqual([])
    })

    it('tells every connection that watches', async () => {
      const { zk, root } = await bench.begin()
      const other = await bench.connect()
      await zk.getData(root, true)
      await other.getData(root, true)
      await zk.setData(root, 'x')
      expect(await zk.events()).toEqual([`changed ${root}`])
      expect(await other.events()).toEqual([`changed ${root}`])
    })

    it('sends an event before the answer to the write that caused it', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      zk.arrivals.length = 0
      await zk.setData(root, 'x')
      expect(zk.arrivals.map((arrival) => 'event' in arrival)).toEqual([true, false])
    })

    it('tells nothing when a write is refused', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.setData(root, 'x', 9)
      expect(await zk.events()).toEqual([])
    })

    it('is told of a change that writes the same data', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.setData(root, '')
      expect(await zk.events()).toEqual([`changed ${root}`])
    })

    it('tells of the nodes of a session that closes', async () => {
      const { zk, root } = await bench.begin()
      const other = await bench.connect()
      await other.create(`${root}/e`, { flags: FLAGS.ephemeral })
      await zk.exists(`${root}/e`, true)
      await zk.getChildren(root, true)
      await other.close()
      expect(await zk.events()).toEqual([`deleted ${root}/e`, `children ${root}`])
    })

    it('tells of the own nodes of a session that closes before it answers', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/e`, { flags: FLAGS.ephemeral })
      await zk.exists(`${root}/e`, true)
      zk.arrivals.length = 0
      await zk.close()
      expect(zk.arrivals.map((arrival) => ('event' in arrival ? arrival.path : arrival.err))).toEqual([
        `${root}/e`,
        0,
      ])
    })
  })

  describe('set again after a loss', () => {
    it('tell at once of what changed since', async () => {
      const { zk, root } = await bench.begin()
      for (const name of ['changed', 'gone', 'parent']) await zk.create(`${root}/${name}`)
      const { zxid } = await zk.sync()
      await zk.setData(`${root}/changed`, 'x')
      await zk.delete(`${root}/gone`)
      await zk.create(`${root}/parent/a`)
      await zk.create(`${root}/new`)
      await zk.events()
      const { err } = await zk.setWatches(zxid, {
        data: [`${root}/changed`, `${root}/gone`],
        exist: [`${root}/new`],
        child: [`${root}/parent`, `${root}/gone`],
      })
      expect(err).toBe(0)
      expect(await zk.events()).toEqual([
        `changed ${root}/changed`,
        `deleted ${root}/gone`,
        `created ${root}/new`,
        `children ${root}/parent`,
        `deleted ${root}/gone`,
      ])
    })

    it('stand where nothing changed since', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      const { zxid } = await zk.sync()
      await zk.setWatches(zxid, { data: [root], exist: [`${root}/b`], child: [`${root}/a`] })
      expect(await zk.events()).toEqual([])
      await zk.setData(root, 'x')
      await zk.create(`${root}/b`)
      await zk.create(`${root}/a/c`)
      expect(await zk.events()).toEqual([`changed ${root}`, `created ${root}/b`, `children ${root}/a`])
    })

    it('are not set where they have told already', async () => {
      const { zk, root } = await bench.begin()
      await zk.setWatches(0n, { data: [root] })
      expect(await zk.events()).toEqual([`changed ${root}`])
      await zk.setData(root, 'x')
      expect(await zk.events()).toEqual([])
    })

    it('miss a node that came and went', async () => {
      const { zk, root } = await bench.begin()
      const { zxid } = await zk.sync()
      await zk.create(`${root}/a`)
      await zk.delete(`${root}/a`)
      await zk.setWatches(zxid, { exist: [`${root}/a`] })
      expect(await zk.events()).toEqual([])
    })

    it('tell of a node that went and came again as changed', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      const { zxid } = await zk.sync()
      await zk.delete(`${root}/a`)
      await zk.create(`${root}/a`)
      await zk.setWatches(zxid, { data: [`${root}/a`] })
      expect(await zk.events()).toEqual([`changed ${root}/a`])
    })

    it('send their events before the answer', async () => {
      const { zk, root } = await bench.begin()
      zk.arrivals.length = 0
      await zk.setWatches(0n, { data: [root] })
      expect(zk.arrivals.map((arrival) => 'event' in arrival)).toEqual([true, false])
    })

    it('replay nothing where they persist', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.setWatches2(0n, { persistent: [root], recursive: [`${root}/a`] })
      expect(await zk.events()).toEqual([])
      await zk.setData(root, 'x')
      await zk.create(`${root}/a/b`)
      expect(await zk.events()).toEqual([`changed ${root}`, `created ${root}/a/b`])
    })

    it('tell one deletion once where they are recursive', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.setWatches2(0n, { recursive: [root] })
      await zk.delete(`${root}/a`)
      expect(await zk.events()).toEqual([`deleted ${root}/a`])
    })

    it('work alike in both requests for those that fire once', async () => {
      const { zk, root } = await bench.begin()
      const { zxid } = await zk.sync()
      await zk.setData(root, 'x')
      await zk.setWatches2(zxid, { data: [root], child: [root], exist: [root] })
      expect(await zk.events()).toEqual([`changed ${root}`, `created ${root}`])
    })

    it('end with their connection, not with their session', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.drop()
      const again = await bench.connect({ session: zk.session })
      await again.setData(root, 'x')
      expect(await again.events()).toEqual([])
    })
  })
})
