import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import type { Authentication, Authenticator, Identity } from '../../../../server/src/access/authenticate.js'
import { Rights } from '../../../../server/src/access/rights.js'
import { PageToken } from '../../../../server/src/connection/token.js'

const START = 1_767_225_600_000
beforeEach(() => {
  vi.useFakeTimers({ now: START })
})
afterEach(() => {
  vi.useRealTimers()
})

function identity(changes: Partial<Identity> = {}): Identity {
  return {
    subject: 'ada',
    issuer: null,
    chroot: '',
    rights: new Rights([]),
    auth: [],
    expiresAt: START + 90_000,
    issuedAt: START,
    ...changes,
  }
}

const good = (changes: Partial<Identity> = {}): Authentication => ({ ok: true, identity: identity(changes) })

function start(authenticate: Authenticator) {
  const told: unknown[] = []
  const token = new PageToken(
    {
      askForToken: () => told.push('ask'),
      tokenRenewed: () => undefined,
      refuse: (code) => told.push(code),
      fault: (error) => told.push(error),
    },
    authenticate,
    identity(),
  )
  return { token, told }
}

describe("a page's token", () => {
  it('is replaced by a fresh one with its rules and its expiry', () => {
    const fresh = identity({ expiresAt: START + 600_000, rights: new Rights(null) })
    const { token, told } = start(() => ({ ok: true, identity: fresh }))
    token.renew('fresh')
    expect(token.identity).toBe(fresh)
    vi.advanceTimersByTime(600_000)
    expect(told).toEqual(['ask', CLOSE_CODES.TOKEN_EXPIRED])
  })

  it('ends the connection at its expiry where no fresh token came', () => {
    const { told } = start(() => good())
    vi.advanceTimersByTime(89_999)
    expect(told).toEqual(['ask'])
    vi.advanceTimersByTime(1)
    expect(told).toEqual(['ask', CLOSE_CODES.TOKEN_EXPIRED])
  })

  it.each<[string, Authentication, number]>([
    ['another subject', good({ subject: 'eve' }), CLOSE_CODES.FORBIDDEN],
    ['another chroot', good({ chroot: '/b' }), CLOSE_CODES.FORBIDDEN],
    ['another issuer', good({ issuer: 'https://id.example' }), CLOSE_CODES.FORBIDDEN],
    [
      'other ZooKeeper identities',
      good({ auth: [{ scheme: 'digest', auth: 'a:b' }] }),
      CLOSE_CODES.TOKEN_EXPIRED,
    ],
    ['an expiry in the past', { ok: false, cause: 'expired', message: '' }, CLOSE_CODES.TOKEN_EXPIRED],
    ['a bad signature', { ok: false, cause: 'invalid', message: '' }, CLOSE_CODES.TOKEN_INVALID],
    ['unusable claims', { ok: false, cause: 'forbidden', message: '' }, CLOSE_CODES.FORBIDDEN],
  ])('ends the connection when the fresh one has %s, and stays what it was', (_, answer, code) => {
    const { token, told } = start(() => answer)
    const before = token.identity
    token.renew('fresh')
    expect(told).toEqual([code])
    expect(token.identity).toBe(before)
  })

  it('stays when its successor cannot be checked, is asked for again, and still expires in time', async () => {
    const answer: Authentication = { ok: false, cause: 'unverified', message: '', retryAfterMs: 8_000 }
    const { token, told } = start(() => answer)
    token.renew('fresh')
    vi.advanceTimersByTime(7_999)
    expect(told).toEqual([])
    vi.advanceTimersByTime(1)
    expect(told).toEqual(['ask'])
    vi.advanceTimersByTime(90_000)
    expect(told).toEqual(['ask', CLOSE_CODES.TOKEN_EXPIRED])
  })

  it('is asked for again after a second at the earliest', () => {
    const { token, told } = start(() => ({ ok: false, cause: 'unverified', message: '' }))
    token.renew('fresh')
    vi.advanceTimersByTime(999)
    expect(told).toEqual([])
    vi.advanceTimersByTime(1)
    expect(told).toEqual(['ask'])
  })

  it('is the newest of several whose checks end in any order', async () => {
    const checks: ((answer: Authentication) => void)[] = []
    const { token, told } = start(() => new Promise((resolve) => checks.push(resolve)))
    token.renew('older')
    token.renew('newer')
    checks[1]?.(good({ expiresAt: START + 200_000 }))
    await vi.advanceTimersByTimeAsync(0)
    checks[0]?.({ ok: false, cause: 'invalid', message: '' })
    await vi.advanceTimersByTimeAsync(0)
    expect(token.identity.expiresAt).toBe(START + 200_000)
    expect(told).toEqual([])
  })

  it('ignores a check that ends after the connection', async () => {
    let end: (answer: Authentication) => void = () => undefined
    const { token, told } = start(
      () =>
        new Promise((resolve) => {
          end = resolve
        }),
    )
    token.renew('fresh')
    token.stop()
    end({ ok: false, cause: 'invalid', message: '' })
    await vi.advanceTimersByTimeAsync(100_000)
    expect(told).toEqual([])
  })

  it('reports a fault of the check itself', async () => {
    const fault = new Error('a bug')
    const { token, told } = start(() => Promise.reject(fault))
    token.renew('fresh')
    await vi.advanceTimersByTimeAsync(0)
    expect(told).toEqual([fault])
  })
})

/** A token, and the answer of the check of each later one. @param lifeMs null for a token that does not expire */
function startExpiry(lifeMs: number | null) {
  const told: [what: string, atMs: number][] = []
  const tell = (what: string) => told.push([what, Date.now() - START])
  const expiresAt = (ms: number | null) => ({ expiresAt: ms === null ? null : START + ms })
  let answer: Authentication = good()
  const token = new PageToken(
    {
      askForToken: () => tell('ask'),
      tokenRenewed: () => undefined,
      refuse: (code) => tell(code === CLOSE_CODES.TOKEN_EXPIRED ? 'expired' : `${code}`),
      fault: (error) => tell(String(error)),
    },
    () => answer,
    identity(expiresAt(lifeMs)),
  )
  const renew = (given: Authentication) => {
    answer = given
    token.renew('fresh')
  }
  return {
    told,
    token,
    renew: (ms: number | null) => renew(good(expiresAt(ms))),
    askAgain: (retryAfterMs: number) => renew({ ok: false, cause: 'unverified', message: '', retryAfterMs }),
  }
}

describe('the expiry of a token', () => {
  it.each([
    ['half a minute before the end', 3_600_000, 3_570_000],
    ['when a third is left of a short life', 60_000, 40_000],
    ['when a third is left of a very short life', 900, 600],
    ['at the share where both are the same', 90_000, 60_000],
  ])('asks %s, once, and ends the connection exactly at the end', (_, lifeMs, askAt) => {
    const { told } = startExpiry(lifeMs)
    vi.advanceTimersByTime(lifeMs - 1)
    expect(told).toEqual([['ask', askAt]])
    vi.advanceTimersByTime(1)
    expect(told).toEqual([
      ['ask', askAt],
      ['expired', lifeMs],
    ])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends a connection with an expired token at once, without asking for another', () => {
    const { told } = startExpiry(-5)
    vi.advanceTimersByTime(1)
    expect(told).toEqual([['expired', 1]])
  })

  it('needs no timer for a token that does not expire', () => {
    const { told } = startExpiry(null)
    expect(vi.getTimerCount()).toBe(0)
    expect(told).toEqual([])
  })

  it('survives a life that is longer than a timer counts', () => {
    const year = 365 * 86_400_000
    const { told } = startExpiry(year)
    vi.advanceTimersByTime(2 ** 31)
    expect(told).toEqual([])
    vi.setSystemTime(START + year - 60_000)
    vi.advanceTimersByTime(60_000)
    expect(told.map(([what]) => what)).toEqual(['ask', 'expired'])
  })

  it('notices within a minute that the clock was set', () => {
    const { told } = startExpiry(3_600_000)
    vi.setSystemTime(START + 3_600_000)
    vi.advanceTimersByTime(60_000)
    expect(told.map(([what]) => what)).toEqual(['expired'])
  })

  it('begins anew with a fresh token, also with one that does not expire', () => {
    const { told, renew } = startExpiry(90_000)
    vi.advanceTimersByTime(60_000)
    renew(150_000)
    vi.advanceTimersByTime(60_000)
    expect(told).toEqual([
      ['ask', 60_000],
      ['ask', 120_000],
    ])
    renew(null)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('asks again where a token could not be checked, unless the end comes first', () => {
    const { told, askAgain } = startExpiry(90_000)
    vi.advanceTimersByTime(60_000)
    askAgain(10_000)
    vi.advanceTimersByTime(10_000)
    askAgain(60_000)
    vi.advanceTimersByTime(60_000)
    expect(told).toEqual([
      ['ask', 60_000],
      ['ask', 70_000],
      ['expired', 90_000],
    ])
  })

  it('asks again also where the token that could not be checked follows one that does not expire', () => {
    const { told, askAgain } = startExpiry(null)
    askAgain(10_000)
    vi.advanceTimersByTime(600_000)
    expect(told).toEqual([['ask', 10_000]])
  })

  it('is silent once it is stopped', () => {
    const { told, token } = startExpiry(1_000)
    token.stop()
    vi.advanceTimersByTime(2_000)
    expect(told).toEqual([])
  })
})
