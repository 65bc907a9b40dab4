import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TabLock } from '../../client-sdk/src/tab-lock.js'
import { FakeLocks } from './fake-page.js'

afterEach(() => vi.unstubAllGlobals())

describe.each(['Web Locks', 'BroadcastChannel'])('TabLock on %s', (means) => {
  beforeEach(() => vi.stubGlobal('navigator', means === 'Web Locks' ? { locks: new FakeLocks() } : {}))

  it('is denied to a copy while the original holds the name, and granted after its release', async () => {
    const [original, copy] = [new TabLock(), new TabLock()]
    expect(await original.acquire('a')).toBe(true)
    expect(await copy.acquire('a')).toBe(false)
    copy.release()
    expect(await copy.acquire('b')).toBe(true)
    copy.release()
    original.release()
    await setImmediate() // Browsers let go of a lock in a moment, not in the same one.
    expect(await copy.acquire('a')).toBe(true)
    copy.release()
  })

  it('is granted again to the one who holds it or is getting it', async () => {
    const lock = new TabLock()
    expect(await Promise.all([lock.acquire('a'), lock.acquire('a')])).toEqual([true, true])
    expect(await lock.acquire('a')).toBe(true)
    lock.release()
  })

  it('is let go when it is released before it was granted', async () => {
    const [lock, other] = [new TabLock(), new TabLock()]
    const granted = lock.acquire('a')
    lock.release()
    await granted
    await setImmediate()
    expect(await other.acquire('a')).toBe(true)
    other.release()
  })
})

describe('TabLock', () => {
  it('counts as denied where the browser refuses to lock', async () => {
    const request = () => Promise.reject(new DOMException('opaque origin', 'SecurityError'))
    vi.stubGlobal('navigator', { locks: { request } })
    expect(await new TabLock().acquire('a')).toBe(false)
  })
})
