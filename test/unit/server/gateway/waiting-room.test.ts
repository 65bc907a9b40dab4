import { describe, expect, it } from 'vitest'
import { type Place, WaitingRoom } from '../../../../server/src/gateway/waiting-room.js'
import { heapAfterCollection } from '../../../tools/heap.js'

function room(places: number, placesPerAddress: number, bytes?: number) {
  const events: string[] = []
  const waiting = new WaitingRoom({
    places,
    placesPerAddress,
    ...(bytes !== undefined && { bytes }),
    crowded: (by) => events.push(`too many ${by}`),
  })
  const enter = (name: string, address = name) => waiting.enter(address, () => events.push(`evict ${name}`))
  return { waiting, events, enter }
}

describe('a waiting room', () => {
  it('has so many places for one address, which come free when somebody leaves', () => {
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

  it('makes whoever has waited longest go when all places are taken', () => {
    const { waiting, events, enter } = room(2, 2)
    const first = enter('1')
    enter('2')
    expect(events).toEqual([])
    enter('3')
    expect(events).toEqual(['too many places', 'evict 1'])
    first.leave()
    expect(waiting.size).toBe(2)
    enter('4')
    expect(events.slice(2)).toEqual(['too many places', 'evict 2'])
  })

  it('gives the place of the one who went back to its address, also when that one leaves as it goes', () => {
    const waiting = new WaitingRoom({ places: 1, placesPerAddress: 1, crowded: () => undefined })
    const place: Place = waiting.enter('a', () => place.leave())
    waiting.enter('b', () => undefined)
    expect([waiting.size, waiting.isFullFor('a'), waiting.isFullFor('b')]).toEqual([1, false, true])
  })

  it('makes whoever has sent most go when more than so many bytes are kept, each piece counted with what it costs', () => {
    const { waiting, events, enter } = room(10, 10, 10_000)
    const [small, large] = [enter('small', 'a'), enter('large', 'a')]
    small.heard(1_000)
    large.heard(6_000)
    small.heard(1_000)
    // 8,000 bytes, and 512 for each of the three pieces.
    expect(events).toEqual([])
    small.heard(0)
    expect(events).toEqual(['too many bytes', 'evict large'])
    expect([waiting.size, waiting.isFullFor('a')]).toEqual([1, false])
    // What is gone is not kept any more, whatever still comes of it.
    large.heard(1_000_000)
    enter('next', 'b').heard(5_000)
    expect(events).toHaveLength(2)
  })

  it('makes the one go who has waited longest where several have sent most, and nobody at the very limit', () => {
    const { events, enter } = room(10, 10, 3 * 1_512)
    const [first, second, third] = [enter('1'), enter('2'), enter('3')]
    for (const place of [third, second, first]) place.heard(1_000)
    expect(events).toEqual([])
    enter('4').heard(0)
    expect(events).toEqual(['too many bytes', 'evict 1'])
  })

  it('forgets the bytes of those who leave', () => {
    const { events, enter } = room(10, 10, 10_000)
    const staying = enter('staying')
    for (let round = 0; round < 100; round += 1) {
      const place = enter(`passing ${round}`)
      place.heard(8_000)
      place.leave()
    }
    staying.heard(9_000)
    expect(events).toEqual([])
    staying.heard(0)
    expect(events).toEqual(['too many bytes', 'evict staying'])
  })

  it('keeps nothing of addresses that are gone', () => {
    const { waiting, enter } = room(10, 10)
    const before = heapAfterCollection()
    for (let at = 0; at < 50_000; at += 1) enter(`2001:db8:0:${at.toString(16)}::/64`).leave()
    expect(heapAfterCollection() - before).toBeLessThan(1_000_000)
    expect(waiting.size).toBe(0)
  })

  it('keeps any number of bytes where no limit is set', () => {
    const { events, enter } = room(1, 1)
    enter('1').heard(Number.MAX_SAFE_INTEGER)
    expect(events).toEqual([])
  })
})
