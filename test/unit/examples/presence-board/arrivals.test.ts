import { describe, expect, it } from 'vitest'
import { Arrivals } from '../../../../examples/presence-board/src/arrivals.js'
import type { Visitor } from '../../../../examples/presence-board/src/visitor.js'

const visitor = (name: string, fields: Partial<Visitor> = {}): Visitor => ({
  id: name.toLowerCase(),
  name,
  colour: 'plum',
  joinedAt: 1_000,
  who: 'other',
  ...fields,
})

function watch() {
  let told: string[] = []
  const arrivals = new Arrivals({ add: (kind, text) => told.push(`${kind}: ${text}`) })
  return (...visitors: Visitor[]) => {
    told = []
    arrivals.note(visitors)
    return told
  }
}

describe('the arrivals', () => {
  it('tell those who were there at the first look as being here', () => {
    const look = watch()
    expect(look(visitor('Ada', { who: 'me' }), visitor('Grace'))).toEqual([
      'joined: Ada (you) is here',
      'joined: Grace is here',
    ])
  })

  it('tell who joined, who left and who has another name', () => {
    const look = watch()
    look(visitor('Ada'), visitor('Grace'))
    expect(look(visitor('Ada', { name: 'Ada Byron' }), visitor('Alan', { who: 'me elsewhere' }))).toEqual([
      'left: Grace left',
      'joined: Alan (your other tab) joined',
      'changed: Ada is now Ada Byron',
    ])
    expect(look(visitor('Ada', { name: 'Ada Byron' }), visitor('Alan'))).toEqual([])
  })

  it('tell one that went and came again between two looks, under the same id, as both', () => {
    const look = watch()
    look(visitor('Ada'))
    expect(look(visitor('Ada', { joinedAt: 9_000 }))).toEqual(['left: Ada left', 'joined: Ada joined'])
  })

  it('count more than five at once', () => {
    const look = watch()
    const crowd = Array.from({ length: 6 }, (_, number) => visitor(`No ${number}`))
    expect(look(...crowd)).toEqual(['joined: 6 visitors are here'])
    expect(look()).toEqual(['left: 6 visitors left'])
  })
})
