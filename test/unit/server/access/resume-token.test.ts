import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { WatchLists } from 'zoogate-client/protocol'
import type { Identity } from '../../../../server/src/access/authenticate.js'
import {
  ResumeTokens,
  resumeProblem,
  type SealedSession,
} from '../../../../server/src/access/resume-token.js'
import { AccessPolicy } from '../../../../server/src/access/rights.js'
import { DEFAULT_LIMITS } from '../../../../server/src/config/limit-settings.js'

const session: SealedSession = {
  id: Buffer.from('0100a2b3c4d50001', 'hex'),
  password: randomBytes(16),
  subject: 'ada',
  issuer: 'https://id.example',
  chroot: '/tenants/a',
  issuedAt: 1_767_225_600_000,
  generation: 3,
}

const KEY = Buffer.alloc(32, 7)
const keyId = createHash('sha256').update('zoogate resume key').update(KEY).digest().subarray(0, 4)

/** A token made by hand, by the format and under the key. */
function sealedByHand(content: string, header = Buffer.concat([Buffer.of(1), keyId])): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', KEY, nonce).setAAD(header)
  const sealed = Buffer.concat([cipher.update(content), cipher.final()])
  return Buffer.concat([header, nonce, sealed, cipher.getAuthTag()]).toString('base64url')
}

describe('resume tokens', () => {
  it('open to the session that was sealed', () => {
    const tokens = new ResumeTokens([randomBytes(32)])
    expect(tokens.open(tokens.seal(session))).toEqual(session)
  })

  it('differ each time and show nothing of the session', () => {
    const tokens = new ResumeTokens([randomBytes(32)])
    const [first, second] = [tokens.seal(session), tokens.seal(session)]
    expect(first).not.toBe(second)
    const bytes = Buffer.from(first, 'base64url')
    expect(bytes.includes(session.password)).toBe(false)
    expect(bytes.includes('ada')).toBe(false)
  })

  it('do not open when any single character is changed', () => {
    const tokens = new ResumeTokens([randomBytes(32)])
    const token = tokens.seal(session)
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === 'A' ? 'B' : 'A'
      expect(tokens.open(token.slice(0, at) + other + token.slice(at + 1)), `at ${at}`).toBeNull()
    }
  })

  it('do not open when any single bit is flipped', () => {
    const tokens = new ResumeTokens([randomBytes(32)])
    const bytes = Buffer.from(tokens.seal(session), 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(tokens.open(flipped.toString('base64url')), `bit ${bit}`).toBeNull()
    }
  })

  it('do not open when truncated to any length, nor when prolonged', () => {
    const tokens = new ResumeTokens([randomBytes(32)])
    const token = tokens.seal(session)
    for (let length = 0; length < token.length; length += 1) {
      expect(tokens.open(token.slice(0, length))).toBeNull()
    }
    expect(tokens.open(`${token}A`)).toBeNull()
    expect(tokens.open(`${token}=`)).toBeNull()
  })

  it('open under every present key, are sealed under the first, and no longer open once their key is retired', () => {
    const [older, newer] = [randomBytes(32), randomBytes(32)]
    const before = new ResumeTokens([older])
    const during = new ResumeTokens([newer, older])
    const after = new ResumeTokens([newer])
    const old = before.seal(session)
    expect(during.open(old)).toEqual(session)
    expect(after.open(old)).toBeNull()
    expect(after.open(during.seal(session))).toEqual(session)
    expect(before.open(during.seal(session))).toBeNull()
  })

  it('refuse keys of the wrong length', () => {
    expect(() => new ResumeTokens([randomBytes(16)])).toThrow('32 bytes')
    expect(() => new ResumeTokens([])).toThrow('at least one key')
  })
})

describe('the format of resume tokens', () => {
  const tokens = new ResumeTokens([KEY])
  const fields = [
    'AQCis8TVAAE=',
    'CQkJCQkJCQkJCQkJCQkJCQ==',
    'ada',
    'https://id.example',
    '/tenants/ä',
    1_767_225_600_000,
    3,
  ]
  const opened = {
    id: Buffer.from('0100a2b3c4d50001', 'hex'),
    password: Buffer.alloc(16, 9),
    subject: 'ada',
    issuer: 'https://id.example',
    chroot: '/tenants/ä',
    issuedAt: 1_767_225_600_000,
    generation: 3,
  }

  // While replicas are replaced one by one, old ones open the tokens of new ones, and the other way round.
  it('matches the tokens that other releases of the gateway seal', () => {
    const token =
      'ARQBF262FOzvpAaWWzwXqY8JJEwBdYGKG4pue4H_NvKbhZzgbHSPy0LN7Ov4M-wYbdD7T8t6Dct1u4Kmyw1Ng-VGmV8kE7VqA' +
      '6CKpH9fg-Y4XRQon8FEL6AVYqfLtfYblDjzwMNRGTRO0WCmpexlZ8oyjqN6TZzYCg-8y44r30EUzzlQbg'
    expect(tokens.open(token)).toEqual(opened)
    expect(tokens.open(sealedByHand(JSON.stringify(fields)))).toEqual(opened)
  })

  it('has a version and the name of its key, which must both match', () => {
    const content = JSON.stringify(fields)
    expect(tokens.open(sealedByHand(content, Buffer.concat([Buffer.of(2), keyId])))).toBeNull()
    expect(tokens.open(sealedByHand(content, Buffer.of(1, 0, 0, 0, 0)))).toBeNull()
  })

  it.each([
    ['nothing', ''],
    ['no JSON', 'ada'],
    ['an object', '{}'],
    ['too few fields', JSON.stringify(fields.slice(0, 6))],
    ['too many fields', JSON.stringify([...fields, 0])],
    ['an id that is not base64', JSON.stringify(['?', ...fields.slice(1)])],
    ['a generation that is no number', JSON.stringify([...fields.slice(0, 6), '3'])],
  ])('refuses %s, even sealed under a key', (_, content) => {
    expect(tokens.open(sealedByHand(content))).toBeNull()
  })
})

const CHROOT = '/pages/tenants/a'
const SEALED: SealedSession = {
  id: Buffer.alloc(8),
  password: Buffer.alloc(16),
  subject: 'ada',
  issuer: null,
  chroot: CHROOT,
  issuedAt: 0,
  generation: 1,
}
const IDENTITY: Identity = {
  subject: 'ada',
  issuer: null,
  chroot: '/tenants/a',
  rights: new AccessPolicy('rules', [
    { path: '/rooms/*', allow: ['watch'] },
    { path: '/all/**', allow: ['watch'] },
    { path: '/read', allow: ['get'] },
  ]).rightsOf({ claims: {}, rules: [] }),
  auth: [],
  expiresAt: null,
  issuedAt: null,
}

function problem(watches: Partial<WatchLists>, sealed: SealedSession | null = SEALED): string | null {
  const resume = { token: '', zxid: '0x1', watches: { data: [], exist: [], child: [], ...watches } }
  return resumeProblem(resume, sealed, IDENTITY, CHROOT, { ...DEFAULT_LIMITS, maxWatches: 3 })
}

describe('a resumed session', () => {
  it('may bring watches that the token allows', () => {
    expect(problem({})).toBe(null)
    expect(problem({ data: ['/rooms/1'], exist: ['/rooms/2'], child: ['/all'] })).toBe(null)
    expect(problem({ persistent: ['/rooms/1'], recursive: ['/all', '/all/x/y'] })).toBe(null)
  })

  it('is refused to another identity and below another chroot, in the same words', () => {
    expect(problem({}, null)).toContain('does not open')
    const foreign = problem({}, { ...SEALED, subject: 'bob' })
    expect(foreign).toContain('belongs to another identity')
    expect(problem({}, { ...SEALED, chroot: '/pages/tenants/b' })).toBe(foreign)
    expect(problem({}, { ...SEALED, issuer: 'https://id.example' })).toBe(foreign)
  })

  it.each(['data', 'exist', 'child', 'persistent', 'recursive'] as const)(
    'is refused with a %s watch that is forbidden, malformed or beyond the limit',
    (list) => {
      expect(problem({ [list]: ['/read'] })).toContain('does not allow')
      expect(problem({ [list]: ['/rooms/1/..'] })).toBe(
        'a watch cannot be set again: a path has no parts . and ..',
      )
      expect(problem({ [list]: ['/all', '/all', '/all'] })).toBe(null)
      expect(problem({ [list]: ['/all', '/all', '/all', '/all'] })).toBe(
        'a session holds at most 3 watches; begin a new session with fewer',
      )
    },
  )

  it('is refused with a recursive watch that reaches further than the rules', () => {
    expect(problem({ persistent: ['/rooms/1'] })).toBe(null)
    expect(problem({ recursive: ['/rooms/1'] })).toContain('does not allow')
  })
})
