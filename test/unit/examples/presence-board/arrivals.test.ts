import { describe, expect, it } from 'vitest'
import { Arrivals } from '../../../../examples/presence-board/src/arrivals.js'
import type { Visitor } from '../../../../examples/presence-board/src/visitor.js'

const visitor = (name: string, fields: Partial<Visitor> = {}): Visitor => ({
  id: name.toLowerCase(),
  name,
  colour: 'plum',
  joinedAt: 1_000,
  relation: 'other',
  ...fields,
})

function watch() {
  let entries: string[] = []
  const arrivals = new Arrivals({ add: (kind, text) => entries.push(`${kind}: ${text}`) })
  return (...visitors: Visitor[]) => {
    entries = []
    arrivals.note(visitors)
    return entries
  }
}

describe('the log of arrivals', () => {
  it('lists the visitors of the first look as being here', () => {
    const look = watch()
    expect(look(visitor('Ada', { relation: 'me' }), visitor('Grace'))).toEqual([
      'joined: Ada (you) is here',
      'joined: Grace is here',
    ])
  })

  it('names visitors that joined, left or changed their name', () => {
    const look = watch()
    look(visitor('Ada'), visitor('Grace'))
    expect(
      look(visitor('Ada', { name: 'Ada Byron' }), visitor('Alan', { relation: 'me elsewhere' })),
    ).toEqual(['left: Grace left', 'joined: Alan (your other tab) joined', 'changed: Ada is now Ada Byron'])
    expect(look(visitor('Ada', { name: 'Ada Byron' }), visitor('Alan'))).toEqual([])
  })

  it('names a visitor twice that left and joined again between two looks', () => {
    const look = watch()
    look(visitor('Ada'))
    expect(look(visitor('Ada', { joinedAt: 9_000 }))).toEqual(['left: Ada left', 'joined: Ada joined'])
  })

  it('counts arrivals and departures of more than five at once', () => {
    const look = watch()
    const crowd = Array.from({ length: 6 }, (_, number) => visitor(`No ${number}`))
    expect(look(...crowd)).toEqual(['joined: 6 visitors are here'])
    expect(look()).toEqual(['left: 6 visitors left'])
  })
})
