import { createHmac, generateKeyPairSync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Authentication, createAuthenticator } from '../../../../server/src/access/authenticate.js'
import {
  ecKey,
  type JwksServer,
  rsaKey,
  signedBy,
  startJwksServer,
} from '../../../tools/gateway/jwks-server.js'
import { waitUntil } from '../../../tools/wait-until.js'

const COOLDOWN_MS = 10_000
const REFRESH_AFTER_MS = 600_000
const MAX_AGE_MS = 3_600_000

let provider: JwksServer
let now: number
let report: { fetched: boolean[]; failed: string[] }
beforeEach(async () => {
  provider = await startJwksServer()
  now = 1_767_225_600_000
  report = { fetched: [], failed: [] }
})
afterEach(async () => {
  vi.useRealTimers()
  await provider.close()
})

const first = rsaKey('first')
const second = ecKey('second')

function authenticator(options: { algorithms?: 'RS256'[]; issuer?: string } = {}, url = provider.url) {
  const { fetched, failed } = report
  const authenticate = createAuthenticator(
    { jwksUrl: url, ...options },
    {
      jwks: { fetched: (ok) => fetched.push(ok), failed: (text) => failed.push(text) },
      maxJwksAgeMs: MAX_AGE_MS,
      now: () => now,
    },
  )
  return async (token: string): Promise<string> => {
    const result: Authentication = await authenticate(token)
    return result.ok ? result.identity.subject : result.cause
  }
}

/** From now on the provider does not answer. @returns a function that answers the request, once it has come */
function stalled(): Promise<() => void> {
  return new Promise((resolve) => {
    provider.answer((response) => resolve(() => response.writeHead(500).end()))
  })
}

describe('the keys of an identity provider', () => {
  it('are chosen by kid, RSA and P-256 alike, and fetched once for many tokens', async () => {
    provider.publish(first.jwk, second.jwk)
    const check = authenticator()
    const tokens = [signedBy(first), signedBy(second), signedBy(first, { sub: 'eve' })]
    expect(await Promise.all(tokens.map(check))).toEqual(['ada', 'ada', 'eve'])
    expect(await check(signedBy(second))).toBe('ada')
    expect(provider.requests).toBe(1)
    expect(report).toEqual({ fetched: [true], failed: [] })
  })

  it('serve a token without a kid when only one of them fits', async () => {
    provider.publish(first.jwk, second.jwk)
    const check = authenticator()
    expect(await check(signedBy(first, {}, { kid: undefined }))).toBe('ada')
    now += COOLDOWN_MS
    provider.publish(first.jwk, rsaKey('third').jwk)
    expect(await check(signedBy(rsaKey('unknown')))).toBe('invalid')
    expect(await check(signedBy(first, {}, { kid: undefined }))).toBe('invalid')
  })

  it('are fetched anew for an unknown kid, but not more often than the cooldown allows', async () => {
    provider.publish(first.jwk)
    const check = authenticator()
    expect(await check(signedBy(first))).toBe('ada')
    provider.publish(second.jwk)
    now += COOLDOWN_MS - 1
    expect(await check(signedBy(second))).toBe('invalid')
    expect(provider.requests).toBe(1)
    now += 1
    expect(await check(signedBy(second))).toBe('ada')
    // The rotation has removed the old key.
    expect(await check(signedBy(first))).toBe('invalid')
    const made = await Promise.all(
      Array.from({ length: 50 }, (_, i) => check(signedBy(first, {}, { kid: `${i}` }))),
    )
    expect(new Set(made)).toEqual(new Set(['invalid']))
    expect(provider.requests).toBe(2)
  })

  it('are fetched anew after a while, and the old ones serve meanwhile', async () => {
    provider.publish(first.jwk)
    const check = authenticator()
    await check(signedBy(first))
    now += REFRESH_AFTER_MS
    await check(signedBy(first))
    // A request of the gateway would have come before this one.
    await fetch(provider.url)
    expect(provider.requests).toBe(2)
    now += 1
    const stall = stalled()
    expect(await check(signedBy(first))).toBe('ada')
    const fail = await stall
    expect(report.fetched).toEqual([true])
    fail()
    await waitUntil('the fetch has failed', () => report.fetched.length === 2, { intervalMs: 5 })
    expect(report.fetched).toEqual([true, false])
  })

  it('serve through an outage until they are too old; then a token is unverified, not invalid', async () => {
    provider.publish(first.jwk)
    const check = authenticator()
    await check(signedBy(first))
    provider.answer((response) => response.writeHead(500).end())
    now += MAX_AGE_MS - COOLDOWN_MS
    expect(await check(signedBy(first))).toBe('ada')
    expect(await check(signedBy(second))).toBe('unverified')
    expect(report.fetched).toEqual([true, false])
    expect(report.failed[0]).toContain('it answered 500')
    expect(report.failed[0]).toContain('the known keys serve for 1 min more')
    now += COOLDOWN_MS - 1
    expect(await check(signedBy(first))).toBe('ada')
    now += 2
    expect(await check(signedBy(first))).toBe('unverified')
    expect(report.failed.at(-1)).toContain('no token can be checked until it answers')
    provider.publish(first.jwk)
    now += COOLDOWN_MS - 1
    expect(await check(signedBy(first))).toBe('unverified')
    now += 1
    expect(await check(signedBy(first))).toBe('ada')
  })

  it('serve to the last millisecond of their age', async () => {
    provider.publish(first.jwk)
    const check = authenticator()
    await check(signedBy(first))
    provider.answer((response) => response.writeHead(500).end())
    now += MAX_AGE_MS
    expect(await check(signedBy(first))).toBe('ada')
    await waitUntil('the fetch has failed', () => report.failed.length === 1, { intervalMs: 5 })
    expect(report.failed[0]).toContain('no token can be checked until it answers')
    now += 1
    expect(await check(signedBy(first))).toBe('unverified')
  })

  it('are fetched by one request at a time, however long that takes', async () => {
    const fail = stalled()
    const check = authenticator()
    const waiting = check(signedBy(first))
    const end = await fail
    now += 3 * COOLDOWN_MS
    const later = check(signedBy(first))
    provider.publish(first.jwk)
    end()
    expect(await Promise.all([waiting, later])).toEqual(['ada', 'ada'])
    expect(provider.requests).toBe(2)
  })

  it('are waited for again after an answer that took longer than the wait', async () => {
    provider.publish(first.jwk)
    const check = createAuthenticator({ jwksUrl: provider.url }, { now: () => now })
    await check(signedBy(first))
    now += COOLDOWN_MS
    const fail = stalled()
    const waiting = check(signedBy(second))
    const end = await fail
    now += 2 * COOLDOWN_MS
    end()
    expect(await waiting).toMatchObject({ cause: 'unverified', retryAfterMs: 0 })
  })

  it('are fetched anew although the wall clock was set back', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    provider.publish(first.jwk)
    const check = createAuthenticator({ jwksUrl: provider.url })
    expect(await check(signedBy(first))).toMatchObject({ ok: true })
    provider.publish(second.jwk)
    vi.setSystemTime(Date.now() - 3_600_000)
    vi.advanceTimersByTime(COOLDOWN_MS)
    expect(await check(signedBy(second))).toMatchObject({ ok: true })
  })

  it('come with the time to wait when they cannot be fetched', async () => {
    const check = createAuthenticator({ jwksUrl: provider.url }, { now: () => now })
    const token = signedBy(first)
    expect(await check(token)).toMatchObject({ cause: 'unverified', retryAfterMs: COOLDOWN_MS })
    now += 4_000
    expect(await check(token)).toMatchObject({ cause: 'unverified', retryAfterMs: COOLDOWN_MS - 4_000 })
    expect(provider.requests).toBe(1)
  })

  it.each<[string, Parameters<JwksServer['answer']>[0], string]>([
    ['500', (response) => response.writeHead(500).end('{"keys":[]}'), 'it answered 500'],
    [
      'a redirect',
      (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
      'redirects are not followed',
    ],
    ['an answer without a body', (response) => response.writeHead(204).end(), 'it answered 204'],
    ['garbage', (response) => response.writeHead(200).end('<html>'), 'as JSON'],
    ['JSON that is no key set', (response) => response.writeHead(200).end('{"keys":7}'), 'malformed'],
    ['nothing', (response) => response.writeHead(200).end(), 'as JSON'],
    ['10 MB', (response) => response.writeHead(200).end(' '.repeat(10_000_000)), 'longer than 131072 bytes'],
    ['a broken connection', (response) => response.destroy(), 'cannot be fetched'],
  ])('cannot be had from %s', async (_, answer, reason) => {
    provider.answer(answer)
    expect(await authenticator()(signedBy(first))).toBe('unverified')
    expect(report.fetched).toEqual([false])
    expect(report.failed.join()).toContain(reason)
    expect(provider.requests).toBe(1)
  })

  it('are given up in time when their server never answers, or stops in the middle', async () => {
    const half = await startJwksServer()
    provider.answer(() => undefined)
    half.answer((response) => void response.writeHead(200).write('{"keys":['))
    const checks = [authenticator(), authenticator({}, half.url)].map((check) => check(signedBy(first)))
    expect(await Promise.all(checks)).toEqual(['unverified', 'unverified'])
    expect(report.failed).toHaveLength(2)
    await half.close()
  })

  it('fit into 131072 bytes', async () => {
    const keys = JSON.stringify({ keys: [first.jwk] })
    provider.answer((response) => response.writeHead(200).end(keys.padEnd(131_072)))
    expect(await authenticator()(signedBy(first))).toBe('ada')
    provider.answer((response) => response.writeHead(200).end(keys.padEnd(131_073)))
    expect(await authenticator()(signedBy(first))).toBe('unverified')
  })

  it('are unreachable when no server listens', async () => {
    const { url } = provider
    await provider.close()
    expect(await authenticator({}, url)(signedBy(first))).toBe('unverified')
    expect(report.failed[0]).toContain('ECONNREFUSED')
    provider = await startJwksServer()
  })
})

describe('a forged token', () => {
  it('is refused when its claims are no JSON', async () => {
    const text = JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: 'first' })
    const part = (value: string) => Buffer.from(value).toString('base64url')
    expect(await authenticator()(`${part(text)}.${part('sub=ada')}.x`)).toBe('invalid')
    expect(await authenticator()('no token')).toBe('invalid')
    expect(provider.requests).toBe(0)
  })

  it('causes no fetch with a kid longer than any provider gives', async () => {
    provider.publish({ ...first.jwk, kid: 'x'.repeat(256) })
    const check = authenticator()
    expect(await check(withHeader({ kid: 'x'.repeat(257) }))).toBe('invalid')
    expect(provider.requests).toBe(0)
    expect(await check(signedBy(first, {}, { kid: 'x'.repeat(256) }))).toBe('ada')
  })

  it('is refused for its kid, and causes no fetch with an unusable kid', async () => {
    provider.publish(first.jwk)
    const check = authenticator()
    expect(await check(signedBy(first))).toBe('ada')
    now += COOLDOWN_MS
    const kids = [['first'], { first: 1 }, 7, null, '../first', 'x'.repeat(10_000)]
    for (const kid of kids) expect(await check(withHeader({ kid })), String(kid)).toBe('invalid')
    expect(provider.requests).toBeLessThanOrEqual(2)
  })

  it('is refused when it is signed with the published key as a secret', async () => {
    provider.publish(first.jwk, { kty: 'oct', kid: 'shared', k: Buffer.from('known').toString('base64url') })
    const check = authenticator()
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    for (const [kid, secret] of [
      ['first', JSON.stringify(first.jwk)],
      ['shared', 'known'],
    ] as const) {
      const unsigned = `${part({ alg: 'HS256', kid })}.${part({ sub: 'ada' })}`
      const mac = createHmac('sha256', secret).update(unsigned).digest('base64url')
      expect(await check(`${unsigned}.${mac}`)).toBe('invalid')
    }
    for (const alg of ['none', 'PS256', 'EdDSA', 'RS1']) {
      expect(await check(withHeader({ alg })), alg).toBe('invalid')
    }
    expect(provider.requests).toBe(0)
  })

  it('is refused when it brings its own key, or the address of one', async () => {
    provider.publish(first.jwk)
    const own = rsaKey('first')
    const elsewhere = await startJwksServer()
    elsewhere.publish(own.jwk)
    const header = { jwk: own.jwk, jku: elsewhere.url, x5u: elsewhere.url }
    expect(await authenticator()(signedBy(own, {}, header))).toBe('invalid')
    expect(elsewhere.requests).toBe(0)
    await elsewhere.close()
  })

  it('is refused when it names a key of another type', async () => {
    provider.publish(first.jwk, second.jwk, ecKey('p384', 'P-384').jwk)
    const check = authenticator()
    expect(await check(signedBy(first, {}, { kid: 'second' }))).toBe('invalid')
    expect(await check(signedBy(second, {}, { kid: 'p384' }))).toBe('invalid')
    expect(await authenticator({ algorithms: ['RS256'] })(signedBy(second))).toBe('invalid')
  })

  it('is refused with a key that is not for signatures, not public, or broken', async () => {
    const secret = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
    provider.publish(
      { ...first.jwk, use: 'enc' },
      { ...secret, kid: 'private' },
      { kty: 'RSA', n: '!', e: 7, kid: 'broken' },
    )
    const check = authenticator()
    for (const kid of ['first', 'private', 'broken']) {
      expect(await check(signedBy(first, {}, { kid })), kid).toBe('invalid')
    }
    expect(report.failed.join()).toContain('cannot be used')
  })

  it('must have the right issuer and expiry, with fetched keys as with static ones', async () => {
    provider.publish(first.jwk)
    const check = authenticator({ issuer: 'idp' })
    expect(await check(signedBy(first, { iss: 'idp' }))).toBe('ada')
    expect(await check(signedBy(first, { iss: 'other' }))).toBe('invalid')
    const [header, , signature] = signedBy(first, { iss: 'idp' }).split('.')
    const claims = Buffer.from(JSON.stringify({ sub: 'eve', iss: 'idp' })).toString('base64url')
    expect(await check(`${header}.${claims}.${signature}`)).toBe('invalid')
  })

  it('cannot use HS256, which does not go with a key set', () => {
    const jwksUrl = provider.url
    expect(() => createAuthenticator({ jwksUrl, algorithms: ['HS256'] })).toThrow(
      'a set of public keys is for',
    )
  })
})

/** A good token with another header. */
function withHeader(header: object): string {
  const [, claims, signature] = signedBy(first).split('.')
  const text = JSON.stringify({ alg: 'RS256', kid: 'first', ...header })
  return `${Buffer.from(text).toString('base64url')}.${claims}.${signature}`
}
