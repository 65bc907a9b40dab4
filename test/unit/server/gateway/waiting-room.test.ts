import { describe, expect, it } from 'vitest'
import { type Seat, WaitingRoom } from '../../../../server/src/gateway/waiting-room.js'
import { heapAfterCollection } from '../../../tools/heap.js'

function room(seats: number, seatsPerAddress: number, bytes?: number) {
  const events: string[] = []
  const waiting = new WaitingRoom({
    seats,
    seatsPerAddress,
    ...(bytes !== undefined && { bytes }),
    crowded: (by) => events.push(`too many ${by}`),
  })
  const enter = (name: string, address = name) => {
    const seat = waiting.enter(address, () => events.push(`evict ${name}`))
    return {
      leave: () => waiting.leave(seat),
      sends: (bytes: number) => waiting.received(seat, bytes),
    }
  }
  return { waiting, events, enter }
}

describe('a waiting room', () => {
  it('has a quota of seats for one address, and gives a seat back when its client leaves', () => {
    const { waiting, enter } = room(10, 2)
    const { leave } = enter('1', 'a')
    expect(waiting.isFullFor('a')).toBe(false)
    enter('2', 'a')
    expect([waiting.isFullFor('a'), waiting.isFullFor('b')]).toEqual([true, false])
    leave()
    leave()
    expect([waiting.isFullFor('a'), waiting.size]).toEqual([false, 1])
    enter('3', 'a')
    expect(waiting.isFullFor('a')).toBe(true)
  })

  it('evicts the client that has waited longest when all seats are taken', () => {
    const { waiting, events, enter } = room(2, 2)
    const first = enter('1')
    enter('2')
    expect(events).toEqual([])
    enter('3')
    expect(events).toEqual(['too many seats', 'evict 1'])
    first.leave()
    expect(waiting.size).toBe(2)
    enter('4')
    expect(events.slice(2)).toEqual(['too many seats', 'evict 2'])
  })

  it('gives the seat of an evicted client back to its address once, also when that client leaves as it is evicted', () => {
    const waiting = new WaitingRoom({ seats: 1, seatsPerAddress: 1, crowded: () => undefined })
    const seat: Seat = waiting.enter('a', () => waiting.leave(seat))
    waiting.enter('b', () => undefined)
    expect([waiting.size, waiting.isFullFor('a'), waiting.isFullFor('b')]).toEqual([1, false, true])
  })

  it('evicts the client that has sent most when the bytes exceed the limit, with the overhead of each piece', () => {
    const { waiting, events, enter } = room(10, 10, 10_000)
    const [small, large] = [enter('small', 'a'), enter('large', 'a')]
    small.sends(1_000)
    large.sends(6_000)
    small.sends(1_000)
    // 8,000 bytes, and 512 for each of the three pieces.
    expect(events).toEqual([])
    small.sends(0)
    expect(events).toEqual(['too many bytes', 'evict large'])
    expect([waiting.size, waiting.isFullFor('a')]).toEqual([1, false])
    // Bytes of an evicted client do not count, although they still arrive.
    large.sends(1_000_000)
    enter('next', 'b').sends(5_000)
    expect(events).toHaveLength(2)
  })

  it('evicts the client that has waited longest where several have sent most, and none at the very limit', () => {
    const { events, enter } = room(10, 10, 3 * 1_512)
    const [first, second, third] = [enter('1'), enter('2'), enter('3')]
    for (const client of [third, second, first]) client.sends(1_000)
    expect(events).toEqual([])
    enter('4').sends(0)
    expect(events).toEqual(['too many bytes', 'evict 1'])
  })

  it('forgets the bytes of clients that leave', () => {
    const { events, enter } = room(10, 10, 10_000)
    const staying = enter('staying')
    for (let round = 0; round < 100; round += 1) {
      const client = enter(`passing ${round}`)
      client.sends(8_000)
      client.leave()
    }
    staying.sends(9_000)
    expect(events).toEqual([])
    staying.sends(0)
    expect(events).toEqual(['too many bytes', 'evict staying'])
  })

  it('keeps nothing of addresses whose clients have left', () => {
    const { waiting, enter } = room(10, 10)
    const before = heapAfterCollection()
    for (let at = 0; at < 50_000; at += 1) enter(`2001:db8:0:${at.toString(16)}::/64`).leave()
    expect(heapAfterCollection() - before).toBeLessThan(1_000_000)
    expect(waiting.size).toBe(0)
  })

  it('allows any number of bytes without a limit', () => {
    const { events, enter } = room(1, 1)
    enter('1').sends(Number.MAX_SAFE_INTEGER)
    expect(events).toEqual([])
  })
})
