import { createHmac, generateKeyPairSync } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { describe, expect, it } from 'vitest'
import {
  type Authentication,
  type AuthenticatorContext,
  createAuthenticator as create,
  type JwtOptions,
} from '../../../../server/src/access/authenticate.js'

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

/** With a static key: such an authenticator never waits. */
function createAuthenticator(
  options: JwtOptions,
  context?: AuthenticatorContext,
): (token: string) => Authentication {
  const authenticate = create(options, context)
  return (token) => {
    const result = authenticate(token)
    if (result instanceof Promise) throw new Error('a static key answers at once')
    return result
  }
}

function sign(claims: object, options: jwt.SignOptions = {}, key: string = secret): string {
  const lifetime = 'exp' in claims ? {} : { expiresIn: 60 }
  return jwt.sign({ sub: 'ada', ...claims }, key, { ...lifetime, ...options })
}

/** A token made by hand, against the rules of any honest library. */
function forged(header: object, claims: object, signature = ''): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(claims)}.${signature}`
}

describe('an authenticator', () => {
  it('accepts HS256 under the secret and reads subject, chroot, rules and expiry', () => {
    const rules = [{ path: '/rooms/**', allow: ['read'] }]
    const result = createAuthenticator({ secret, clockToleranceS: 0 })(
      sign({ zk: { chroot: '/tenants/a', rules }, exp: 4102444800, iat: 1767225600 }),
    )
    const expiresAt = 4102444800_000
    const issuedAt = 1767225600_000
    const identity = { subject: 'ada', chroot: '/tenants/a', auth: [], expiresAt, issuedAt }
    expect(result).toMatchObject({ ok: true, identity })
    const allows = (path: string) => result.ok && result.identity.rights.allows({ right: 'get', path })
    expect([allows('/rooms/42'), allows('/other')]).toEqual([true, false])
  })

  it('accepts RS256 and ES256 under their public keys', () => {
    const rs = sign({}, { algorithm: 'RS256' }, rsa.privateKey)
    const es = sign({}, { algorithm: 'ES256' }, ec.privateKey)
    expect(createAuthenticator({ publicKey: rsa.publicKey })(rs).ok).toBe(true)
    expect(createAuthenticator({ publicKey: ec.publicKey })(es).ok).toBe(true)
    expect(createAuthenticator({ publicKey: ec.publicKey })(rs).ok).toBe(false)
  })

  it('distinguishes an expired token from an unacceptable one', () => {
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

  it('allows clocks to differ by five seconds by default', () => {
    const check = createAuthenticator({ secret })
    const expired = Math.floor(Date.now() / 1000) - 2
    expect(check(sign({ exp: expired }))).toMatchObject({ identity: { expiresAt: (expired + 5) * 1000 } })
    expect(check(sign({}, { expiresIn: -7 }))).toMatchObject({ cause: 'expired' })
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

  it('refuses unusable claims, and names them', () => {
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
    expect(() => createAuthenticator({})).toThrow('a secret, a public key or the address of a key set')
  })

  it('adds the tolerance to the end of a token, and gives null for missing claims', () => {
    const check = createAuthenticator({ secret, clockToleranceS: 30 })
    expect(check(sign({ exp: 4102444800 }))).toMatchObject({ identity: { expiresAt: 4102444830_000 } })
    const bare = jwt.sign({ sub: 'ada' }, secret, { noTimestamp: true })
    const identity = { subject: 'ada', chroot: '', auth: [], expiresAt: null, issuedAt: null }
    expect(check(bare)).toMatchObject({ ok: true, identity })
  })

  it('says that clocks may be wrong for a token before its time, and nothing of its claims', () => {
    const refused = createAuthenticator({ secret, issuer: 'idp' })(sign({}, { issuer: 'secret-project' }))
    expect(JSON.stringify(refused)).not.toContain('secret-project')
    expect(refused).toMatchObject({ message: expect.stringContaining('issuer and audience') })
    const early = createAuthenticator({ secret })(sign({}, { notBefore: 60 }))
    expect(early).toMatchObject({ cause: 'invalid', message: expect.stringContaining('clocks') })
  })

  it.each([
    ['critical extensions that it does not know', { alg: 'HS256', crit: ['exp'] }],
    ['an algorithm that is no text', { alg: ['HS256'] }],
    ['no algorithm', { typ: 'JWT' }],
  ])('refuses a header with %s, although the signature is good', (_, header) => {
    const unsigned = forged(header, { sub: 'ada' }).slice(0, -1)
    const mac = createHmac('sha256', secret).update(unsigned).digest('base64url')
    expect(createAuthenticator({ secret })(`${unsigned}.${mac}`)).toMatchObject({ cause: 'invalid' })
  })

  it('refuses texts that only look like tokens', () => {
    const check = createAuthenticator({ secret })
    const [header, , mac] = sign({}).split('.')
    const good = sign({})
    const broken = ['', '.', '..', 'a.b.c', `${header}..${mac}`, `${good}.x`, ` ${good}`, `${good}=`]
    for (const token of broken) expect(check(token), token).toMatchObject({ ok: false, cause: 'invalid' })
  })

  it('refuses claims that are no JSON, under a good signature', () => {
    const header = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')
    const unsigned = `${header}.${Buffer.from('sub=ada').toString('base64url')}`
    const mac = createHmac('sha256', secret).update(unsigned).digest('base64url')
    expect(createAuthenticator({ secret })(`${unsigned}.${mac}`)).toMatchObject({ cause: 'invalid' })
  })

  it('ignores keys that the token itself brings', () => {
    const own = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const token = jwt.sign({ sub: 'ada' }, own.privateKey, {
      algorithm: 'RS256',
      header: {
        alg: 'RS256',
        jku: 'http://127.0.0.1:1/keys',
        x5u: 'http://127.0.0.1:1/chain',
        jwk: own.publicKey.export({ format: 'jwk' }),
      } as unknown as jwt.JwtHeader,
    })
    expect(createAuthenticator({ publicKey: rsa.publicKey })(token)).toMatchObject({ cause: 'invalid' })
  })

  it('refuses claims of the wrong type, and payloads that are no object', () => {
    const check = createAuthenticator({ secret })
    expect(check(jwt.sign('just a text', secret))).toMatchObject({ ok: false, cause: 'forbidden' })
    for (const claims of [{ iat: 'now' }, { exp: '4102444800' }, { exp: null }, { sub: 7 }]) {
      const unsigned = forged({ alg: 'HS256' }, { sub: 'ada', ...claims }).slice(0, -1)
      const mac = createHmac('sha256', secret).update(unsigned).digest('base64url')
      expect(check(`${unsigned}.${mac}`), JSON.stringify(claims)).toMatchObject({ ok: false })
    }
  })

  it('asks last whether the identity has been revoked', () => {
    const asked: string[] = []
    const refused = { ok: false, cause: 'invalid', message: 'revoked' } as const
    const check = createAuthenticator(
      { secret },
      {
        revocations: {
          refusalOf: ({ subject }) => {
            asked.push(subject)
            return subject === 'mallory' ? refused : null
          },
        },
      },
    )
    expect(check(sign({ sub: 'mallory' }))).toBe(refused)
    expect(check(sign({ sub: 'ada' })).ok).toBe(true)
    check(sign({ sub: 'eve' }, { expiresIn: -60 }))
    expect(asked).toEqual(['mallory', 'ada'])
  })

  it('refuses keys of other types than RSA and P-256', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const pem = other.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(() => createAuthenticator({ publicKey: pem })).toThrow('must be an RSA or a P-256 key')
    const edwards = generateKeyPairSync('ed25519')
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString()
    expect(() => createAuthenticator({ publicKey: edwards })).toThrow('must be an RSA or a P-256 key')
    expect(() => createAuthenticator({ secret, algorithms: [] })).toThrow('not nothing')
    const only = createAuthenticator({ publicKey: ec.publicKey, algorithms: ['ES256'] })
    expect(only(sign({}, { algorithm: 'ES256' }, ec.privateKey)).ok).toBe(true)
  })
})
