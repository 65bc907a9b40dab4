import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../../../server/src/config/limit-settings.js'

const { maxMessageBytes, maxDataBytes, maxViewBytes, maxBufferedBytes, maxViewBacklogBytes } = DEFAULT_LIMITS

describe('the default of every limit', () => {
  it('is a whole number above zero', () => {
    expect(Object.keys(DEFAULT_LIMITS)).not.toEqual([])
    for (const [name, limit] of Object.entries(DEFAULT_LIMITS)) {
      expect(Number.isSafeInteger(limit) && limit > 0, name).toBe(true)
    }
  })
})

describe('limits that depend on each other', () => {
  it('let the largest node through: into a message, and past the jute.maxbuffer of a server', () => {
    const juteMaxBuffer = 0xfffff
    expect(maxDataBytes + DEFAULT_LIMITS.maxPathLength).toBeLessThan(juteMaxBuffer)
    expect(Math.ceil(maxDataBytes / 3) * 4).toBeLessThan(maxMessageBytes)
    expect(maxMessageBytes).toBeLessThan(DEFAULT_LIMITS.maxBytesPerSecond)
  })

  it('let the largest reply and the largest view wait for a page that is slow', () => {
    expect(maxMessageBytes).toBeLessThan(maxBufferedBytes)
    expect(maxViewBytes).toBeLessThan(maxBufferedBytes)
    expect(maxViewBacklogBytes).toBeLessThan(maxBufferedBytes)
  })

  it('leave the places of all to more than one address and more than one subject', () => {
    expect(DEFAULT_LIMITS.maxUnauthenticatedPerAddress).toBeLessThan(DEFAULT_LIMITS.maxUnauthenticated)
    expect(DEFAULT_LIMITS.maxUnauthenticated).toBeLessThan(DEFAULT_LIMITS.maxConnections)
    expect(DEFAULT_LIMITS.maxSessionsPerSubject).toBeLessThan(DEFAULT_LIMITS.maxSessions)
    expect(DEFAULT_LIMITS.maxViews).toBeLessThan(DEFAULT_LIMITS.maxSharedViewsPerSubject)
    expect(DEFAULT_LIMITS.maxSharedViewsPerSubject).toBeLessThan(DEFAULT_LIMITS.maxSharedViews)
    expect(maxViewBytes).toBeLessThan(DEFAULT_LIMITS.maxViewBytesTotal)
  })

  it('open fewer links at a time than wait in the backlog of a server', () => {
    expect(DEFAULT_LIMITS.attachConcurrency).toBeLessThan(50)
  })

  it('keep fewer calls of one session waiting than a server takes from all', () => {
    expect(DEFAULT_LIMITS.maxCallsInFlight).toBeLessThan(1_000)
    expect(DEFAULT_LIMITS.maxMultiParts).toBeLessThan(DEFAULT_LIMITS.maxFrameMessages)
  })
})
