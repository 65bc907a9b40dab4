import { describe, expect, it } from 'vitest'
import { completeLimits, DEFAULT_LIMITS } from '../../../../server/src/config/limit-settings.js'
import { limitsFrom } from '../../../../server/src/limits/limits.js'

const { maxMessageBytes, maxDataBytes, maxViewBytes, maxBufferedBytes, maxViewBacklogBytes } = DEFAULT_LIMITS

describe('a default limit', () => {
  it('is a whole number above zero', () => {
    expect(Object.keys(DEFAULT_LIMITS)).not.toEqual([])
    for (const [name, limit] of Object.entries(DEFAULT_LIMITS)) {
      expect(Number.isSafeInteger(limit) && limit > 0, name).toBe(true)
    }
    expect(Object.isFrozen(DEFAULT_LIMITS)).toBe(true)
  })
})

describe('a limit that is no setting', () => {
  it.each([
    ['connectBurst', 1_000],
    ['maxUnauthenticatedBytes', 67_108_864],
    ['maxMessagesPerSecondPerSubject', 5_000],
    ['maxBytesPerSecondPerSubject', 10_485_760],
    ['maxMessageBytes', 1_572_864],
    ['maxBufferedBytesTotal', 268_435_456],
    ['maxViewBytes', 4_194_304],
    ['maxViewBytesTotal', 268_435_456],
    ['maxViewReadsPerSecond', 2_000],
    ['attachConcurrencyPerSubject', 20],
  ] as const)('follows from the defaults: %s is %i', (name, limit) => {
    expect(DEFAULT_LIMITS[name]).toBe(limit)
  })

  it.each([
    ['connectBurst', { maxConnectsPerSecond: 3 }, 60],
    ['maxUnauthenticatedBytes', { maxDataBytes: 1_048_577 }, 134_217_728],
    ['maxMessagesPerSecondPerSubject', { maxMessagesPerSecond: 3 }, 15],
    ['maxBytesPerSecondPerSubject', { maxBytesPerSecond: 1_024 }, 5_120],
    ['maxMessageBytes', { maxDataBytes: 1_048_576 }, 1_572_864],
    ['maxMessageBytes', { maxDataBytes: 1_048_577 }, 3_145_728],
    ['maxBufferedBytesTotal', { maxBufferedBytes: 100_001 }, 3_200_032],
    ['maxViewBytes', { maxBufferedBytes: 100_001 }, 50_000],
    ['maxViewBytesTotal', { maxBufferedBytes: 100_001 }, 3_200_032],
    ['maxViewReadsPerSecond', { maxViewNodes: 11 }, 3],
    ['attachConcurrencyPerSubject', { attachConcurrency: 5 }, 3],
  ] as const)('follows from a setting: %s with %j is %i', (name, given, limit) => {
    const limits = limitsFrom(completeLimits(given))
    expect(limits[name]).toBe(limit)
    expect(limits).toMatchObject(given)
  })
})

describe('the default limits together', () => {
  it('let the largest node through: into a message, and past the jute.maxbuffer of a server', () => {
    const juteMaxBuffer = 0xfffff
    expect(maxDataBytes + DEFAULT_LIMITS.maxPathLength).toBeLessThan(juteMaxBuffer)
    expect(Math.ceil(maxDataBytes / 3) * 4).toBeLessThan(maxMessageBytes)
    expect(maxMessageBytes).toBeLessThan(DEFAULT_LIMITS.maxBytesPerSecond)
  })

  it('let the paths of all watches fit the message in which a page resumes', () => {
    expect(DEFAULT_LIMITS.maxWatchBytes).toBeLessThan(maxMessageBytes)
  })

  it('let the largest reply and the largest view wait for a page that is slow', () => {
    expect(maxMessageBytes).toBeLessThan(maxBufferedBytes)
    expect(maxViewBytes).toBeLessThan(maxBufferedBytes)
    expect(maxViewBacklogBytes).toBeLessThan(maxBufferedBytes)
  })

  it('leave places to more than one address and more than one subject', () => {
    expect(DEFAULT_LIMITS.maxUnauthenticatedPerAddress).toBeLessThan(DEFAULT_LIMITS.maxUnauthenticated)
    expect(DEFAULT_LIMITS.maxUnauthenticated).toBeLessThan(DEFAULT_LIMITS.maxConnections)
    expect(DEFAULT_LIMITS.maxSessionsPerSubject).toBeLessThan(DEFAULT_LIMITS.maxSessions)
    expect(DEFAULT_LIMITS.maxViews).toBeLessThan(DEFAULT_LIMITS.maxSharedViewsPerSubject)
    expect(DEFAULT_LIMITS.maxSharedViewsPerSubject).toBeLessThan(DEFAULT_LIMITS.maxSharedViews)
    expect(maxViewBytes).toBeLessThan(DEFAULT_LIMITS.maxViewBytesTotal)
  })

  it('attach fewer links at a time than wait in the backlog of a server', () => {
    expect(DEFAULT_LIMITS.attachConcurrency).toBeLessThan(50)
  })

  it('keep fewer calls of one session in flight than a server takes from all', () => {
    expect(DEFAULT_LIMITS.maxCallsInFlight).toBeLessThan(1_000)
    expect(DEFAULT_LIMITS.maxMultiParts).toBeLessThan(DEFAULT_LIMITS.maxFrameMessages)
  })
})
