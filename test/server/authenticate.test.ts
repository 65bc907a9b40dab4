import { createHmac, generateKeyPairSync } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { describe, expect, it } from 'vitest'
import { createAuthenticator } from '../../server/src/authenticate.js'

const secret = 'a secret of more than thirty-two characters'
const rsa = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const ec = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

function sign(claims: object, options: jwt.SignOptions = {}, key: string = secret): string {
  const lifetime = 'exp' in claims ? {} : { expiresIn: 60 }
  return jwt.sign({ sub: 'ada', ...claims }, key, { ...lifetime, ...options })
}

/** A token put together by hand, as no honest library would. */
function forged(header: object, claims: object, signature = ''): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(claims)}.${signature}`
}

describe('an authenticator', () => {
  it('accepts HS256 under the secret and reads subject, chroot, rules and expiry', () => {
    const rules = [{ path: '/rooms/**', allow: ['read'] }]
    const result = createAuthenticator({ secret, clockToleranceS: 0 })(
      sign({ zk: { chroot: '/tenants/a', rules }, exp: 4102444800 }),
    )
    expect(result).toEqual({
      ok: true,
      identity: { subject: 'ada', chroot: '/tenants/a', rules, auth: [], expiresAt: 4102444800_000 },
    })
  })

  it('accepts RS256 and ES256 under their public keys', () => {
    const rs = sign({}, { algorithm: 'RS256' }, rsa.privateKey)
    const es = sign({}, { algorithm: 'ES256' }, ec.privateKey)
    expect(createAuthenticator({ publicKey: rsa.publicKey })(rs).ok).toBe(true)
    expect(createAuthenticator({ publicKey: ec.publicKey })(es).ok).toBe(true)
    expect(createAuthenticator({ publicKey: ec.publicKey })(rs).ok).toBe(false)
  })

  it('tells an expired token from one that is not acceptable', () => {
    const check = createAuthenticator({ secret, audience: 'gate', issuer: 'idp' })
    const good = { audience: 'gate', issuer: 'idp' }
    const cause = (token: string) => {
      const result = check(token)
      return result.ok ? 'ok' : result.cause
    }
    expect(cause(sign({}, good))).toBe('ok')
    expect(cause(sign({}, { ...good, expiresIn: -10 }))).toBe('expired')
    expect(cause(sign({}, { ...good, audience: 'other' }))).toBe('invalid')
    expect(cause(sign({}, { ...good, issuer: 'other' }))).toBe('invalid')
    expect(cause(sign({}, { ...good, notBefore: 60 }))).toBe('invalid')
    expect(cause(sign({}, good, 'another secret of some length, not the right one'))).toBe('invalid')
    expect(cause('not a token')).toBe('invalid')
  })

  it('allows clocks to differ by the tolerance and no more', () => {
    const check = createAuthenticator({ secret, clockToleranceS: 30 })
    expect(check(sign({}, { expiresIn: -20 })).ok).toBe(true)
    expect(check(sign({}, { expiresIn: -40 })).ok).toBe(false)
  })

  it('refuses alg none, however it is spelt', () => {
    const check = createAuthenticator({ secret })
    for (const alg of ['none', 'None', 'NONE', '']) {
      expect(check(forged({ alg, typ: 'JWT' }, { sub: 'ada' }))).toMatchObject({
        ok: false,
        cause: 'invalid',
      })
    }
  })

  it('refuses a public key that is used as an HS256 secret', () => {
    // The library refuses to sign so; an attacker does it by hand.
    const unsigned = forged({ alg: 'HS256', typ: 'JWT' }, { sub: 'ada' }).slice(0, -1)
    const mac = createHmac('sha256', rsa.publicKey).update(unsigned).digest('base64url')
    expect(createAuthenticator({ publicKey: rsa.publicKey })(`${unsigned}.${mac}`)).toMatchObject({
      ok: false,
      cause: 'invalid',
    })
  })

  it('refuses claims that cannot be used, and says which', () => {
    const check = createAuthenticator({ secret })
    const refused = (claims: object) => {
      const result = check(sign(claims))
      return result.ok ? 'ok' : [result.cause, result.message].join(': ')
    }
    expect(refused({ sub: '' })).toContain("forbidden: the token's sub")
    expect(refused({ zk: { chroot: '/a/../b' } })).toContain('zk.chroot is unusable')
    expect(refused({ zk: { chroot: 'a' } })).toContain('zk.chroot is unusable')
    expect(refused({ zk: { rules: [{ path: 'x', allow: ['read'] }] } })).toContain('zk.rules.0.path')
    expect(refused({ zk: { chroot: '/' } })).toBe('ok')
  })

  it('refuses algorithms that do not fit the key, when it is made', () => {
    expect(() => createAuthenticator({ secret, algorithms: ['RS256'] })).toThrow('a secret is for HS256')
    expect(() => createAuthenticator({ publicKey: rsa.publicKey, algorithms: ['HS256'] })).toThrow('RS256')
    expect(() => createAuthenticator({})).toThrow('secret or a public key')
  })
})
