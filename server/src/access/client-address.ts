import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** What counts as the address of a peer that has none, on a Unix socket for example. */
const NOWHERE = 'none'

/** Whether this is what `ClientAddresses` takes: an address, or a network like `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  return ipaddr.isValidCIDR(text) || addressOf(text) !== null
}

/**
 * Tells who is asking, for counting: the address of the peer, or behind proxies that are trusted the one that they tell. An
 * IPv6 address counts as its /64, because that much is given to one customer.
 */
export class ClientAddresses {
  readonly #trusted: [Address, number][]

  /** @param trusted addresses and networks of the proxies that may say whom they ask for */
  constructor(trusted: readonly string[]) {
    this.#trusted = trusted.map(networkOf)
  }

  /** Whether the peer speaks for others. */
  isProxy(remote: string | undefined): boolean {
    const peer = addressOf(remote ?? '')
    return peer !== null && this.#isTrusted(peer)
  }

  /**
   * Each proxy adds at the right whom it was asked by. So the truth is read from the right for as long as the proxies can be
   * trusted; what stands left of the first stranger is the stranger's own invention.
   * @param forwarded the header X-Forwarded-For
   */
  of(remote: string | undefined, forwarded: string | undefined): string {
    let known = addressOf(remote ?? '')
    if (known === null) return NOWHERE
    const told = (forwarded ?? '').split(',')
    while (told.length > 0 && this.#isTrusted(known)) {
      const next = addressOf(withoutPort((told.pop() as string).trim()))
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

/** In the one form that each address has; IPv4 in IPv6 is IPv4. Null for anything else, `127.1` and `0x7f000001` included. */
function addressOf(text: string): Address | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)) return ipaddr.process(text)
  return null
}

/** Some proxies tell the port too: `192.0.2.1:1234`, `[2001:db8::1]:1234`. */
function withoutPort(text: string): string {
  return /^([\d.]+):\d+$/.exec(text)?.[1] ?? /^\[(.*)\](:\d+)?$/.exec(text)?.[1] ?? text
}

function networkOf(text: string): [Address, number] {
  const single = addressOf(text)
  if (single !== null) return [single, single.toByteArray().length * 8]
  return ipaddr.parseCIDR(text)
}
