import { describe, expect, it } from 'vitest'
import { ViewQuota } from '../../../../server/src/views/view-quota.js'

describe('the quota of views', () => {
  it('is so many different ones for a holder, whoever else is shown them', () => {
    const quota = new ViewQuota(2)
    quota.opened('ada', 1)
    expect(quota.isFull('ada', null)).toBe(false)
    quota.opened('ada', 2)
    expect(quota.isFull('ada', null)).toBe(true)
    expect(quota.isFull('ada', 3)).toBe(true)
    expect(quota.isFull('grace', 1)).toBe(false)
  })

  it('counts a view that several pages of a holder are shown once, until the last has left it', () => {
    const quota = new ViewQuota(1)
    quota.opened('ada', 1)
    expect(quota.isFull('ada', 1)).toBe(false)
    quota.opened('ada', 1)
    quota.closed('ada', 1)
    expect(quota.isFull('ada', 2)).toBe(true)
    quota.closed('ada', 1)
    expect(quota.isFull('ada', 2)).toBe(false)
  })
})
