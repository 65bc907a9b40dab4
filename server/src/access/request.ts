import type { IncomingHttpHeaders } from 'node:http'
import ipaddr from 'ipaddr.js'

// The parts of an HTTP request that decide about its page: the origin, the cookie, and the address that it counts for.

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

// ---- the address ----

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Stands for the address of a peer that has none, for example on a Unix socket. */
const NOWHERE = 'none'

/** Whether the text is an address, or a network like `10.0.0.0/8`, as `ClientAddresses` takes them. */
export function isNetwork(text: string): boolean {
  return ipaddr.isValidCIDR(text) || addressOf(text) !== null
}

/**
 * Finds the address that a client counts for: the address of the peer, or behind trusted proxies the one that they forward.
 * An IPv6 address counts as its /64, because one customer gets a whole /64.
 */
export class ClientAddresses {
  readonly #trusted: [Address, number][]

  /** @param trusted addresses and networks of the proxies whose X-Forwarded-For is believed */
  constructor(trusted: readonly string[]) {
    this.#trusted = trusted.map(networkOf)
  }

  /** The address of a peer; null for a trusted proxy, whose clients have addresses of their own. */
  ofPeer(remote: string | undefined): string | null {
    const peer = addressOf(remote ?? '')
    if (peer === null) return NOWHERE
    return this.#isTrusted(peer) ? null : keyOf(peer)
  }

  /**
   * Each proxy adds the address of its client at the right. So the header is read from the right for as long as the
   * addresses are trusted proxies. The first other address is the client; it may have invented everything left of itself.
   * @param forwarded the header X-Forwarded-For
   */
  of(remote: string | undefined, forwarded: string | undefined): string {
    let known = addressOf(remote ?? '')
    if (known === null) return NOWHERE
    const hops = (forwarded ?? '').split(',')
    while (hops.length > 0 && this.#isTrusted(known)) {
      const next = addressOf(withoutPort((hops.pop() as string).trim()))
      if (next === null) break
      known = next
    }
    return keyOf(known)
  }

  #isTrusted(address: Address): boolean {
    return this.#trusted.some(([network, bits]) => {
      return address.kind() === network.kind() && address.match(network, bits)
    })
  }
}

function keyOf(address: Address): string {
  if (address.kind() === 'ipv4') return address.toString()
  return `${(address as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}

/** The address in its canonical form; IPv4 in IPv6 becomes IPv4. Null for any other text, also for `127.1` and `0x7f000001`. */
function addressOf(text: string): Address | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)) return ipaddr.process(text)
  return null
}

/** Some proxies forward the port too: `192.0.2.1:1234`, `[2001:db8::1]:1234`. */
function withoutPort(text: string): string {
  return /^([\d.]+):\d+$/.exec(text)?.[1] ?? /^\[(.*)\](:\d+)?$/.exec(text)?.[1] ?? text
}

function networkOf(text: string): [Address, number] {
  const single = addressOf(text)
  if (single !== null) return [single, single.toByteArray().length * 8]
  return ipaddr.parseCIDR(text)
}
