import type { CLOSE_CODES, CloseCode, ClosedReason, ErrorCode } from '../protocol.js'

// Written out as numbers, so that the protocol's table stays out of the page's bundle; the types keep both equal.
/** The code for a connection without a close frame; it never travels. */
export const NO_CLOSE_FRAME = 1006
/** A page may send 1000 and 3000–4999 only. To a gateway any code but 1001 and 4000 means: detach, the page comes back. */
export const DETACH = 3001
/** In a page's close frame: close the session rather than detach it. */
export const CLOSED: (typeof CLOSE_CODES)['CLOSED'] = 4000
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

/** A close code means: the session ends, get another token, or (null) just redial. */
export type Verdict = End | 'token' | null

/** Unknown codes are judged by their range. */
export function verdictOf(code: number): Verdict {
  if (code < 4000 || code > 4199) return null
  return code > 4099 ? 'token' : (ENDS[code] ?? REFUSED)
}
