import { describe, expect, it } from 'vitest'
import { ERR } from '../../../server/src/dev-ensemble/protocol.js'
import { FLAGS } from '../../tools/conformance/raw-client.js'
import { describeEnsembles } from '../../tools/conformance/subjects.js'

describeEnsembles('a server with watches', 1, (bench) => {
  describe('a one-shot watch', () => {
    it('fires for a change of data, and only for the first', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.setData(root, 'x')
      await zk.setData(root, 'y')
      expect(await zk.events()).toEqual([`changed ${root}`])
    })

    it('fires for a deletion if it is for data', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.delete(root)
      expect(await zk.events()).toEqual([`deleted ${root}`])
    })

    it('fires for a creation if it is for existence', async () => {
      const { zk, root } = await bench.begin()
      expect((await zk.exists(`${root}/a`, true)).err).toBe(ERR.NO_NODE)
      await zk.create(`${root}/a`)
      await zk.setData(`${root}/a`, 'x')
      expect(await zk.events()).toEqual([`created ${root}/a`])
    })

    it('fires for a change if it is for existence', async () => {
      const { zk, root } = await bench.begin()
      await zk.exists(root, true)
      await zk.setData(root, 'x')
      expect(await zk.events()).toEqual([`changed ${root}`])
    })

    it.each([['getChildren'], ['getChildren2']] as const)(
      'fires for a new child if %s has set it',
      async (read) => {
        const { zk, root } = await bench.begin()
        await zk[read](root, true)
        await zk.create(`${root}/a`)
        await zk.create(`${root}/b`)
        expect(await zk.events()).toEqual([`children ${root}`])
      },
    )

    it('fires for a deleted child if it is for children', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.getChildren(root, true)
      await zk.delete(`${root}/a`)
      expect(await zk.events()).toEqual([`children ${root}`])
    })

    it('fires for the deletion of the node itself if it is for children', async () => {
      const { zk, root } = await bench.begin()
      await zk.getChildren(root, true)
      await zk.delete(root)
      expect(await zk.events()).toEqual([`deleted ${root}`])
    })

    it('does not fire for data, grandchildren and data of children if it is for children', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.getChildren(root, true)
      await zk.setData(root, 'x')
      await zk.setData(`${root}/a`, 'x')
      await zk.create(`${root}/a/b`)
      expect(await zk.events()).toEqual([])
    })

    it('does not fire for children and permissions if it is for data', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.create(`${root}/a`)
      await zk.setAcl(root, [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }])
      expect(await zk.events()).toEqual([])
    })

    it('fires once for a deletion on a connection that watches data and children', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.getChildren(root, true)
      await zk.delete(root)
      expect(await zk.events()).toEqual([`deleted ${root}`])
    })

    it('fires for a node before it fires for the parent', async () => {
      const { zk, root } = await bench.begin()
      await zk.exists(`${root}/a`, true)
      await zk.getChildren(root, true)
      await zk.create(`${root}/a`)
      expect(await zk.events()).toEqual([`created ${root}/a`, `children ${root}`])
    })

    it('counts once if it is set twice', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.exists(root, true)
      await zk.setData(root, 'x')
      expect(await zk.events()).toEqual([`changed ${root}`])
    })

    it('is not set on a missing node for data or children', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(`${root}/a`, true)
      await zk.getChildren(`${root}/a`, true)
      await zk.create(`${root}/a`)
      expect(await zk.events()).toEqual([])
    })

    it('fires on every connection that has set it', async () => {
      const { zk, root } = await bench.begin()
      const other = await bench.connect()
      await zk.getData(root, true)
      await other.getData(root, true)
      await zk.setData(root, 'x')
      expect(await zk.events()).toEqual([`changed ${root}`])
      expect(await other.events()).toEqual([`changed ${root}`])
    })

    it('sends its event before the answer to the write that caused it', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      zk.arrivals.length = 0
      await zk.setData(root, 'x')
      expect(zk.arrivals.map((arrival) => 'event' in arrival)).toEqual([true, false])
    })

    it('does not fire for a refused write', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.setData(root, 'x', 9)
      expect(await zk.events()).toEqual([])
    })

    it('fires for a change that writes the same data', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.setData(root, '')
      expect(await zk.events()).toEqual([`changed ${root}`])
    })

    it('fires for the nodes of a session that closes', async () => {
      const { zk, root } = await bench.begin()
      const other = await bench.connect()
      await other.create(`${root}/e`, { flags: FLAGS.ephemeral })
      await zk.exists(`${root}/e`, true)
      await zk.getChildren(root, true)
      await other.close()
      expect(await zk.events()).toEqual([`deleted ${root}/e`, `children ${root}`])
    })

    it('fires for the own nodes of a closing session before the close is answered', async () => {
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

  describe('a watch that is set again after a loss', () => {
    it('fires at once for a change since then', async () => {
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

    it('is set if nothing has changed since then', async () => {
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

    it('is not set if it has fired at once', async () => {
      const { zk, root } = await bench.begin()
      await zk.setWatches(0n, { data: [root] })
      expect(await zk.events()).toEqual([`changed ${root}`])
      await zk.setData(root, 'x')
      expect(await zk.events()).toEqual([])
    })

    it('misses a node that was created and deleted meanwhile', async () => {
      const { zk, root } = await bench.begin()
      const { zxid } = await zk.sync()
      await zk.create(`${root}/a`)
      await zk.delete(`${root}/a`)
      await zk.setWatches(zxid, { exist: [`${root}/a`] })
      expect(await zk.events()).toEqual([])
    })

    it('reports a node that was deleted and created again as changed', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      const { zxid } = await zk.sync()
      await zk.delete(`${root}/a`)
      await zk.create(`${root}/a`)
      await zk.setWatches(zxid, { data: [`${root}/a`] })
      expect(await zk.events()).toEqual([`changed ${root}/a`])
    })

    it('sends its events before the answer', async () => {
      const { zk, root } = await bench.begin()
      zk.arrivals.length = 0
      await zk.setWatches(0n, { data: [root] })
      expect(zk.arrivals.map((arrival) => 'event' in arrival)).toEqual([true, false])
    })

    it('replays nothing if it is persistent', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.setWatches2(0n, { persistent: [root], recursive: [`${root}/a`] })
      expect(await zk.events()).toEqual([])
      await zk.setData(root, 'x')
      await zk.create(`${root}/a/b`)
      expect(await zk.events()).toEqual([`changed ${root}`, `created ${root}/a/b`])
    })

    it('fires once for a deletion if it is recursive', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.setWatches2(0n, { recursive: [root] })
      await zk.delete(`${root}/a`)
      expect(await zk.events()).toEqual([`deleted ${root}/a`])
    })

    it('behaves alike in both requests if it is a one-shot watch', async () => {
      const { zk, root } = await bench.begin()
      const { zxid } = await zk.sync()
      await zk.setData(root, 'x')
      await zk.setWatches2(zxid, { data: [root], child: [root], exist: [root] })
      expect(await zk.events()).toEqual([`changed ${root}`, `created ${root}`])
    })

    it('ends with its connection, not with its session', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.drop()
      const again = await bench.connect({ session: zk.session })
      await again.setData(root, 'x')
      expect(await again.events()).toEqual([])
    })
  })
})
