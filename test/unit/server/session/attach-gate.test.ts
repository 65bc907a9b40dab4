import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { AttachGate, type AttachingSubject, RoundRobin } from '../../../../server/src/session/attach-gate.js'

/** The subjects of one test, by name. */
function subjects() {
  const byName = new Map<string, AttachingSubject>()
  return (name: string): AttachingSubject => {
    const subject = byName.get(name) ?? { attaching: 0 }
    byName.set(name, subject)
    return subject
  }
}

describe('the attach gate', () => {
  it('admits a bounded number at a time, and the next when one has left', async () => {
    const gate = new AttachGate(2)
    const inside: string[] = []
    const [a] = ['a', 'b', 'c', 'd'].map((name) => gate.enter('create', () => inside.push(name), null))
    expect(inside).toEqual(['a', 'b'])
    expect(gate.waiting).toBe(2)
    a?.release()
    a?.release()
    await turn()
    expect(inside).toEqual(['a', 'b', 'c'])
  })

  it('prefers renewals to creations, each in the order of asking', async () => {
    const gate = new AttachGate(1)
    const inside: string[] = []
    const passes = [gate.enter('create', () => inside.push('first'), null)]
    for (const [kind, name] of [
      ['create', 'c1'],
      ['renew', 'r1'],
      ['create', 'c2'],
      ['renew', 'r2'],
    ] as const) {
      passes.push(gate.enter(kind, () => inside.push(name), null))
    }
    for (const at of [0, 2, 4, 1]) {
      passes[at]?.release()
      await turn()
    }
    expect(inside).toEqual(['first', 'r1', 'r2', 'c1', 'c2'])
  })

  it('forgets an attempt that leaves the queue', async () => {
    const gate = new AttachGate(1)
    const inside: string[] = []
    const first = gate.enter('renew', () => inside.push('first'), null)
    const second = gate.enter('renew', () => inside.push('second'), null)
    gate.enter('renew', () => inside.push('third'), null)
    second.release()
    first.release()
    await turn()
    expect(inside).toEqual(['first', 'third'])
    expect(gate.waiting).toBe(0)
  })

  it('takes turns between subjects, however many attempts of one wait', async () => {
    const gate = new AttachGate(1)
    const subject = subjects()
    const inside: string[] = []
    const enter = (name: string) => gate.enter('renew', () => inside.push(name), subject(name.slice(0, 1)))
    const names = ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']
    const passes = new Map(names.map((name) => [name, enter(name)]))
    for (let turns = 0; turns < names.length; turns++) {
      passes.get(inside.at(-1) as string)?.release()
      await turn()
    }
    expect(inside).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2'])
  })

  it('bounds the attempts of one subject, and admits another subject at once', async () => {
    const gate = new AttachGate(4, 2)
    const [a, b] = [{ attaching: 0 }, { attaching: 0 }]
    const inside: string[] = []
    const enter = (name: string, subject: AttachingSubject | null) =>
      gate.enter('renew', () => inside.push(name), subject)
    const [first] = ['a1', 'a2', 'a3', 'a4'].map((name) => enter(name, a))
    expect(inside).toEqual(['a1', 'a2'])
    const other = enter('b1', b)
    enter('own', null)
    expect(inside).toEqual(['a1', 'a2', 'b1', 'own'])
    enter('own too', null)
    other.release()
    await turn()
    expect(inside).toEqual(['a1', 'a2', 'b1', 'own', 'own too'])
    first?.release()
    await turn()
    expect(inside.at(-1)).toBe('a3')
    expect([gate.waiting, a.attaching, b.attaching]).toEqual([1, 2, 0])
  })

  it('gives one turn in eight to a creation while others renew all the time', async () => {
    const gate = new AttachGate(1)
    const subject = subjects()
    const inside: string[] = []
    let newest = gate.enter('renew', () => undefined, subject('a'))
    gate.enter('create', () => inside.push('create'), subject('b'))
    while (!inside.includes('create')) {
      const leaving = newest
      newest = gate.enter('renew', () => inside.push('renew'), subject('a'))
      leaving.release()
      await turn()
    }
    expect(inside.filter((kind) => kind === 'renew')).toHaveLength(7)
  })

  it('keeps a slot taken for the time that it is told, so that refused attempts come slowly', async () => {
    vi.useFakeTimers()
    const gate = new AttachGate(1)
    const inside: string[] = []
    gate.enter('renew', () => inside.push('refused'), null).release(500)
    gate.enter('renew', () => inside.push('next'), null)
    await vi.advanceTimersByTimeAsync(499)
    expect(inside).toEqual(['refused'])
    await vi.advanceTimersByTimeAsync(1)
    expect(inside).toEqual(['refused', 'next'])
    vi.useRealTimers()
  })
})

describe('a round robin', () => {
  const subject = subjects()

  function queueOf(...entries: string[]): RoundRobin<string> {
    const queue = new RoundRobin<string>()
    for (const entry of entries) queue.add(subject(entry.slice(0, 1)), entry)
    return queue
  }

  const drain = (
    queue: RoundRobin<string>,
    mayGo: (subject: AttachingSubject | null) => boolean = () => true,
  ) => {
    const taken: string[] = []
    for (let entry = queue.take(mayGo); entry !== null; entry = queue.take(mayGo)) taken.push(entry)
    return taken
  }

  it('takes one entry of each subject in turn, and entries of one subject in their order', () => {
    const queue = queueOf('a1', 'a2', 'a3', 'b1', 'c1', 'b2')
    expect(queue.size).toBe(6)
    expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
    expect(queue.size).toBe(0)
  })

  it('passes over subjects that may not go, and keeps their turn', () => {
    const queue = queueOf('a1', 'b1', 'b2')
    expect(drain(queue, (one) => one === subject('b'))).toEqual(['b1', 'b2'])
    expect(queue.size).toBe(1)
    queue.add(subject('b'), 'b3')
    expect(drain(queue)).toEqual(['a1', 'b3'])
  })

  it('forgets an entry that leaves, also twice', () => {
    const queue = queueOf('a1', 'b1')
    queue.delete(subject('a'), 'a1')
    queue.delete(subject('a'), 'a1')
    expect(queue.size).toBe(1)
    expect(drain(queue)).toEqual(['b1'])
  })
})
