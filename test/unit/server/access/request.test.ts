import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ClientAddresses,
  COOKIE_NAME,
  cookieValue,
  isCookieOrigin,
  isLoopback,
  isNetwork,
  isOriginAllowed,
} from '../../../../server/src/access/request.js'

describe('an origin', () => {
  it.each([
    ['https://gate.example', 'gate.example', undefined, true],
    ['http://localhost:8080', 'localhost:8080', undefined, true],
    ['https://evil.example', 'gate.example', undefined, false],
    ['https://gate.example.evil.example', 'gate.example', undefined, false],
    ['https://gate.example:444', 'gate.example', undefined, false],
    ['null', 'gate.example', undefined, false],
    ['', 'gate.example', undefined, false],
    [undefined, 'gate.example', undefined, true],
    ['https://app.example', 'gate.example', ['https://app.example'], true],
    ['https://gate.example', 'gate.example', ['https://app.example'], false],
    ['https://app.example:8443', 'gate.example', ['https://app.example'], false],
    ['https://sub.app.example', 'gate.example', ['https://app.example'], false],
    ['https://anything.example', 'gate.example', ['*'], true],
  ])('is decided for %s at the host %s with the list %j: %s', (origin, host, list, allowed) => {
    expect(isOriginAllowed({ host, ...(origin !== undefined && { origin }) }, list)).toBe(allowed)
  })
})

describe('the origin of a request that brings its token as a cookie', () => {
  it.each([
    ['https://gate.example', 'gate.example', undefined, true],
    ['http://localhost:8080', 'localhost:8080', undefined, true],
    ['http://127.0.0.1:8080', '127.0.0.1:8080', undefined, true],
    ['http://[::1]:8080', '[::1]:8080', undefined, true],
    // The right host over plain HTTP: anything on the way could have written the page.
    ['http://gate.example', 'gate.example', undefined, false],
    ['http://127.0.0.1.evil.example', '127.0.0.1.evil.example', undefined, false],
    ['http://x127.0.0.1', 'x127.0.0.1', undefined, false],
    ['https://evil.example', 'gate.example', undefined, false],
    [undefined, 'gate.example', undefined, false],
    [undefined, 'gate.example', ['https://app.example'], false],
    ['null', 'gate.example', undefined, false],
    ['', 'gate.example', undefined, false],
    ['https://app.example', 'gate.example', ['https://app.example'], true],
    ['http://app.example', 'gate.example', ['http://app.example'], true],
    ['https://gate.example', 'gate.example', ['https://app.example'], false],
    ['https://anything.example', 'gate.example', ['*'], false],
  ])('is decided for %s at the host %s with the list %j: %s', (origin, host, list, allowed) => {
    expect(isCookieOrigin({ host, ...(origin !== undefined && { origin }) }, list)).toBe(allowed)
  })
})

describe('a loopback host', () => {
  it.each(['localhost', '[::1]', '127.0.0.1', '127.10.255.3'])('may be %s', (hostname) => {
    expect(isLoopback(hostname)).toBe(true)
  })

  it.each([
    '',
    'localhost.example',
    '::1',
    '[::2]',
    '128.0.0.1',
    '127.0.0',
    '127.0.0.0.1',
    '127.0.0.1.example',
    '127.0.0.1234',
    '127.a.b.c',
    '127x0x0x1',
    '1127.0.0.1',
  ])('is never %j', (hostname) => {
    expect(isLoopback(hostname)).toBe(false)
  })
})

describe('the value of a cookie', () => {
  it.each([
    ['zoogate=abc', 'abc'],
    ['a=1; zoogate=a.b-c_d; z=2', 'a.b-c_d'],
    ['a=1;zoogate=abc', 'abc'],
    ['zoogate="abc"', 'abc'],
    ['zoogate=abc==', 'abc=='],
    ['zoogate=', ''],
    ['zoogate=%61', '%61'],
    ['zoogate="', '"'],
    ['zoogate=x"abc"', 'x"abc"'],
    ['zoogate="abc"x', '"abc"x'],
    [' zoogate = abc ;a=1', 'abc'],
  ])('is read from %s', (header, value) => {
    expect(cookieValue(header, 'zoogate')).toBe(value)
  })

  it.each([
    ['no cookies', undefined],
    ['an empty header', ''],
    ['another name', 'xzoogate=abc; zoogatex=abc; ZOOGATE=abc'],
    ['a name alone', 'zoogate'],
    ['a longer name alone', 'zoogatex'],
    ['a name inside of a value', 'a=zoogate=abc'],
    ['no name', '=abc; zoogate'],
  ])('is null for %s', (_, header) => {
    expect(cookieValue(header, 'zoogate')).toBeNull()
  })

  it('is null when two cookies have the name, since another site of the domain may have set one', () => {
    expect(cookieValue('zoogate=mine; zoogate=theirs', 'zoogate')).toBeNull()
    expect(cookieValue('zoogate=same; a=1; zoogate=same', 'zoogate')).toBeNull()
  })

  it('has a name without spaces, separators and quotes', () => {
    expect(['__Host-zoogate', 'a.b', '~'].every((name) => COOKIE_NAME.test(name))).toBe(true)
    expect(['', 'a b', 'a=b', 'a;b', '"a"', 'ä', 'a\n'].some((name) => COOKIE_NAME.test(name))).toBe(false)
  })
})

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

  it('is the address of its peer, unless the peer is a trusted proxy', () => {
    expect(
      [
        '10.1.2.3',
        '::ffff:10.1.2.3',
        '11.1.2.3',
        '::ffff:11.1.2.3',
        'fd00::1',
        'fd00::2',
        'x',
        undefined,
      ].map((peer) => addresses().ofPeer(peer)),
    ).toEqual([null, null, '11.1.2.3', '11.1.2.3', null, 'fd00:0:0:0::/64', 'none', 'none'])
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
