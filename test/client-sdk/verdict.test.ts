import { expect, it } from 'vitest'
import { CLOSE_CODES } from '../../client-sdk/src/protocol.js'
import { SILENT, verdictOf } from '../../client-sdk/src/verdict.js'

it('has a verdict for every close code of the protocol', () => {
  const verdicts = Object.fromEntries(
    Object.entries(CLOSE_CODES).map(([name, code]) => [name, verdictOf(code)]),
  )
  expect(verdicts).toEqual({
    CLOSED: 'closed',
    EXPIRED: 'expired',
    TAKEN_OVER: 'taken_over',
    RESUME_REFUSED: 'expired',
    ORIGIN_REFUSED: 'refused',
    BAD_MESSAGE: 'refused',
    FORBIDDEN: 'refused',
    AUTH_FAILED: 'auth_failed',
    TOKEN_EXPIRED: 'token_expired',
    TOKEN_INVALID: 'token_invalid',
    DRAINING: 'redial',
    SILENT: 'redial',
    HELLO_TIMEOUT: 'redial',
    OVERLOADED: 'redial',
    SLOW_READER: 'redial',
    INTERNAL: 'redial',
  })
  expect(SILENT).toBe(CLOSE_CODES.SILENT)
})
