import { describe, expect, it } from 'vitest'
import { ViewMessages } from '../../../../server/src/views/view-messages.js'
import { isNewer, normalZxid, ViewTree } from '../../../../server/src/views/view-tree.js'

const node = (czxid: string, mzxid = czxid) => ({
  czxid,
  mzxid,
  json: JSON.stringify(['', null, czxid, 0, mzxid]),
})

function tree(nodes: Record<string, ReturnType<typeof node>>): ViewTree {
  const made = new ViewTree()
  for (const [path, entry] of Object.entries(nodes)) made.put(path, entry)
  return made
}

describe('a zxid', () => {
  it.each([
    ['0x2', '0x1', true],
    ['0x1', '0x1', false],
    ['0x10', '0x9', true],
    ['0x9', '0x10', false],
    ['0x200000001', '0x1ffffffff', true],
    ['0xffffffffffffffff', '0x1', true],
  ])('%s is compared with %s as a number: newer is %s', (one, other, newer) => {
    expect(isNewer(one, other)).toBe(newer)
  })

  it('loses its leading zeros', () => {
    expect(normalZxid('0x000000010000000a')).toBe('0x10000000a')
    expect(normalZxid('0x0')).toBe('0x0')
  })
})

describe('the difference since a point', () => {
  const now = tree({ old: node('0x1'), changed: node('0x2', '0x9'), new: node('0x8') })
  const names = (entries: Iterable<[string, unknown]> | undefined) =>
    [...(entries ?? [])].map(([path]) => path)

  it('names only newer nodes where as many of the older ones remain as there were', () => {
    const difference = now.since({ zxid: '0x5', count: 2 })
    expect(names(difference?.nodes)).toEqual(['changed', 'new'])
    expect(difference).not.toHaveProperty('kept')
  })

  it('names the nodes that remain where there were more', () => {
    expect(now.since({ zxid: '0x5', count: 3 })?.kept).toEqual(['old'])
  })

  it('is null where there were fewer', () => {
    expect(now.since({ zxid: '0x5', count: 1 })).toBeNull()
  })

  it('takes a node that was created anew for one that is gone', () => {
    const again = tree({ old: node('0x1'), again: node('0x9') })
    expect(again.since({ zxid: '0x5', count: 2 })).toMatchObject({ kept: ['old'] })
  })
})

describe('the bytes of a tree', () => {
  it('are about the bytes of its snapshot, and go with the nodes', () => {
    const made = new ViewTree()
    const empty = new ViewMessages(1, made, '0x1').snapshot().length
    for (let at = 0; at < 100; at += 1) made.put(`nöde-${at}`, node('0x1'))
    const bytes = new ViewMessages(1, made, '0x1').snapshot().length - empty
    expect(Math.abs(made.bytes - bytes)).toBeLessThan(10)
    for (let at = 0; at < 100; at += 1) made.put(`nöde-${at}`, null)
    expect(made.bytes).toBe(0)
  })
})

describe('a tree', () => {
  it('counts the children of each node', () => {
    const tree = new ViewTree()
    for (const path of ['', 'a', 'a/b', 'a/c', 'd']) tree.put(path, node('0x1'))
    tree.put('a', node('0x1', '0x2'))
    tree.put('d', null)
    expect(['', 'a', 'a/b', 'd'].map((path) => tree.childCount(path))).toEqual([1, 2, 0, 0])
  })
})
