import { describe, expect, it } from 'vitest'
import { ReadWindow } from '../../../../server/src/views/read-window.js'

describe('a read window', () => {
  /** A window, and the names of the reads that it has started, in order. */
  function open(size: number) {
    const window = new ReadWindow(size)
    const started: string[] = []
    const read = (name: string) => () => void started.push(name)
    const finish = (count: number) => {
      for (let left = count; left > 0; left -= 1) window.leave()
    }
    return { window, started, read, finish }
  }

  it('bounds the reads that are under way, and starts the others in order', () => {
    const { window, started, read, finish } = open(2)
    const lane = window.lane()
    for (const name of ['a', 'b', 'c', 'd']) lane.enter(read(name))
    expect(started).toEqual(['a', 'b'])
    finish(1)
    expect(started).toEqual(['a', 'b', 'c'])
    finish(1)
    expect(started).toEqual(['a', 'b', 'c', 'd'])
  })

  it('lets lanes take turns, so that many reads of one do not hold up one of another', () => {
    const { window, started, read, finish } = open(1)
    const [many, one] = [window.lane(), window.lane()]
    for (let i = 0; i < 1000; i += 1) many.enter(read(`many ${i}`))
    one.enter(read('one'))
    finish(2)
    expect(started).toEqual(['many 0', 'many 1', 'one'])
    finish(1)
    expect(started.at(-1)).toBe('many 2')
  })

  it('drops the reads of a lane that has ended, and goes on with the others', () => {
    const { window, started, read, finish } = open(1)
    const [over, other] = [window.lane(), window.lane()]
    for (const name of ['a', 'b', 'c']) over.enter(read(name))
    for (const name of ['x', 'y']) other.enter(read(name))
    over.end()
    finish(3)
    expect(started).toEqual(['a', 'x', 'y'])
    over.enter(read('again'))
    expect(started.at(-1)).toBe('again')
  })

  it('starts a read that enters ahead before all reads that wait', () => {
    const { window, started, read, finish } = open(1)
    const lane = window.lane()
    for (const name of ['a', 'b']) lane.enter(read(name))
    for (const name of ['watch 1', 'watch 2']) window.enterAhead(read(name))
    finish(3)
    expect(started).toEqual(['a', 'watch 1', 'watch 2', 'b'])
  })

  it('survives a hundred thousand reads that end at once', () => {
    const { window, finish } = open(1)
    const lanes = Array.from({ length: 100 }, () => window.lane())
    let count = 0
    lanes[0]?.enter(() => undefined)
    for (let at = 0; at < 100_000; at += 1) {
      lanes[at % lanes.length]?.enter(() => {
        count += 1
        window.leave()
      })
    }
    finish(1)
    expect(count).toBe(100_000)
  })
})
