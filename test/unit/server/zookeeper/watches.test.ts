import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WatchEventType, WatchLists } from 'zoogate-client/protocol'
import { CHILD, DATA, EXIST, OutstandingWatches } from '../../../../server/src/zookeeper/watches.js'

const path = fc.stringMatching(/^\/[a-d]$/)
const paths = fc.array(path)
const lists = fc.record({ data: paths, exist: paths, child: paths, persistent: paths, recursive: paths })
const sorted = (paths: Iterable<string>) => [...new Set(paths)].sort()

describe('outstanding watches', () => {
  it('are given back in portions as they were put in, each once', () => {
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 40 }), (given, maxBytes) => {
        const watches = new OutstandingWatches(given)
        const portions = [...watches.portions(maxBytes)]
        for (const list of ['data', 'exist', 'child', 'persistent', 'recursive'] as const) {
          const back = portions.flatMap((portion) => portion[list])
          expect(back).toHaveLength(new Set(back).size)
          expect(sorted(back)).toEqual(sorted(given[list]))
        }
        expect(watches.count).toBe(portions.flatMap((portion) => Object.values(portion)).flat().length)
      }),
    )
  })

  it.each([
    ['NodeCreated', [CHILD]],
    ['NodeDataChanged', [CHILD]],
    ['NodeDeleted', []],
    ['NodeChildrenChanged', [DATA, EXIST]],
  ] as const)('keep after %s the watches that ZooKeeper keeps', (event, kept) => {
    const watches = new OutstandingWatches({ data: ['/a', '/b'], exist: ['/a'], child: ['/a'] })
    watches.fire(event, '/a')
    const expected = new OutstandingWatches({ data: ['/b'], exist: [], child: [] })
    for (const list of kept) expected.add('/a', list)
    const flat = (some: OutstandingWatches) =>
      [...some.portions(1_000)].map(({ data, exist, child }) => [sorted(data), exist, child])
    expect(flat(watches)).toEqual(flat(expected))
    expect(watches.count).toBe(expected.count)
  })

  it('keep lasting watches after every event', () => {
    const watches = new OutstandingWatches({
      data: ['/a'],
      exist: [],
      child: [],
      persistent: ['/a'],
      recursive: ['/a'],
    })
    for (const event of ['NodeDataChanged', 'NodeChildrenChanged', 'NodeDeleted', 'NodeCreated'] as const) {
      watches.fire(event, '/a')
    }
    expect(watches.count).toBe(2)
  })

  it.each<[WatchEventType, string, Partial<WatchLists>, string | null]>([
    ['NodeCreated', '/a/b', { recursive: ['/a'], child: ['/a'] }, '/a'],
    ['NodeDeleted', '/a/b', { recursive: ['/a'], persistent: ['/a'] }, '/a'],
    ['NodeCreated', '/b', { recursive: ['/'], child: ['/'] }, '/'],
    ['NodeDeleted', '/', { recursive: ['/'], child: ['/'] }, null],
    ['NodeDataChanged', '/a/b', { recursive: ['/a'], child: ['/a'] }, null],
    ['NodeCreated', '/a/b/c', { recursive: ['/a'], child: ['/a'] }, null],
    ['NodeCreated', '/a/b', { recursive: ['/a'], data: ['/a'] }, null],
    ['NodeCreated', '/a/b', { persistent: ['/a'], child: ['/a'] }, null],
  ])('conclude from %s %s with %j that the children of %s have changed', (event, at, given, parent) => {
    const watches = new OutstandingWatches({ data: [], exist: [], child: [], ...given })
    expect(watches.implied(event, at)).toBe(parent)
  })

  it('ignore an event on a path without watches', () => {
    const watches = new OutstandingWatches({ data: ['/a'], exist: [], child: [] })
    watches.fire('NodeDeleted', '/b')
    expect(watches.count).toBe(1)
  })

  it('give no portion when there are none', () => {
    expect([...new OutstandingWatches().portions(100)]).toEqual([])
  })

  it('put a path that is longer than a portion into a portion of its own', () => {
    const long = `/${'x'.repeat(50)}`
    const watches = new OutstandingWatches({ data: ['/a', long, '/b'], exist: [], child: [] })
    expect([...watches.portions(20)].map(({ data }) => data)).toEqual([['/a'], [long], ['/b']])
  })
})
