import type { IncomingHttpHeaders } from 'node:http'

/**
 * Whether the origin of a request is allowed. A browser sends an Origin header that its pages cannot forge. A request
 * without one comes from no page, and needs only its token.
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
 * Whether the cookie of a request may stand for a token. A browser sends the cookie with every request, whichever page makes
 * it, so that only the origin tells the operator's pages from all others. It has to be present and on the list. Without a
 * list it has to be the gateway's own host, over https, so that nothing on the way could have written the page.
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

/** As browsers define it: https, or this machine. */
function isSecure({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || isLoopback(hostname)
}

/** @param hostname of a URL */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

/** A cookie's name, as RFC 6265 writes it. */
export const COOKIE_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/**
 * The value of one cookie, as it was sent.
 * @param header the Cookie header of a request
 * @returns null when no cookie has the name, and when several have it: another site of the same domain may have added one,
 *   and nothing shows which
 */
export function cookieValue(header: string | undefined, name: string): string | null {
  const values = (header ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
  })
  const [value] = values
  if (value === undefined || values.length > 1) return null
  return /^"(.*)"$/.exec(value)?.[1] ?? value
}
