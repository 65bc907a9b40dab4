import { describe, expect, it } from 'vitest'
import { dearestViews } from '../../../../server/src/views/dearest-views.js'

const shownTo = (holders: Record<string, number[]>) =>
  new Map(Object.entries(holders).map(([name, views]) => [name, new Map(views.map((view) => [view, 1]))]))

describe('the dearest views', () => {
  it('are the largest of whoever takes most, not the largest of all', () => {
    const bytes = new Map([
      [1, 100],
      [2, 60],
      [3, 70],
      [4, 10],
    ])
    const order = [...dearestViews(shownTo({ ada: [1, 4], mallory: [2, 3] }), bytes)]
    expect(order).toEqual([3, 1, 2, 4])
  })

  it('are hardly ever those that many look at', () => {
    const bytes = new Map([
      [1, 1000],
      [2, 300],
    ])
    const crowd = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`ada${at}`, [1]]))
    const [first] = dearestViews(shownTo({ ...crowd, mallory: [1, 2] }), bytes)
    expect(first).toBe(2)
  })

  it('come to an end when all have been named', () => {
    expect([...dearestViews(shownTo({}), new Map())]).toEqual([])
    expect([...dearestViews(shownTo({ ada: [1] }), new Map())]).toEqual([1])
  })
})
