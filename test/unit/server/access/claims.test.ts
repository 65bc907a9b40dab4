import { describe, expect, it } from 'vitest'
import { type Grants, grantsOf, identityOf } from '../../../../server/src/access/claims.js'
import { DerivedIdentities } from '../../../../server/src/access/derived-identity.js'

const GRANTS: Grants = grantsOf({ access: 'rules' })
const digest = (auth: string) => ({ scheme: 'digest', auth })

/** The identity that the claims give, or their fault. */
const read = (claims: object, grants = GRANTS) => identityOf({ sub: 'ada', ...claims }, 5_000, grants)

describe('the identity of a token', () => {
  it('is only its subject, with the whole tree and without an end, when it has no other claims', () => {
    expect(read({})).toMatchObject({ subject: 'ada', chroot: '', auth: [], expiresAt: null, issuedAt: null })
  })

  it('lasts longer than the token by the tolerance, in milliseconds', () => {
    expect(read({ exp: 100, iat: 40 })).toMatchObject({ expiresAt: 105_000, issuedAt: 40_000 })
    expect(read({ exp: 0, iat: 0 })).toMatchObject({ expiresAt: 5_000, issuedAt: 0 })
  })

  it('has the chroot of the token, where / means none', () => {
    expect(read({ zk: { chroot: '/tenants/a' } })).toMatchObject({ chroot: '/tenants/a' })
    expect(read({ zk: { chroot: '/' } })).toMatchObject({ chroot: '' })
    expect(read({ zk: { chroot: '' } })).toMatchObject({ chroot: '' })
    expect(read({ zk: {} })).toMatchObject({ chroot: '' })
  })

  it('has the rights of the rules in its token, with the claims filled in', () => {
    const rules = [{ path: '/${org.team}/**', allow: ['get'] }]
    const identity = read({ org: { team: 'red' }, zk: { rules } })
    if (typeof identity === 'string') throw new Error(identity)
    expect(identity.rights.allows({ right: 'get', path: '/red/x' })).toBe(true)
    expect(identity.rights.allows({ right: 'get', path: '/blue/x' })).toBe(false)
  })

  it('has the ZooKeeper identities of the token, unchanged and in their order', () => {
    const auth = [digest('a:1'), digest('b:2:3')]
    expect(read({ zk: { auth } })).toMatchObject({ auth })
  })

  it('has first the identity derived from issuer, chroot and subject', () => {
    const grants = grantsOf({ access: 'rules', identitySecret: 'secret' })
    const derived = new DerivedIdentities('secret').of({ issuer: 'idp', chroot: '/t', subject: 'ada' })
    const claims = { iss: 'idp', zk: { chroot: '/t', auth: [digest('a:1')] } }
    expect(read(claims, grants)).toMatchObject({
      auth: [digest(`${derived.user}:${derived.password}`), digest('a:1')],
    })
  })
})

describe('the grants of a configuration', () => {
  it('are its rules, or everything in mode open', () => {
    const allows = (grants: Grants) => {
      const identity = read({}, grants)
      return typeof identity !== 'string' && identity.rights.allows({ right: 'get', path: '/a' })
    }
    expect(allows(grantsOf({ access: 'rules' }))).toBe(false)
    expect(allows(grantsOf({ access: 'rules', rules: [{ path: '/a', allow: ['get'] }] }))).toBe(true)
    expect(allows(grantsOf({ access: 'open' }))).toBe(true)
  })
})

describe('claims', () => {
  it.each([
    [{ sub: 'a'.repeat(255) }],
    [{ zk: { chroot: `/${'a'.repeat(1023)}` } }],
    [{ zk: { rules: Array.from({ length: 100 }, () => ({ path: '/', allow: ['get'] })) } }],
    [{ zk: { auth: Array.from({ length: 10 }, () => digest('a:1')) } }],
    [{ zk: { auth: [digest(`a:${'x'.repeat(1022)}`)] } }],
    [{ zk: { auth: [digest('zoogate:1')] } }],
    [{ unknown: 1, zk: { unknown: 1 } }],
  ])('may be %.60j', (claims) => {
    expect(read(claims)).toBeTypeOf('object')
  })

  it.each([
    [{ sub: 'a'.repeat(256) }, "the token's sub is"],
    [{ sub: '' }, "the token's sub is"],
    [{ sub: undefined }, "the token's sub is missing or malformed: Invalid input"],
    [{ iss: 1 }, "the token's iss is"],
    [{ exp: '1' }, "the token's exp is"],
    [{ iat: '1' }, "the token's iat is"],
    [{ zk: 'x' }, "the token's zk is"],
    [{ zk: { chroot: 1 } }, "the token's zk.chroot is missing"],
    [{ zk: { chroot: 'a' } }, "the token's zk.chroot is unusable: a path begins with /"],
    [
      { zk: { chroot: `/${'a'.repeat(1024)}` } },
      "the token's zk.chroot is unusable: a path has at most 1024",
    ],
    [{ zk: { rules: [{ path: '/', allow: ['all'] }] } }, "the token's zk.rules.0.allow.0 is"],
    [{ zk: { rules: Array.from({ length: 101 }, () => ({ path: '/', allow: ['get'] })) } }, 'zk.rules is'],
    [{ zk: { auth: Array.from({ length: 11 }, () => digest('a:1')) } }, 'zk.auth is'],
    [{ zk: { auth: [{ scheme: 'world', auth: 'a:1' }] } }, 'zk.auth.0.scheme is'],
    // A user needs a name and a password, and the text is one line.
    [{ zk: { auth: [digest('a')] } }, 'zk.auth.0.auth is'],
    [{ zk: { auth: [digest(':1')] } }, 'zk.auth.0.auth is'],
    [{ zk: { auth: [digest(':a:1')] } }, 'zk.auth.0.auth is'],
    [{ zk: { auth: [digest('a:')] } }, 'zk.auth.0.auth is'],
    [{ zk: { auth: [digest('a:1\nb')] } }, 'zk.auth.0.auth is'],
    [{ zk: { auth: [digest(`a:${'x'.repeat(1023)}`)] } }, 'zk.auth.0.auth is'],
    [
      { zk: { auth: [digest('zoogate-ada:1')] } },
      'the gateway itself gives the users that begin with zoogate-',
    ],
  ])('%.60j are refused: %s', (claims, problem) => {
    expect(read(claims)).toContain(problem)
  })

  it('must be an object', () => {
    expect(identityOf('just text', 0, GRANTS)).toContain("the token's payload is missing or malformed")
  })
})
