import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import type { Authentication } from '../../../../server/src/access/authenticate.js'
import { Rights } from '../../../../server/src/access/rights.js'
import { Greeting } from '../../../../server/src/connection/greeting.js'
import { parseMessage } from '../../../../server/src/wire/protocol.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const WITHIN_MS = 5_000
const identity = {
  subject: 'ada',
  issuer: null,
  chroot: '',
  rights: new Rights([]),
  auth: [],
  expiresAt: null,
  issuedAt: null,
}
const good: Authentication = { ok: true, identity }
const hello = { type: 'hello', token: 'x', timeoutMs: 10_000 }

/** A greeting whose token checks the test ends. */
function start(cookie: string | null = null, answer?: Authentication) {
  const told: unknown[] = []
  const tokens: string[] = []
  const checks: ((result: Authentication | Error) => void)[] = []
  const greeting: Greeting = new Greeting(
    {
      refuse: (code, _, retryAfterMs) => {
        told.push(retryAfterMs === undefined ? code : [code, retryAfterMs])
        greeting.end()
      },
      accepted: () => {
        told.push('accepted')
        greeting.end()
      },
      pong: (id) => told.push(`pong ${id}`),
      fault: (error) => told.push(error),
    },
    {
      authenticate: (token) => {
        tokens.push(token)
        if (answer) return answer
        return new Promise((resolve, reject) => {
          checks.push((result) => (result instanceof Error ? reject(result) : resolve(result)))
        })
      },
      withinMs: WITHIN_MS,
      cookie,
    },
  )
  const receive = (message: unknown) => greeting.receive(parseMessage(message))
  return { greeting, told, tokens, checks, receive }
}

const settle = () => vi.advanceTimersByTimeAsync(0)

describe('a greeting', () => {
  it('ends at once with a static key', () => {
    const { receive, told } = start(null, good)
    receive(hello)
    expect(told).toEqual(['accepted'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits within its deadline for a key that the gateway fetches', async () => {
    const { receive, told, checks } = start()
    vi.advanceTimersByTime(WITHIN_MS - 1)
    receive(hello)
    checks[0]?.(good)
    await settle()
    expect(told).toEqual(['accepted'])
  })

  it.each<[string, Authentication, unknown]>([
    ['4100', { ok: false, cause: 'expired', message: '' }, CLOSE_CODES.TOKEN_EXPIRED],
    ['4101', { ok: false, cause: 'invalid', message: '' }, CLOSE_CODES.TOKEN_INVALID],
    ['4006', { ok: false, cause: 'forbidden', message: '' }, CLOSE_CODES.FORBIDDEN],
    [
      '4207 and a time to come back',
      { ok: false, cause: 'unverified', message: '', retryAfterMs: 7 },
      [CLOSE_CODES.UNVERIFIED, 7],
    ],
  ])('ends with %s', async (_, answer, code) => {
    const { receive, told, checks } = start()
    receive(hello)
    checks[0]?.(answer)
    await settle()
    expect(told).toEqual([code])
  })

  it('distinguishes a missing hello from a key that did not arrive in time', () => {
    const silent = start()
    const waiting = start()
    waiting.receive(hello)
    vi.advanceTimersByTime(WITHIN_MS - 1)
    expect([...silent.told, ...waiting.told]).toEqual([])
    vi.advanceTimersByTime(1)
    expect(silent.told).toEqual([CLOSE_CODES.HELLO_TIMEOUT])
    expect(waiting.told).toEqual([CLOSE_CODES.UNVERIFIED])
  })

  it('ignores the verdict on a token once the page has gone or the deadline has passed', async () => {
    const { greeting, receive, told, checks } = start()
    receive(hello)
    greeting.end()
    checks[0]?.(good)
    await settle()
    expect(told).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([
    ['a second hello', hello],
    ['a call', { type: 'call', id: 1, op: 'whoAmI' }],
    ['a token', { type: 'token', token: 'y' }],
    ['a pong', { type: 'pong', id: 1 }],
    ['a bad call', { type: 'call', id: 1, op: 'explode' }],
  ])('is a violation to interrupt with %s', (_, message) => {
    const { receive, told, tokens } = start()
    receive(hello)
    receive(message)
    expect(told).toEqual([CLOSE_CODES.BAD_MESSAGE])
    expect(tokens).toEqual(['x'])
  })

  it('answers pings and lets the page leave while the key is fetched', () => {
    const { receive, told } = start()
    receive(hello)
    receive({ type: 'ping', id: 3 })
    receive({ type: 'close' })
    expect(told).toEqual(['pong 3', CLOSE_CODES.CLOSED])
  })

  it.each([
    ['ping', { type: 'ping', id: 1 }],
    ['close', { type: 'close' }],
    ['token', { type: 'token', token: 'y' }],
    ['a call that is wrong', { type: 'call', id: 1, op: 'explode' }],
    ['what cannot be read', 7],
  ])('does not begin with %s', (_, message) => {
    const { receive, told, tokens } = start('from the cookie', good)
    receive(message)
    expect(told).toEqual([CLOSE_CODES.BAD_MESSAGE])
    expect(tokens).toEqual([])
  })

  it('takes the token of the cookie only where the hello brings none', () => {
    const empty = start('from the cookie', good)
    empty.receive({ ...hello, token: '' })
    expect(empty.tokens).toEqual(['from the cookie'])
    const full = start('from the cookie', good)
    full.receive(hello)
    expect(full.tokens).toEqual(['x'])
  })

  it('refuses an empty token without a cookie', () => {
    const missing = start('', good)
    missing.receive({ ...hello, token: '' })
    expect(missing.told).toEqual([CLOSE_CODES.TOKEN_INVALID])
    const off = start(null, good)
    off.receive({ ...hello, token: '' })
    expect(off.told).toEqual([CLOSE_CODES.BAD_MESSAGE])
    expect([...missing.tokens, ...off.tokens]).toEqual([])
  })

  it('reports a fault of the check itself', async () => {
    const { receive, told, checks } = start()
    const fault = new Error('a bug')
    receive(hello)
    checks[0]?.(fault)
    await settle()
    expect(told).toEqual([fault])
  })
})
