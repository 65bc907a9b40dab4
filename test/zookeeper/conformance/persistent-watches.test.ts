import { describe, expect, it } from 'vitest'
import { ERR, OP, RECORD } from '../../../server/src/dev-ensemble/protocol.js'
import { OPEN } from '../../tools/conformance/raw-client.js'
import { describeEnsembles } from '../../tools/conformance/subjects.js'

const CHILDREN = 1
const DATA = 2
const ANY = 3

describeEnsembles('watches', 1, (bench) => {
  describe('that persist', () => {
    it('tell of every change of a node and of its children', async () => {
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

    it('survive the deletion of their node', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.addWatch(`${root}/a`, 'persistent')
      await zk.delete(`${root}/a`)
      await zk.create(`${root}/a`)
      expect(await zk.events()).toEqual([`deleted ${root}/a`, `created ${root}/a`])
    })

    it('tell of everything below when recursive, but never of children', async () => {
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

    it('do not take a sibling whose name begins the same for a node below', async () => {
      const { zk, root } = await bench.begin()
      await zk.addWatch(`${root}/a`, 'recursive')
      await zk.create(`${root}/ab`)
      expect(await zk.events()).toEqual([])
    })

    it('tell one event once, however many of a connection concern it', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.addWatch(root, 'recursive')
      await zk.addWatch(`${root}/a`, 'recursive')
      await zk.setData(`${root}/a`, 'x')
      expect(await zk.events()).toEqual([`changed ${root}/a`])
    })

    it('stand beside those that fire once further below', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.addWatch(root, 'recursive')
      await zk.getChildren(`${root}/a`, true)
      await zk.create(`${root}/a/b`)
      expect(await zk.events()).toEqual([`created ${root}/a/b`, `children ${root}/a`])
    })

    // Surprising: ZooKeeper 3.8.0 keeps one mode for each path and connection.
    it('are replaced by one that fires once on the same path', async () => {
      const { zk, root } = await bench.begin()
      await zk.addWatch(root, 'persistent')
      await zk.getData(root, true)
      await zk.setData(root, 'x')
      await zk.setData(root, 'y')
      expect(await zk.events()).toEqual([`changed ${root}`])
    })

    it('of the other mode replace the one on the same path', async () => {
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

    it('tell of the whole tree when set on the root', async () => {
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

    it('answer with a number that is 0', async () => {
      const { zk, root } = await bench.begin()
      const { body } = await zk.call(OP.ADD_WATCH, RECORD.addWatch.of({ path: root, mode: 0 }))
      expect(RECORD.error.read(body)).toEqual({ err: 0 })
    })
  })

  // Releases before 3.8.4 without Debian's patches tell everybody.
  describe('of nodes that may not be read', () => {
    const unreadable = [{ perms: 30, id: { scheme: 'world', id: 'anyone' } }]

    it('tell nothing of their creation, change and deletion', async () => {
      const { zk, root } = await bench.begin()
      await zk.addWatch(root, 'recursive')
      await zk.create(`${root}/a`, { acl: unreadable })
      await zk.setData(`${root}/a`, 'x')
      await zk.delete(`${root}/a`)
      expect(await zk.events()).toEqual([])
    })

    it('tell nothing of the end of a node that was hidden meanwhile, nor that it was hidden', async () => {
      const { zk, root } = await bench.begin()
      await zk.create(`${root}/a`)
      await zk.addWatch(root, 'recursive')
      await zk.getData(`${root}/a`, true)
      await zk.setAcl(`${root}/a`, unreadable)
      await zk.delete(`${root}/a`)
      expect(await zk.events()).toEqual([])
    })

    it('tell of a child of a node that may be read', async () => {
      const { zk, root } = await bench.begin()
      await zk.getChildren(root, true)
      await zk.create(`${root}/a`, { acl: unreadable })
      expect(await zk.events()).toEqual([`children ${root}`])
    })

    it('tell nothing of children, but of what may be read below', async () => {
      const { zk, root } = await bench.begin()
      await zk.addWatch(root, 'persistent')
      await zk.setAcl(root, unreadable)
      await zk.exists(`${root}/a`, true)
      await zk.create(`${root}/a`)
      expect(await zk.events()).toEqual([`created ${root}/a`])
    })

    it('are used up by an event that was not told', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.setAcl(root, unreadable)
      await zk.setData(root, 'x')
      await zk.setAcl(root, OPEN)
      await zk.setData(root, 'y')
      expect(await zk.events()).toEqual([])
    })

    it('tell who has authenticated', async () => {
      const { zk, root } = await bench.begin()
      const other = await bench.connect()
      await zk.auth('digest', 'ann:1')
      for (const client of [zk, other]) await client.addWatch(root, 'recursive')
      await zk.create(`${root}/a`, { acl: [{ perms: 31, id: { scheme: 'auth', id: '' } }] })
      expect(await zk.events()).toEqual([`created ${root}/a`])
      expect(await other.events()).toEqual([])
    })

    // Surprising: catching up looks at no permissions.
    it('tell of them all the same when set again', async () => {
      const { zk, root } = await bench.begin()
      await zk.setAcl(root, unreadable)
      const { zxid } = await zk.sync()
      await zk.setData(root, 'x')
      await zk.setWatches(zxid, { data: [root] })
      expect(await zk.events()).toEqual([`changed ${root}`])
    })
  })

  describe('that are removed', () => {
    it.each([
      ['data', DATA],
      ['any', ANY],
    ])('tell nothing more when those for %s are', async (_, type) => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      expect(await zk.removeWatches(root, type)).toBe(0)
      await zk.setData(root, 'x')
      expect(await zk.events()).toEqual([])
    })

    it('are of the kind that was named only', async () => {
      const { zk, root } = await bench.begin()
      await zk.getData(root, true)
      await zk.getChildren(root, true)
      expect(await zk.removeWatches(root, CHILDREN)).toBe(0)
      await zk.create(`${root}/a`)
      await zk.setData(root, 'x')
      expect(await zk.events()).toEqual([`changed ${root}`])
    })

    it('have to be there', async () => {
      const { zk, root } = await bench.begin()
      expect(await zk.removeWatches(root, ANY)).toBe(ERR.NO_WATCHER)
      await zk.getData(root, true)
      expect(await zk.removeWatches(root, CHILDREN)).toBe(ERR.NO_WATCHER)
      expect(await zk.removeWatches(root, DATA)).toBe(0)
      expect(await zk.removeWatches(root, DATA)).toBe(ERR.NO_WATCHER)
    })

    it('are the own ones only', async () => {
      const { zk, root } = await bench.begin()
      const other = await bench.connect()
      await other.getData(root, true)
      expect(await zk.removeWatches(root, ANY)).toBe(ERR.NO_WATCHER)
      await zk.setData(root, 'x')
      expect(await other.events()).toEqual([`changed ${root}`])
    })

    it.each([['persistent'], ['recursive']] as const)('may be %s ones', async (mode) => {
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

    it('are found by a check before, and not after', async () => {
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
      'are found by a check for type %i where they persist',
      async (type) => {
        const { zk, root } = await bench.begin()
        await zk.addWatch(root, 'persistent')
        await zk.addWatch(`${root}/a`, 'recursive')
        expect(await zk.checkWatches(root, type)).toBe(0)
        expect(await zk.checkWatches(`${root}/a`, type)).toBe(0)
        expect(await zk.checkWatches(`${root}/a/b`, type)).toBe(ERR.NO_WATCHER)
      },
    )

    it('are removed one kind at a time where they persist', async () => {
      const { zk, root } = await bench.begin()
      await zk.addWatch(root, 'persistent')
      expect(await zk.removeWatches(root, DATA)).toBe(0)
      await zk.setData(root, 'x')
      await zk.create(`${root}/a`)
      expect(await zk.events()).toEqual([`children ${root}`])
    })

    // Surprising: ZooKeeper 3.8.0 does not look whose it is.
    it('are found by a check that another connection makes', async () => {
      const { zk, root } = await bench.begin()
      const other = await bench.connect()
      await other.getData(root, true)
      expect(await zk.checkWatches(root, DATA)).toBe(0)
    })
  })
})
