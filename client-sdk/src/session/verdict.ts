import type { CLOSE_CODES, CloseCode, ClosedReason, ErrorCode } from '../protocol.js'

// The numbers are written out so that the protocol's table stays out of the page's bundle; the types see to it
// that they do not drift from it.
export const TOKEN_EXPIRED: (typeof CLOSE_CODES)['TOKEN_EXPIRED'] = 4100

/** Why a session is CLOSED, and the error of whoever waits for it. */
export type End = readonly [reason: ClosedReason, code: ErrorCode]

/** With this error the session is gone, but nothing speaks against another one. */
export const LOST = 'SESSION_EXPIRED'
const REFUSED: End = ['refused', 'FORBIDDEN']
export const TAKEN_OVER: End = ['taken_over', 'SESSION_MOVED']
export const AUTH_FAILED: End = ['auth_failed', 'AUTH_FAILED']

/** How the session ended, by close code; the other codes up to 4099 mean `refused`. */
const ENDS: Partial<Record<number, End>> = {
  4000: ['closed', 'SESSION_CLOSED'],
  4001: ['expired', LOST],
  4002: TAKEN_OVER,
  4003: ['refused', LOST],
  4007: AUTH_FAILED,
} satisfies Partial<Record<CloseCode, End>>

/** What a close code asks of the page: to be CLOSED, to bring another token, or just to come back. */
export type Verdict = End | 'token' | 'redial'

/** A code that nobody knows yet is judged by its range. */
export function verdictOf(code: number): Verdict {
  if (code < 4000 || code > 4199) return 'redial'
  return code > 4099 ? 'token' : (ENDS[code] ?? REFUSED)
}
