import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ClientAddresses, isNetwork } from '../../../../server/src/access/client-address.js'

const PROXIES = ['10.0.0.0/8', '192.0.2.7', '2001:db8:1::/48', 'fd00::1']
const addresses = () => new ClientAddresses(PROXIES)

describe('the address of a client', () => {
  it.each([
    ['no proxy', '203.0.113.5', undefined, '203.0.113.5'],
    ['IPv4 in IPv6', '::ffff:203.0.113.5', undefined, '203.0.113.5'],
    ['IPv6, by its /64', '2001:db8:2:3:4:5:6:7', undefined, '2001:db8:2:3::/64'],
    ['IPv6 with zeros, by its /64', '2001:db8::1', undefined, '2001:db8:0:0::/64'],
    ['IPv6 with a zone', 'fe80::1%eth0', undefined, 'fe80:0:0:0::/64'],
    ['no address at all', undefined, '203.0.113.5', 'none'],
    ['a header from another address', '203.0.113.5', '198.51.100.1', '203.0.113.5'],
    ['a proxy in a trusted network', '10.1.2.3', '203.0.113.5', '203.0.113.5'],
    ['a proxy by its address', '192.0.2.7', '203.0.113.5', '203.0.113.5'],
    ['the neighbour of a proxy', '192.0.2.8', '203.0.113.5', '192.0.2.8'],
    ['a proxy as IPv4 in IPv6', '::ffff:10.1.2.3', '203.0.113.5', '203.0.113.5'],
    ['an IPv6 proxy by its address', 'fd00::1', '203.0.113.5', '203.0.113.5'],
    ['the neighbour of an IPv6 proxy', 'fd00::2', '203.0.113.5', 'fd00:0:0:0::/64'],
    ['an IPv6 proxy in a network', '2001:db8:1:9::1', '2001:db8:2:3::4', '2001:db8:2:3::/64'],
    ['two proxies', '10.1.2.3', '203.0.113.5, 10.9.9.9', '203.0.113.5'],
    ['an invention left of the client', '10.1.2.3', '198.51.100.1, 203.0.113.5', '203.0.113.5'],
    ['an invented proxy', '10.1.2.3', '10.0.0.1, 203.0.113.5, 10.9.9.9', '203.0.113.5'],
    ['proxies only', '10.1.2.3', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ['a proxy without a header', '10.1.2.3', undefined, '10.1.2.3'],
    ['an empty header', '10.1.2.3', '', '10.1.2.3'],
    ['garbage from a proxy', '10.1.2.3', '203.0.113.5, unknown', '10.1.2.3'],
    ['garbage left of the client', '10.1.2.3', '<script>, 203.0.113.5', '203.0.113.5'],
    ['a number for an address', '10.1.2.3', '203.0.113.5, 3405803781', '10.1.2.3'],
    ['an address with a port', '10.1.2.3', '203.0.113.5:4711', '203.0.113.5'],
    ['an IPv6 address with a port', '10.1.2.3', '[2001:db8:2:3::4]:4711', '2001:db8:2:3::/64'],
    ['an IPv6 address in brackets', '10.1.2.3', '[2001:db8:2:3::4]', '2001:db8:2:3::/64'],
    ['text before an address with a port', '10.1.2.3', 'x203.0.113.5:4711', '10.1.2.3'],
    ['text behind a port', '10.1.2.3', '203.0.113.5:4711x', '10.1.2.3'],
    ['text before brackets', '10.1.2.3', 'x[2001:db8:2:3::4]', '10.1.2.3'],
    ['text behind brackets', '10.1.2.3', '[2001:db8:2:3::4]x', '10.1.2.3'],
  ])('is found with %s', (_, remote, forwarded, expected) => {
    expect(addresses().of(remote, forwarded)).toBe(expected)
  })

  it('is never an address that the client writes into the header', () => {
    fc.assert(
      fc.property(fc.string(), fc.ipV4(), (invented, client) => {
        expect(addresses().of('203.0.113.5', invented)).toBe('203.0.113.5')
        fc.pre(!client.startsWith('10.') && client !== '192.0.2.7')
        expect(addresses().of('10.0.0.1', `${invented},${client}`)).toBe(client)
      }),
    )
  })

  it('is known to be a proxy or not', () => {
    expect(
      ['10.1.2.3', '::ffff:10.1.2.3', '11.1.2.3', 'fd00::1', 'x', undefined].map((peer) =>
        addresses().isProxy(peer),
      ),
    ).toEqual([true, true, false, true, false, false])
  })

  it('ignores the header without trusted proxies', () => {
    expect(new ClientAddresses([]).of('127.0.0.1', '203.0.113.5')).toBe('127.0.0.1')
  })
})

describe('a network', () => {
  it.each(['10.0.0.0/8', '10.0.0.1', '::1', 'fd00::/8', '0.0.0.0/0'])('may be %s', (text) => {
    expect(isNetwork(text)).toBe(true)
  })
  it.each(['', 'localhost', '10.0.0.0/33', '10.0.0', '0x7f.1', '10.0.0.0/8,::1', 'fd00::/129'])(
    'is not %j',
    (text) => {
      expect(isNetwork(text)).toBe(false)
    },
  )
})
