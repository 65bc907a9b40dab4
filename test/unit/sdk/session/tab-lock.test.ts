import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { lockForTab } from '../../../../client-sdk/src/session/resume.js'
import { FakeLocks } from '../../../tools/sdk/fake-page.js'

beforeEach(() => vi.stubGlobal('navigator', { locks: new FakeLocks() }))
afterEach(() => vi.unstubAllGlobals())

describe('a tab lock', () => {
  it('is denied to a copy while the original holds the name, and granted after its release', async () => {
    const release = await lockForTab('a')
    expect(release).toBeTypeOf('function')
    expect(await lockForTab('a')).toBeNull()
    expect(await lockForTab('b')).toBeTypeOf('function')
    release?.()
    await setImmediate() // Browsers let go of a lock in a moment, not in the same one.
    expect(await lockForTab('a')).toBeTypeOf('function')
  })

  it('counts as denied where the browser refuses to lock', async () => {
    const request = () => Promise.reject(new DOMException('opaque origin', 'SecurityError'))
    vi.stubGlobal('navigator', { locks: { request } })
    expect(await lockForTab('a')).toBeNull()
  })
})
