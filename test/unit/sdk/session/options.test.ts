import { afterEach, expect, it, vi } from 'vitest'
import { settle } from '../../../../client-sdk/src/session/options.js'

const good = { url: 'wss://gate.example/zoogate', getToken: () => 'token' }

afterEach(() => vi.unstubAllGlobals())

it('settle() fills in the defaults', () => {
  expect(settle(good)).toEqual({
    urls: ['wss://gate.example/zoogate'],
    getToken: good.getToken,
    sessionTimeoutMs: 10_000,
    renew: true,
    storage: 'memory',
    requestTimeoutMs: 30_000,
    maxQueuedCalls: 1_000,
  })
})

it('settle() resolves a relative address against the page, and keeps its security', () => {
  vi.stubGlobal('location', { href: 'https://app.example/board/' })
  expect(settle({ ...good, url: ['/zoogate', '../x', 'ws://other/'] }).urls).toEqual([
    'wss://app.example/zoogate',
    'wss://app.example/x',
    'ws://other/',
  ])
})

it('settle() accepts a relative address on a server, which dials nothing', () => {
  vi.stubGlobal('location', undefined)
  expect(settle({ ...good, url: '/zoogate' }).urls).toEqual(['ws://localhost/zoogate'])
})

it.each([
  [{ url: undefined }, 'url: pass'],
  [{ url: '' }, 'url: pass'],
  [{ url: [] }, 'url: pass'],
  [{ url: [''] }, 'url: pass'],
  [{ url: 'ftp://gate/' }, 'url: pass'],
  [{ getToken: undefined }, 'getToken: pass'],
  [{ getToken: 'a token' }, 'getToken: pass'],
  [{ sessionTimeoutMs: 0 }, 'sessionTimeoutMs: pass'],
  [{ sessionTimeoutMs: -1 }, 'sessionTimeoutMs: pass'],
  [{ requestTimeoutMs: Number.NaN }, 'requestTimeoutMs: pass'],
  [{ requestTimeoutMs: Number.POSITIVE_INFINITY }, 'requestTimeoutMs: pass'],
  [{ maxQueuedCalls: -5 }, 'maxQueuedCalls: pass'],
])('settle() refuses %j with advice', (wrong, advice) => {
  const options = { ...good, ...wrong } as unknown as Parameters<typeof settle>[0]
  expect(() => settle(options)).toThrow(TypeError)
  expect(() => settle(options)).toThrow(advice)
})
