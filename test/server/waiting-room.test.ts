import { describe, expect, it } from 'vitest'
import { WaitingRoom } from '../../server/src/waiting-room.js'

function room(places: number, placesPerAddress: number) {
  const events: string[] = []
  const waiting = new WaitingRoom(places, placesPerAddress, () => events.push('crowded'))
  const enter = (name: string, address = name) => waiting.enter(address, () => events.push(`evict ${name}`))
  return { waiting, events, enter }
}

describe('a waiting room', () => {
  it('has so many places for one address, which come free when somebody leaves', () => {
    const { waiting, enter } = room(10, 2)
    const leave = enter('1', 'a')
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
    const leaveFirst = enter('1')
    enter('2')
    expect(events).toEqual([])
    enter('3')
    expect(events).toEqual(['crowded', 'evict 1'])
    leaveFirst()
    expect(waiting.size).toBe(2)
    enter('4')
    expect(events.slice(2)).toEqual(['crowded', 'evict 2'])
  })

  it('gives the place of the one who went back to its address, also when that one leaves as it goes', () => {
    const waiting = new WaitingRoom(1, 1, () => undefined)
    const leave: () => void = waiting.enter('a', () => leave())
    waiting.enter('b', () => undefined)
    expect([waiting.size, waiting.isFullFor('a'), waiting.isFullFor('b')]).toEqual([1, false, true])
  })
})
