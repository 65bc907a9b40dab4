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

/**
 * Whether the cookie of a request may stand for a token. A browser sends it along whoever asked for the request, so
 * that the origin is all that tells a page of one's own from any other: it has to be there and on the list, and without
 * a list it has to be a page that nobody on the way could have written.
 */
export function isCookieOrigin(
  headers: IncomingHttpHeaders,
  allowed: readonly string[] | undefined,
): boolean {
  const { origin } = headers
  if (origin === undefined) return false
  if (allowed) return allowed.includes(origin)
  return isOriginAllowed(headers, allowed) && isSecure(new URL(origin))
}

/** As browsers have it: https, or this machine. */
function isSecure({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || isLoopback(hostname)
}

/** @param hostname as URL gives it */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
