import ipaddr from 'ipaddr.js'

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

  /** Whether the peer is a trusted proxy. */
  isProxy(remote: string | undefined): boolean {
    const peer = addressOf(remote ?? '')
    return peer !== null && this.#isTrusted(peer)
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
