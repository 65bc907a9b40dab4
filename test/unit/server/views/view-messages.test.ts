import { describe, expect, it } from 'vitest'
import { ViewMessages } from '../../../../server/src/views/view-messages.js'
import { ViewTree } from '../../../../server/src/views/view-tree.js'

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

describe('the messages of one state', () => {
  it('are encoded once', () => {
    const messages = new ViewMessages(7, tree({ a: node('0x1') }), '0x5')
    expect(messages.snapshot()).toBe(messages.snapshot())
    expect(messages.difference({ zxid: '0x1', count: 1 })).toBe(
      messages.difference({ zxid: '0x1', count: 1 }),
    )
  })

  it('keep at most 64 differences, however many pages ask for', () => {
    const messages = new ViewMessages(7, tree({ a: node('0x1') }), '0x5')
    const texts = Array.from({ length: 200 }, (_, count) =>
      messages.difference({ zxid: '0x1', count: count + 1 }),
    )
    const again = texts.filter(
      (text, count) => messages.difference({ zxid: '0x1', count: count + 1 }) === text,
    )
    expect(again).toHaveLength(64)
  })

  it('keep at most a megabyte of differences', () => {
    const tree = new ViewTree()
    const data = 'x'.repeat(400_000)
    tree.put('old', node('0x1'))
    tree.put('new', { czxid: '0x9', mzxid: '0x9', json: JSON.stringify([data, null, '0x9', 0]) })
    const messages = new ViewMessages(1, tree, '0x9')
    const points = [2, 3, 4, 5].map((zxid) => ({ zxid: `0x${zxid}` as const, count: 1 }))
    const texts = points.map((point) => messages.difference(point))
    const kept = points.map((point, at) => messages.difference(point) === texts[at])
    expect(kept).toEqual([true, true, false, false])
  })
})
