import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ViewMessage } from 'zoogate-client/protocol'
import { DEFAULT_LIMITS } from '../../../../server/src/config/limit-settings.js'
import { OwnerMarks } from '../../../../server/src/session/registry.js'
import { SharedView, type SharedViewSource } from '../../../../server/src/views/shared-view.js'
import { CheckPace } from '../../../../server/src/views/view-check.js'
import type { SourceReads } from '../../../../server/src/views/view-source.js'
import type { Callback } from '../../../../server/src/zookeeper/index.js'
import { waitUntil } from '../../../tools/wait-until.js'

const NO_NODE = -101
const NO_AUTH = -102
const SYSTEM_ERROR = -1

/** A source that answers when the test says so. */
class ScriptedSource {
  zxid = '0x1'
  hasLastingWatches = true
  left = 0
  ended = 0
  readonly asked: { path: string; answer: (zxid: string, value: object | number) => void }[] = []

  newReads = (): SourceReads => ({
    hasLastingWatches: this.hasLastingWatches,
    getNode: (path, callback) => this.#ask(path, callback),
    getNodes: (count, turn) => {
      for (let left = count; left > 0; left -= 1) turn((path, callback) => this.#ask(path, callback))
    },
    getChildren: (path, callback) => this.#ask(`${path} children`, callback),
    exists: (path, callback) => this.#ask(`${path} exists`, callback),
    sync: (path, callback) => this.#ask(`${path} sync`, callback),
    end: () => {
      this.ended += 1
    },
  })
  leaveServer = () => {
    this.left += 1
  }
  remove = () => undefined

  /** Waits for the read and answers it. @param value the node, the list, or ZooKeeper's error number */
  async answer(path: string, zxid: string, value: object | number): Promise<void> {
    const question = await waitUntil(
      `${path} is asked for (${JSON.stringify(this.asked)})`,
      () => this.asked.find((asked) => asked.path === path),
      { intervalMs: 1, timeoutMs: 2000 },
    )
    this.asked.splice(this.asked.indexOf(question), 1)
    question.answer(zxid, value)
  }

  #ask<T>(path: string, callback: Callback<T>): void {
    const answer = (zxid: string, value: object | number) => {
      this.zxid = zxid
      if (typeof value === 'object') callback({ err: 0, zxid, value: value as T })
      else callback({ err: value, zxid, outcome: 'not_executed' })
    }
    this.asked.push({ path, answer })
  }
}

const node = (czxid: string, data = '') => ({
  data: Buffer.from(data),
  czxid,
  mzxid: czxid,
  ctime: 0,
  mtime: 0,
  version: 0,
  owner: null,
  numChildren: 0,
})

describe('a shared view', () => {
  let source: ScriptedSource
  let view: SharedView
  let sent: ViewMessage[]
  let types: string[]
  let viewCheckMs: number = DEFAULT_LIMITS.viewCheckMs
  beforeEach(async () => {
    source = new ScriptedSource()
    sent = []
    types = []
    const ensemble = {
      limits: { ...DEFAULT_LIMITS, maxViewBytes: 1_000 },
      marks: new OwnerMarks(),
      metrics: { viewDelta: () => undefined },
    }
    const spec = { path: '/r', depth: 'children', data: true } as const
    view = new SharedView(1, spec, ensemble, source as SharedViewSource, {
      checkPace: new CheckPace(viewCheckMs, 2_000),
      holds: () => undefined,
      readsToOpen: () => undefined,
      ended: () => undefined,
    })
    view.audience.add(page(), null)
  })
  const page = () => ({
    isSlow: false,
    send: (text: Buffer) => {
      const read = JSON.parse(String(text)) as ViewMessage
      types.push(read.type)
      if (read.type === 'view') sent.push(read)
    },
    viewEnded: () => undefined,
  })
  const event = (type: 'NodeCreated' | 'NodeDeleted' | 'NodeDataChanged', path: string) =>
    view.sourceEvent({ type, path })
  const message = (count: number) =>
    waitUntil(`message ${count}`, () => sent[count - 1], { intervalMs: 1, timeoutMs: 2000 })

  /** Shows /r with the children x and y, complete up to 0x5. */
  async function shown() {
    view.sourceAttached()
    await source.answer('/r exists', '0x5', { stat: { numChildren: 2 } })
    await source.answer('/r children', '0x5', { children: ['x', 'y'] })
    await source.answer('/r/x', '0x5', node('0x2'))
    await source.answer('/r/y', '0x5', node('0x3'))
    await message(1)
    expect(sent).toMatchObject([{ zxid: '0x5', kept: [] }])
  }

  it('is complete up to the newest reply where no event came during the reads', async () => {
    await shown()
    event('NodeCreated', '/r/z')
    await source.answer('/r/z', '0x9', node('0x7'))
    expect(await message(2)).toMatchObject({ zxid: '0x9', nodes: { z: expect.anything() } })
  })

  it('names the zxid from before the reads where an event came, and the newest one after the next batch', async () => {
    await shown()
    event('NodeCreated', '/r/z')
    await waitUntil('it is read', () => source.asked.length === 1, { intervalMs: 1 })
    event('NodeDataChanged', '/r/x')
    await source.answer('/r/z', '0x9', node('0x7'))
    expect(await message(2)).toMatchObject({ zxid: '0x5' })
    // No node has changed: the zxid alone is worth a message.
    await source.answer('/r/x', '0xa', node('0x2'))
    expect(await message(3)).toEqual({ type: 'view', view: 1, zxid: '0xa', nodes: {} })
  })

  it('holds a deletion that is newer than the zxid, since an older deletion may not be known yet', async () => {
    await shown()
    event('NodeDeleted', '/r/x')
    event('NodeCreated', '/r/z')
    await waitUntil('both are read', () => source.asked.length === 2, { intervalMs: 1 })
    event('NodeDeleted', '/r/y')
    await source.answer('/r/x', '0x9', NO_NODE)
    await source.answer('/r/z', '0x9', node('0x8'))
    expect(Object.keys((await message(2)).nodes)).toEqual(['z'])
    await source.answer('/r/y', '0xa', NO_NODE)
    expect(await message(3)).toMatchObject({ zxid: '0xa', nodes: { x: null, y: null } })
  })

  it('sends a node that replaced another one up to the zxid of the message, also while events are pending', async () => {
    await shown()
    source.zxid = '0x8'
    event('NodeCreated', '/r/x')
    await waitUntil('it is read', () => source.asked.length === 1, { intervalMs: 1 })
    event('NodeDataChanged', '/r/y')
    await source.answer('/r/x', '0x9', node('0x7'))
    expect(await message(2)).toMatchObject({ zxid: '0x8', nodes: { x: ['', null, '0x7', 0] } })
  })

  it('holds a node that replaced another one after the zxid of the message', async () => {
    await shown()
    event('NodeCreated', '/r/x')
    event('NodeCreated', '/r/z')
    await waitUntil('both are read', () => source.asked.length === 2, { intervalMs: 1 })
    event('NodeDataChanged', '/r/y')
    await source.answer('/r/x', '0x9', node('0x7'))
    await source.answer('/r/z', '0x9', node('0x8'))
    expect(Object.keys((await message(2)).nodes)).toEqual(['z'])
    await source.answer('/r/y', '0xa', node('0x3', 'new'))
    expect(Object.keys((await message(3)).nodes)).toEqual(['x', 'y'])
  })

  it('holds no result for longer than one batch, however many events come', async () => {
    await shown()
    event('NodeDeleted', '/r/x')
    await waitUntil('it is read', () => source.asked.length === 1, { intervalMs: 1 })
    event('NodeCreated', '/r/z')
    await source.answer('/r/x', '0x9', NO_NODE)
    await waitUntil('the next is read', () => source.asked.length === 1, { intervalMs: 1 })
    event('NodeDataChanged', '/r/z')
    await source.answer('/r/z', '0xa', node('0x8'))
    expect(await message(2)).toMatchObject({ zxid: '0x9', nodes: { x: null, z: expect.anything() } })
  })

  it('reads nodes again that changed while everything was read, before it sends anything', async () => {
    view.sourceAttached()
    await source.answer('/r exists', '0x5', { stat: { numChildren: 1 } })
    await source.answer('/r children', '0x5', { children: ['x'] })
    event('NodeDeleted', '/r/x')
    await source.answer('/r/x', '0x6', node('0x2'))
    await source.answer('/r/x', '0x8', NO_NODE)
    expect(await message(1)).toMatchObject({ zxid: '0x8', nodes: {} })
  })

  it('reads the nodes of events that come together in one batch, each node once', async () => {
    await shown()
    for (const name of ['x', 'y', 'x', 'x']) event('NodeDataChanged', `/r/${name}`)
    await waitUntil('they are read', () => source.asked.length === 2, { intervalMs: 1 })
    await source.answer('/r/x', '0x9', node('0x2', 'new'))
    expect(sent).toHaveLength(1)
    await source.answer('/r/y', '0x9', node('0x3', 'new'))
    expect(Object.keys((await message(2)).nodes)).toEqual(['x', 'y'])
  })

  it('sends no message for events that have changed nothing', async () => {
    await shown()
    event('NodeCreated', '/r/hidden')
    await source.answer('/r/hidden', '0x9', NO_NODE)
    event('NodeCreated', '/r/z')
    await source.answer('/r/z', '0xb', node('0xa'))
    expect(await message(2)).toMatchObject({ zxid: '0xb' })
  })

  it('drops the reads from before a loss, and sends the difference after it', async () => {
    await shown()
    event('NodeDataChanged', '/r/x')
    await waitUntil('it is read', () => source.asked.length === 1, { intervalMs: 1 })
    const [late] = source.asked.splice(0)
    view.sourceLost()
    expect(types).toEqual(['view', 'viewStale'])
    // The reply to a read from before the loss is dropped.
    late?.answer('0x9', node('0x2', 'late'))
    view.sourceAttached()
    await source.answer('/r exists', '0x9', { stat: { numChildren: 1 } })
    await source.answer('/r children', '0x9', { children: ['y'] })
    await source.answer('/r/y', '0x9', node('0x3'))
    expect(await message(2)).toMatchObject({ zxid: '0x9', nodes: { x: null } })
  })

  it('drops its reads when the last page leaves', async () => {
    view.sourceAttached()
    await source.answer('/r exists', '0x5', { stat: { numChildren: 2 } })
    await source.answer('/r children', '0x5', { children: ['x', 'y'] })
    expect(source.ended).toBe(0)
    view.end()
    expect(source.ended).toBe(1)
  })

  it('ends as soon as its results are too large, without the rest of them', async () => {
    view.sourceAttached()
    await source.answer('/r exists', '0x5', { stat: { numChildren: 3 } })
    await source.answer('/r children', '0x5', { children: ['x', 'y', 'z'] })
    await source.answer('/r/x', '0x5', node('0x2', 'a'.repeat(500)))
    expect(types).toEqual([])
    await source.answer('/r/y', '0x5', node('0x3', 'a'.repeat(500)))
    expect(types).toEqual(['viewEnded'])
    expect(source.ended).toBe(1)
  })

  it('leaves a server whose replies make no sense', async () => {
    await shown()
    event('NodeDataChanged', '/r/x')
    await source.answer('/r/x', '0x9', SYSTEM_ERROR)
    expect(source.left).toBe(1)
    expect(types).toEqual(['view'])
  })

  describe('a shared view with one-shot watches', () => {
    beforeEach(async () => {
      source.hasLastingWatches = false
      await shown()
    })
    const listChanged = () => view.sourceEvent({ type: 'NodeChildrenChanged', path: '/r' })

    /** Answers the reads of one list of children. */
    async function list(zxid: string, ...children: string[]) {
      await source.answer('/r exists', zxid, { stat: { numChildren: children.length } })
      await source.answer('/r children', zxid, { children })
    }

    it('finds a node that comes back between its own read and that of the list', async () => {
      event('NodeDeleted', '/r/x')
      view.sourceEvent({ type: 'NodeDeleted', path: '/r' })
      await source.answer('/r/x', '0x9', NO_NODE)
      await list('0xa', 'x', 'y')
      await source.answer('/r/x', '0xa', node('0xa'))
      expect(await message(2)).toMatchObject({ zxid: '0xa', nodes: { x: ['', null, '0xa', 0] } })
    })

    it('finds a node that comes back while its deletion is held', async () => {
      event('NodeDeleted', '/r/x')
      await waitUntil('it is read', () => source.asked.length === 1, { intervalMs: 1 })
      listChanged()
      await source.answer('/r/x', '0x9', NO_NODE)
      await list('0xa', 'x', 'y')
      await source.answer('/r/x', '0xa', node('0xa'))
      expect(await message(2)).toMatchObject({ zxid: '0xa', nodes: { x: ['', null, '0xa', 0] } })
    })
  })

  describe('a shared view that checks its nodes', () => {
    beforeAll(() => {
      viewCheckMs = 20
    })
    afterAll(() => {
      viewCheckMs = DEFAULT_LIMITS.viewCheckMs
    })
    afterEach(() => view.end())

    async function check(zxid: string, children: string[], nodes: Record<string, object | number>) {
      await source.answer('/r exists', zxid, { stat: { numChildren: children.length } })
      await source.answer('/r children', zxid, { children })
      for (const [name, value] of Object.entries(nodes)) await source.answer(`/r/${name}`, zxid, value)
    }

    it('reads each node once and sends nothing where nothing has changed', async () => {
      await shown()
      for (const zxid of ['0x6', '0x7']) await check(zxid, ['x', 'y'], { x: node('0x2'), y: node('0x3') })
      expect(types).toEqual(['view'])
    })

    it('finds nodes that are gone, hidden, and readable again', async () => {
      await shown()
      await check('0x9', ['y', 'z'], { x: NO_NODE, y: NO_AUTH, z: node('0x2') })
      expect(await message(2)).toMatchObject({
        zxid: '0x9',
        nodes: { x: null, y: null, z: expect.anything() },
      })
    })

    it('reads the nodes of events in the same batch', async () => {
      await shown()
      await waitUntil('the check is under way', () => source.asked.length > 0, { intervalMs: 1 })
      event('NodeDataChanged', '/r/x')
      await check('0x9', ['x', 'y'], { x: node('0x2'), y: node('0x3') })
      await source.answer('/r/x', '0xa', node('0x2', 'new'))
      expect(await message(2)).toMatchObject({ zxid: '0xa' })
    })
  })
})
