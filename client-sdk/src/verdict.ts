import type { CLOSE_CODES, CloseCode, ClosedReason } from './protocol.js'

// The numbers are written out so that the protocol's table stays out of the page's bundle; the types see to it
// that they do not drift from it.
export const SILENT: (typeof CLOSE_CODES)['SILENT'] = 4201
const TOKEN_EXPIRED: (typeof CLOSE_CODES)['TOKEN_EXPIRED'] = 4100

/** How the session ended, by close code; the other codes up to 4099 mean `refused`. */
const ENDS: Partial<Record<CloseCode | number, ClosedReason>> = {
  4000: 'closed',
  4001: 'expired',
  4002: 'taken_over',
  4003: 'expired',
  4007: 'auth_failed',
} satisfies Partial<Record<CloseCode, ClosedReason>>

/** What a close code asks of the page. A code that nobody knows yet is judged by its range. */
export type Verdict = ClosedReason | 'token_expired' | 'token_invalid' | 'redial'

export function verdictOf(code: number): Verdict {
  if (code >= 4000 && code < 4100) return ENDS[code] ?? 'refused'
  if (code >= 4100 && code < 4200) return code === TOKEN_EXPIRED ? 'token_expired' : 'token_invalid'
  return 'redial'
}
