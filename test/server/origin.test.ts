import { describe, expect, it } from 'vitest'
import { isOriginAllowed } from '../../server/src/origin.js'

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
