import { describe, expect, it } from 'vitest'
import { FairQueue } from '../../../../server/src/session/fair-queue.js'

function queueOf(...entries: string[]): FairQueue<string> {
  const queue = new FairQueue<string>()
  for (const entry of entries) queue.add(entry.slice(0, 1), entry)
  return queue
}

const drain = (queue: FairQueue<string>, mayGo: (holder: string) => boolean = () => true) => {
  const taken: string[] = []
  for (let entry = queue.take(mayGo); entry !== null; entry = queue.take(mayGo)) taken.push(entry)
  return taken
}

describe('a fair queue', () => {
  it('takes one of each holder in turn, and those of one in the order of their coming', () => {
    const queue = queueOf('a1', 'a2', 'a3', 'b1', 'c1', 'b2')
    expect(queue.size).toBe(6)
    expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
    expect(queue.size).toBe(0)
  })

  it('passes over holders that may not go, and keeps their turn', () => {
    const queue = queueOf('a1', 'b1', 'b2')
    expect(drain(queue, (holder) => holder === 'b')).toEqual(['b1', 'b2'])
    expect(queue.size).toBe(1)
    queue.add('b', 'b3')
    expect(drain(queue)).toEqual(['a1', 'b3'])
  })

  it('forgets who leaves, also twice', () => {
    const queue = queueOf('a1', 'b1')
    queue.delete('a', 'a1')
    queue.delete('a', 'a1')
    expect(queue.size).toBe(1)
    expect(drain(queue)).toEqual(['b1'])
  })
})
