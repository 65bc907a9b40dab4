import { describe, expect, it } from 'vitest'
import { ERR, OP, RECORD } from '../../../server/src/dev-ensemble/protocol.js'
import { OPEN } from '../../tools/conformance/raw-client.js'
import { describeEnsembles } from '../../tools/conformance/subjects.js'

const CHILDREN = 1
const DATA = 2
const ANY = 3

describeEnsembles('a server with persistent watches', 1, (bench) => {
  describe('a persistent watch', () => {
    it('fires for every change of a node and of its children', async () => {
      const { zk, root } = await bench.begin()
      await zk.addWatch(`${root}/a`, 'persistent')
      await zk.create(`${root}/a`)
      await zk.setData(`${root}/a`, 'x')
      await zk.setData(`${root}/a`, 'y')
      await zk.create(`${root}/a/b`)
      await zk.setData(`${root}/a/b`, 'x')
      await zk.delete(`${root}/a/b`)
      await zk.delete(`${root}/a`)
      expect(await zk.events()).toEqual([
        `created ${root}/a`,
        `changed ${root}/a`,
        `changed ${root}/a`,
        `children ${root}/a`,
        `children ${root}/a`,
        `deleted ${root}/a`,
      ])
    })

    it('survives the deletion of its node', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.addWatch(`${root}/a`, 'persistent')
      await zk.delete(`${root}/a`)
      await zk.create(`${root}/a`)
      expect(await zk.events()).toEqual([`deleted ${root}/a`, `created ${root}/a`])
    })

    it('fires for every node below when recursive, but never for children', async () => {
      const { zk, root } = await bench.begin()
      await zk.addWatch(root, 'recursive')
      await zk.create(`${root}/a`)
      await zk.create(`${root}/a/b`)
      await zk.setData(`${root}/a/b`, 'x')
      await zk.setData(root, 'x')
      await zk.delete(`${root}/a/b`)
      expect(await zk.events()).toEqual([
        `created ${root}/a`,
        `created ${root}/a/b`,
        `changed ${root}/a/b`,
        `changed ${root}`,
        `deleted ${root}/a/b`,
      ])
    })

    it('does not fire for a sibling with the same beginning of its name', async () => {
      const { zk, root } = await bench.begin()
      await zk.addWatch(`${root}/a`, 'recursive')
      await zk.create(`${root}/ab`)
      expect(await zk.events()).toEqual([])
    })

    it('fires once for an event that concerns several watches of a connection', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.addWatch(root, 'recursive')
      await zk.addWatch(`${root}/a`, 'recursive')
      await zk.setData(`${root}/a`, 'x')
      expect(await zk.events()).toEqual([`changed ${root}/a`])
    })

    it('exists beside one-shot watches further below', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.addWatch(root, 'recursive')
      await zk.getChildren(`${root}/a`, true)
      await zk.create(`${root}/a/b`)
      expect(await zk.events()).toEqual([`created ${root}/a/b`, `children ${root}/a`])
    })

    // Surprising: ZooKeeper 3.8.0 keeps one mode for each path and connection.
    it('is replaced by a one-shot watch on the same path', async () => {
      const { zk, root } = await bench.begin()
      await zk.addWatch(root, 'persistent')
      await zk.getData(root, true)
      await zk.setData(root, 'x')
      await zk.setData(root, 'y')
      expect(await zk.events()).toEqual([`changed ${root}`])
    })

    it('is replaced by a watch of the other mode on the same path', async () => {
      const { zk, root } = await bench.begin()
      await zk.addWatch(root, 'persistent')
      await zk.addWatch(root, 'recursive')
      await zk.create(`${root}/a`)
      await zk.setData(root, 'x')
      expect(await zk.events()).toEqual([`created ${root}/a`, `changed ${root}`])
    })

    it('can be set on a missing node and below a missing node', async () => {
      const { zk, root } = await bench.begin()
      expect(await zk.addWatch(`${root}/a/b`, 'recursive')).toBe(0)
      await zk.create(`${root}/a`)
      await zk.create(`${root}/a/b`)
      expect(await zk.events()).toEqual([`created ${root}/a/b`])
    })

    it('fires for the whole tree when set on the root', async () => {
      const { zk, root } = await bench.begin()
      await zk.addWatch('/', 'recursive')
      await zk.create(`${root}/a`)
      expect(await zk.events()).toEqual([`created ${root}/a`])
    })

    it('cannot be of an unknown mode', async () => {
      const { zk, root } = await bench.begin()
      expect(await zk.addWatch(root, 2)).toBe(ERR.MARSHALLING_ERROR)
      expect(await zk.addWatch(root, -1)).toBe(ERR.MARSHALLING_ERROR)
    })

    it('is answered with a number that is 0', async () => {
      const { zk, root } = await bench.begin()
      const { body } = await zk.call(OP.ADD_WATCH, RECORD.addWatch.of({ path: root, mode: 0 }))
      expect(RECORD.error.read(body)).toEqual({ err: 0 })
    })
  })

  // Releases before 3.8.4 without Debian's patches notify every connection.
  describe('a watch on a node that its connection may not read', () => {
    const unreadable = [{ perms: 30, id: { scheme: 'world', id: 'anyone' } }]

    it('does not fire for creation, change and deletion', async () => {
      const { zk, root } = await bench.begin()
      await zk.addWatch(root, 'recursive')
      await zk.create(`${root}/a`, { acl: unreadable })
      await zk.setData(`${root}/a`, 'x')
      await zk.delete(`${root}/a`)
      expect(await zk.events()).toEqual([])
    })

    it('does not fire for the deletion of a node that was hidden meanwhile, nor for the hiding', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.addWatch(root, 'recursive')
      await zk.getData(`${root}/a`, true)
      await zk.setAcl(`${root}/a`, unreadable)
      await zk.delete(`${root}/a`)
      expect(await zk.events()).toEqual([])
    })

    it('fires for a child of a node that the connection may read', async () => {
      const { zk, root } = await bench.begin()
      await zk.getChildren(root, true)
      await zk.create(`${root}/a`, { acl: unreadable })
      expect(await zk.events()).toEqual([`children ${root}`])
    })

    it('does not fire for children, but for readable nodes below', async () => {
      const { zk, root } = await bench.begin()
      await zk.addWatch(root, 'persistent')
      await zk.setAcl(root, unreadable)
      await zk.exists(`${root}/a`, true)
      await zk.create(`${root}/a`)
      expect(await zk.events()).toEqual([`created ${root}/a`])
    })

    it('is used up by an event that was not sent', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.setAcl(root, unreadable)
      await zk.setData(root, 'x')
      await zk.setAcl(root, OPEN)
      await zk.setData(root, 'y')
      expect(await zk.events()).toEqual([])
    })

    it('fires on a connection that has authenticated', async () => {
      const { zk, root } = await bench.begin()
      const other = await bench.connect()
      await zk.auth('digest', 'ann:1')
      for (const client of [zk, other]) await client.addWatch(root, 'recursive')
      await zk.create(`${root}/a`, { acl: [{ perms: 31, id: { scheme: 'auth', id: '' } }] })
      expect(await zk.events()).toEqual([`created ${root}/a`])
      expect(await other.events()).toEqual([])
    })

    // Surprising: ZooKeeper checks no permissions for missed events.
    it('fires all the same when it is set again', async () => {
      const { zk, root } = await bench.begin()
      await zk.setAcl(root, unreadable)
      const { zxid } = await zk.sync()
      await zk.setData(root, 'x')
      await zk.setWatches(zxid, { data: [root] })
      expect(await zk.events()).toEqual([`changed ${root}`])
    })
  })

  describe('a watch that is removed', () => {
    it.each([
      ['data', DATA],
      ['any', ANY],
    ])('does not fire any more after a removal of type %s', async (_, type) => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      expect(await zk.removeWatches(root, type)).toBe(0)
      await zk.setData(root, 'x')
      expect(await zk.events()).toEqual([])
    })

    it('is of the named kind only', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.getChildren(root, true)
      expect(await zk.removeWatches(root, CHILDREN)).toBe(0)
      await zk.create(`${root}/a`)
      await zk.setData(root, 'x')
      expect(await zk.events()).toEqual([`changed ${root}`])
    })

    it('must exist', async () => {
      const { zk, root } = await bench.begin()
      expect(await zk.removeWatches(root, ANY)).toBe(ERR.NO_WATCHER)
      await zk.getData(root, true)
      expect(await zk.removeWatches(root, CHILDREN)).toBe(ERR.NO_WATCHER)
      expect(await zk.removeWatches(root, DATA)).toBe(0)
      expect(await zk.removeWatches(root, DATA)).toBe(ERR.NO_WATCHER)
    })

    it('belongs to the connection that removes it', async () => {
      const { zk, root } = await bench.begin()
      const other = await bench.connect()
      await other.getData(root, true)
      expect(await zk.removeWatches(root, ANY)).toBe(ERR.NO_WATCHER)
      await zk.setData(root, 'x')
      expect(await other.events()).toEqual([`changed ${root}`])
    })

    it.each([['persistent'], ['recursive']] as const)('may be %s', async (mode) => {
      const { zk, root } = await bench.begin()
      await zk.addWatch(root, mode)
      expect(await zk.removeWatches(root, ANY)).toBe(0)
      await zk.setData(root, 'x')
      await zk.create(`${root}/a`)
      expect(await zk.events()).toEqual([])
    })

    it.each([[0], [4], [5], [6]])('cannot be of type %i', async (type) => {
      const { zk, root } = await bench.begin()
      await zk.addWatch(root, 'persistent')
      expect(await zk.removeWatches(root, type)).toBe(ERR.MARSHALLING_ERROR)
      expect(await zk.checkWatches(root, type)).toBe(ERR.MARSHALLING_ERROR)
    })

    it('is found by a check before the removal, and not after it', async () => {
      const { zk, root } = await bench.begin()
      expect(await zk.checkWatches(root, ANY)).toBe(ERR.NO_WATCHER)
      await zk.getData(root, true)
      expect(await zk.checkWatches(root, DATA)).toBe(0)
      expect(await zk.checkWatches(root, ANY)).toBe(0)
      expect(await zk.checkWatches(root, CHILDREN)).toBe(ERR.NO_WATCHER)
      await zk.removeWatches(root, DATA)
      expect(await zk.checkWatches(root, DATA)).toBe(ERR.NO_WATCHER)
    })

    it.each([[CHILDREN], [DATA], [ANY]])(
      'is found by a check for type %i if it is persistent',
      async (type) => {
        const { zk, root } = await bench.begin()
        await zk.addWatch(root, 'persistent')
        await zk.addWatch(`${root}/a`, 'recursive')
        expect(await zk.checkWatches(root, type)).toBe(0)
        expect(await zk.checkWatches(`${root}/a`, type)).toBe(0)
        expect(await zk.checkWatches(`${root}/a/b`, type)).toBe(ERR.NO_WATCHER)
      },
    )

    it('loses one kind at a time if it is persistent', async () => {
      const { zk, root } = await bench.begin()
      await zk.addWatch(root, 'persistent')
      expect(await zk.removeWatches(root, DATA)).toBe(0)
      await zk.setData(root, 'x')
      await zk.create(`${root}/a`)
      expect(await zk.events()).toEqual([`children ${root}`])
    })

    // Surprising: ZooKeeper 3.8.0 does not check which connection set it.
    it('is found by a check of another connection', async () => {
      const { zk, root } = await bench.begin()
      const other = await bench.connect()
      await other.getData(root, true)
      expect(await zk.checkWatches(root, DATA)).toBe(0)
    })
  })
})
