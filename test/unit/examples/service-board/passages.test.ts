import { describe, expect, it } from 'vitest'
import { readServices } from '../../../../examples/service-board/src/catalogue.js'
import { passages } from '../../../../examples/service-board/src/passages.js'
import { Tree } from '../../../tools/boards/tree.js'

const ELECTION = '/services/shop/election'
const SEEN = { at: 9_000, seen: true }
const look = (tree: Tree) => readServices('/services', tree.nodes)

describe('the difference between two looks', () => {
  it('is empty when only data has changed', () => {
    const before = look(new Tree().add('/services/shop/a', { data: { load: 0.1 } }))
    const now = look(new Tree().add('/services/shop/a', { data: { load: 0.9 }, version: 1 }))
    expect(passages(before, now, SEEN)).toEqual([])
  })

  it('names all instances of the first look as joined, in the order of the ensemble’s clock', () => {
    const tree = new Tree()
      .add('/services/shop/b', { ctime: 3_000 })
      .add('/services/shop/c', { ctime: 2_000 })
    expect(passages([], look(tree), SEEN)).toEqual([
      { kind: 'joined', service: 'shop', name: 'c', at: 2_000 },
      { kind: 'joined', service: 'shop', name: 'b', at: 3_000 },
    ])
  })

  it('names an instance that left, with its time there', () => {
    const tree = new Tree()
      .add('/services/shop', { ephemeral: false })
      .add('/services/shop/a', { ctime: 4_000 })
    const before = look(tree)
    const now = look(tree.remove('/services/shop/a'))
    expect(passages(before, now, SEEN)).toEqual([
      { kind: 'left', service: 'shop', name: 'a', at: 9_000, livedMs: 5_000, seen: true },
    ])
    expect(passages(before, now, { at: 1_000, seen: false })).toEqual([
      { kind: 'left', service: 'shop', name: 'a', at: 1_000, livedMs: 0, seen: false },
    ])
  })

  it('names a process that was restarted under its name as left and joined', () => {
    const tree = new Tree().add('/services/shop/a', { ctime: 4_000 })
    const before = look(tree)
    const now = look(tree.remove('/services/shop/a').add('/services/shop/a', { ctime: 8_000 }))
    expect(passages(before, now, SEEN).map(({ kind, at }) => [kind, at])).toEqual([
      ['left', 9_000],
      ['joined', 8_000],
    ])
  })

  it('names a new leader and the leader before, except at an unseen first look', () => {
    const tree = new Tree()
      .add('/services/shop', { ephemeral: false })
      .add(`${ELECTION}/x1`, { data: 'a' })
      .add(`${ELECTION}/x2`, { data: 'b' })
    const before = look(tree)
    expect(passages([], before, { at: 9_000, seen: false })).toEqual([])
    const succession = { kind: 'leads', service: 'shop', name: 'b', at: 9_000 }
    expect(passages([], before, SEEN)).toEqual([{ ...succession, name: 'a', after: null }])
    const now = look(tree.remove(`${ELECTION}/x1`))
    expect(passages(before, now, SEEN)).toEqual([{ ...succession, after: 'a' }])
    const vacant = look(new Tree().add('/services/shop', { ephemeral: false }))
    expect(passages(before, vacant, SEEN)).toEqual([])
    expect(passages(vacant, now, SEEN)).toEqual([{ ...succession, after: null }])
  })
})
