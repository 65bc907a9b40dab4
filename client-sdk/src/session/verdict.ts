import type { CLOSE_CODES, CloseCode, ClosedReason, ErrorCode } from '../protocol.js'

// Written out as numbers, so that the protocol's table stays out of the page's bundle; the types keep both equal.
export const TOKEN_EXPIRED: (typeof CLOSE_CODES)['TOKEN_EXPIRED'] = 4100

/** Why a session is CLOSED, and the code of the error that its calls fail with. */
export type End = readonly [reason: ClosedReason, code: ErrorCode]

/** With this error the session is gone, and a new one may be opened. */
export const RENEWABLE = 'SESSION_EXPIRED'
const REFUSED: End = ['refused', 'FORBIDDEN']
export const TAKEN_OVER: End = ['taken_over', 'SESSION_MOVED']
export const AUTH_FAILED: End = ['auth_failed', 'AUTH_FAILED']

/** How the session ended, by close code; the other codes up to 4099 mean `refused`. */
const ENDS: Partial<Record<number, End>> = {
  4000: ['closed', 'SESSION_CLOSED'],
  4001: ['expired', RENEWABLE],
  4002: TAKEN_OVER,
  4003: ['refused', RENEWABLE],
  4007: AUTH_FAILED,
} satisfies Partial<Record<CloseCode, End>>

/** What a close code asks of the page: to end the session, to get another token, or just to redial. */
export type Verdict = End | 'token' | 'redial'

/** Unknown codes are judged by their range. */
export function verdictOf(code: number): Verdict {
  if (code < 4000 || code > 4199) return 'redial'
  return code > 4099 ? 'token' : (ENDS[code] ?? REFUSED)
}
