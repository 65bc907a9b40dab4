import { expect, it } from 'vitest'
import { CLOSE_CODES } from '../../../../client-sdk/src/protocol.js'
import { TOKEN_EXPIRED, verdictOf } from '../../../../client-sdk/src/session/verdict.js'

it('every close code of the protocol has a verdict', () => {
  const verdicts = Object.fromEntries(
    Object.entries(CLOSE_CODES).map(([name, code]) => [name, verdictOf(code)]),
  )
  expect(verdicts).toEqual({
    CLOSED: ['closed', 'SESSION_CLOSED'],
    EXPIRED: ['expired', 'SESSION_EXPIRED'],
    TAKEN_OVER: ['taken_over', 'SESSION_MOVED'],
    RESUME_REFUSED: ['refused', 'SESSION_EXPIRED'],
    ORIGIN_REFUSED: ['refused', 'FORBIDDEN'],
    BAD_MESSAGE: ['refused', 'FORBIDDEN'],
    FORBIDDEN: ['refused', 'FORBIDDEN'],
    AUTH_FAILED: ['auth_failed', 'AUTH_FAILED'],
    TOKEN_EXPIRED: 'token',
    TOKEN_INVALID: 'token',
    DRAINING: null,
    SILENT: null,
    HELLO_TIMEOUT: null,
    SLOW_READER: null,
    INTERNAL: null,
    OVERLOADED: null,
    UNVERIFIED: null,
  })
  expect(TOKEN_EXPIRED).toBe(CLOSE_CODES.TOKEN_EXPIRED)
})
