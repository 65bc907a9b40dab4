/** A cookie's name, as RFC 6265 writes it. */
export const COOKIE_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/**
 * The value of one cookie, as it was sent.
 * @param header the Cookie header of a request
 * @returns null where there is none; also where there are several of that name, since then another site of the same
 *   domain may have added one, and nobody knows which
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
