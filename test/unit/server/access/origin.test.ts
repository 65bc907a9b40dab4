import { describe, expect, it } from 'vitest'
import {
  COOKIE_NAME,
  cookieValue,
  isCookieOrigin,
  isLoopback,
  isOriginAllowed,
} from '../../../../server/src/access/origin.js'

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
