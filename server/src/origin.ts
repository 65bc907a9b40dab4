import type { IncomingHttpHeaders } from 'node:http'

/**
 * Whether a request may come from where it says. Only browsers send an Origin header, and they cannot forge it;
 * a request without one is no page and needs only its token.
 * @param allowed exact origins, or `*`; undefined: only the host that the request was sent to
 */
export function isOriginAllowed(
  headers: IncomingHttpHeaders,
  allowed: readonly string[] | undefined,
): boolean {
  const { origin, host } = headers
  if (origin === undefined) return true
  if (allowed) return allowed.includes('*') || allowed.includes(origin)
  // The scheme is not compared: behind a proxy that ends TLS, the gateway does not know its own.
  return URL.canParse(origin) && new URL(origin).host === host
}
