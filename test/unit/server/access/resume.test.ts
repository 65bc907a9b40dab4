import { describe, expect, it } from 'vitest'
import type { WatchLists } from 'zoogate-client/protocol'
import type { Identity } from '../../../../server/src/access/authenticate.js'
import { resumeProblem } from '../../../../server/src/access/resume.js'
import type { SealedSession } from '../../../../server/src/access/resume-token.js'
import { AccessPolicy } from '../../../../server/src/access/rights.js'
import { DEFAULT_LIMITS } from '../../../../server/src/config/limit-settings.js'

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

describe('a session is taken up again', () => {
  it('with watches that the token allows', () => {
    expect(problem({})).toBe(null)
    expect(problem({ data: ['/rooms/1'], exist: ['/rooms/2'], child: ['/all'] })).toBe(null)
    expect(problem({ persistent: ['/rooms/1'], recursive: ['/all', '/all/x/y'] })).toBe(null)
  })

  it('by nobody else, and not below another chroot, which are told apart by nobody', () => {
    expect(problem({}, null)).toContain('does not open')
    const stranger = problem({}, { ...SEALED, subject: 'bob' })
    expect(stranger).toContain('belongs to another identity')
    expect(problem({}, { ...SEALED, chroot: '/pages/tenants/b' })).toBe(stranger)
    expect(problem({}, { ...SEALED, issuer: 'https://id.example' })).toBe(stranger)
  })

  it.each(['data', 'exist', 'child', 'persistent', 'recursive'] as const)(
    'not with a %s watch that is forbidden, misspelt or one too many',
    (list) => {
      expect(problem({ [list]: ['/read'] })).toContain('does not allow')
      expect(problem({ [list]: ['/rooms/1/..'] })).toBe(
        'a watch cannot be set again: a path has no parts . and ..',
      )
      expect(problem({ [list]: ['/all', '/all', '/all'] })).toBe(null)
      expect(problem({ [list]: ['/all', '/all', '/all', '/all'] })).toBe('a session holds at most 3 watches')
    },
  )

  it('not with a recursive watch that reaches further than the rules', () => {
    expect(problem({ persistent: ['/rooms/1'] })).toBe(null)
    expect(problem({ recursive: ['/rooms/1'] })).toContain('does not allow')
  })
})
