import { describe, expect, it } from 'vitest'
import { KeptPlaces } from '../../../../server/src/session/kept-places.js'

function places() {
  const clock = { ms: 0 }
  return { clock, kept: new KeptPlaces(() => clock.ms) }
}

describe('kept places', () => {
  it('are kept for their time, each for its own', () => {
    const { clock, kept } = places()
    kept.keep('ada', '0x1', 5_000)
    kept.keep('ada', '0x2', 10_000)
    expect(kept.countOf('ada')).toBe(2)
    clock.ms = 5_000
    expect(kept.countOf('ada')).toBe(1)
    clock.ms = 10_000
    expect(kept.countOf('ada')).toBe(0)
    expect(kept.size).toBe(0)
  })

  it('are of one session once, from the last time that it was let go of', () => {
    const { clock, kept } = places()
    kept.keep('ada', '0x1', 5_000)
    clock.ms = 4_000
    kept.keep('ada', '0x1', 5_000)
    clock.ms = 8_999
    expect(kept.countOf('ada')).toBe(1)
    expect(kept.size).toBe(1)
    kept.release('ada', '0x1')
    kept.release('ada', '0x1')
    expect(kept.size).toBe(0)
  })

  it('are each one more where nobody knows the id', () => {
    const { kept } = places()
    kept.keep('ada', null, 5_000)
    kept.keep('ada', null, 5_000)
    expect(kept.countOf('ada')).toBe(2)
    expect(kept.countOf('grace')).toBe(0)
  })

  it('of those who never come back are forgotten with the next that is kept or counted', () => {
    const { clock, kept } = places()
    for (let at = 0; at < 100; at++) kept.keep(`holder ${at}`, '0x1', 5_000)
    expect(kept.size).toBe(100)
    clock.ms = 6_000
    kept.keep('ada', '0x1', 5_000)
    expect(kept.size).toBe(1)
  })
})
