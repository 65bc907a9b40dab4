import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { AttachGate } from '../../../../server/src/session/attach-gate.js'

describe('the attach gate', () => {
  it('lets so many in at a time, and the next when one is through', async () => {
    const gate = new AttachGate(2)
    const inside: string[] = []
    const [a] = ['a', 'b', 'c', 'd'].map((name) => gate.enter('create', () => inside.push(name)))
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
    const passes = [gate.enter('create', () => inside.push('first'))]
    for (const [kind, name] of [
      ['create', 'c1'],
      ['renew', 'r1'],
      ['create', 'c2'],
      ['renew', 'r2'],
    ] as const) {
      passes.push(gate.enter(kind, () => inside.push(name)))
    }
    for (const at of [0, 2, 4, 1]) {
      passes[at]?.release()
      await turn()
    }
    expect(inside).toEqual(['first', 'r1', 'r2', 'c1', 'c2'])
  })

  it('forgets who leaves the queue', async () => {
    const gate = new AttachGate(1)
    const inside: string[] = []
    const first = gate.enter('renew', () => inside.push('first'))
    const second = gate.enter('renew', () => inside.push('second'))
    gate.enter('renew', () => inside.push('third'))
    second.release()
    first.release()
    await turn()
    expect(inside).toEqual(['first', 'third'])
    expect(gate.waiting).toBe(0)
  })

  it('goes in turn between holders, however many of one wait', async () => {
    const gate = new AttachGate(1)
    const inside: string[] = []
    const enter = (name: string, holder: string) => gate.enter('renew', () => inside.push(name), holder)
    const names = ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']
    const passes = new Map(names.map((name) => [name, enter(name, name.slice(0, 1))]))
    for (let turns = 0; turns < names.length; turns++) {
      passes.get(inside.at(-1) as string)?.release()
      await turn()
    }
    expect(inside).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2'])
  })

  it('lets so many of one holder in, and another one at once, even while it keeps its places', async () => {
    const gate = new AttachGate(4, 2)
    const inside: string[] = []
    const enter = (name: string, holder?: string) => gate.enter('renew', () => inside.push(name), holder)
    const [first] = ['a1', 'a2', 'a3', 'a4'].map((name) => enter(name, 'a'))
    expect(inside).toEqual(['a1', 'a2'])
    const other = enter('b1', 'b')
    enter('own')
    expect(inside).toEqual(['a1', 'a2', 'b1', 'own'])
    enter('own too')
    other.release()
    await turn()
    expect(inside).toEqual(['a1', 'a2', 'b1', 'own', 'own too'])
    first?.release()
    await turn()
    expect(inside.at(-1)).toBe('a3')
    expect(gate.waiting).toBe(1)
  })

  it('gives one turn in eight to a creation, whoever renews', async () => {
    const gate = new AttachGate(1)
    const inside: string[] = []
    let newest = gate.enter('renew', () => undefined, 'a')
    gate.enter('create', () => inside.push('create'), 'b')
    while (!inside.includes('create')) {
      const leaving = newest
      newest = gate.enter('renew', () => inside.push('renew'), 'a')
      leaving.release()
      await turn()
    }
    expect(inside.filter((kind) => kind === 'renew')).toHaveLength(7)
  })

  it('keeps a place for as long as it is told, so that refused attempts come slowly', async () => {
    vi.useFakeTimers()
    const gate = new AttachGate(1)
    const inside: string[] = []
    gate.enter('renew', () => inside.push('refused')).release(500)
    gate.enter('renew', () => inside.push('next'))
    await vi.advanceTimersByTimeAsync(499)
    expect(inside).toEqual(['refused'])
    await vi.advanceTimersByTimeAsync(1)
    expect(inside).toEqual(['refused', 'next'])
    vi.useRealTimers()
  })
})
