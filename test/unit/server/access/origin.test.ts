import { describe, expect, it } from 'vitest'
import { isCookieOrigin, isLoopback, isOriginAllowed } from '../../../../server/src/access/origin.js'

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
  ])('%s at host %s with the list %j: %s', (origin, host, list, allowed) => {
    expect(isOriginAllowed({ host, ...(origin !== undefined && { origin }) }, list)).toBe(allowed)
  })
})

describe('the origin of a request that brings its token as a cookie', () => {
  it.each([
    ['https://gate.example', 'gate.example', undefined, true],
    ['http://localhost:8080', 'localhost:8080', undefined, true],
    ['http://127.0.0.1:8080', '127.0.0.1:8080', undefined, true],
    ['http://[::1]:8080', '[::1]:8080', undefined, true],
    // A page that anybody on the way could have written, of the right host.
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
  ])('%s at host %s with the list %j: %s', (origin, host, list, allowed) => {
    expect(isCookieOrigin({ host, ...(origin !== undefined && { origin }) }, list)).toBe(allowed)
  })
})

describe('this machine', () => {
  it.each(['localhost', '[::1]', '127.0.0.1', '127.10.255.3'])('is %s', (hostname) => {
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
  ])('is not %j', (hostname) => {
    expect(isLoopback(hostname)).toBe(false)
  })
})
