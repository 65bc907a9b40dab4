import { describe, expect, it } from 'vitest'
import { UnreadBytes } from '../../../../server/src/gateway/unread-bytes.js'

function pages(amounts: number[]) {
  const gone: number[] = []
  let looks = 0
  const readers = amounts.map((bufferedAmount, at) => ({
    bufferedAmount,
    shed() {
      gone.push(at)
      // Its last word: what waits has not been freed yet.
      unread.written(1)
      this.bufferedAmount = 0
    },
  }))
  const unread: UnreadBytes = new UnreadBytes(1_000, () => {
    looks += 1
    return readers
  })
  return { unread, gone, readers, looks: () => looks }
}

describe('what waits for all pages', () => {
  it('is not looked at before it could be too much', () => {
    const { unread, looks } = pages([900])
    unread.written(600)
    unread.written(400)
    expect(looks()).toBe(0)
    unread.written(1)
    expect(looks()).toBe(1)
  })

  it('costs nobody anything where it has been read meanwhile', () => {
    const { unread, gone, looks } = pages([400, 0, 500])
    unread.written(1_001)
    expect(gone).toEqual([])
    // From here on 900 are known to wait.
    unread.written(100)
    expect(looks()).toBe(1)
    unread.written(1)
    expect(looks()).toBe(2)
  })

  it('may be as much as the limit, and three quarters of it afterwards', () => {
    const full = pages([500, 500])
    full.unread.written(1_001)
    expect(full.gone).toEqual([])
    const over = pages([500, 250, 251])
    over.unread.written(1_001)
    expect(over.gone).toEqual([0])
    const exact = pages([251, 750])
    exact.unread.written(1_001)
    expect(exact.gone).toEqual([1])
    const left = pages([750, 251])
    left.readers[1]!.bufferedAmount = 751
    left.unread.written(1_501)
    expect(left.gone).toEqual([1])
  })

  it('makes those go for whom most waits, until a quarter of the limit is free', () => {
    const { unread, gone, looks } = pages([100, 600, 300, 5, 400])
    unread.written(1_405)
    expect(gone).toEqual([1, 4])
    unread.written(593)
    expect(looks()).toBe(1)
    unread.written(1)
    expect(looks()).toBe(2)
    expect(gone).toEqual([1, 4])
  })
})
