import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from 'zoogate-client/protocol'
import { errorCodeOf } from '../../../../../server/src/zookeeper/index.js'

describe('errorCodeOf', () => {
  it.each([
    [-1, 'SYSTEM_ERROR'],
    [-4, 'CONNECTION_LOSS'],
    [-101, 'NO_NODE'],
    [-102, 'NO_AUTH'],
    [-103, 'BAD_VERSION'],
    [-108, 'NO_CHILDREN_FOR_EPHEMERALS'],
    [-110, 'NODE_EXISTS'],
    [-111, 'NOT_EMPTY'],
    [-112, 'SESSION_EXPIRED'],
    [-118, 'SESSION_MOVED'],
    [-122, 'REQUEST_TIMEOUT'],
    [-125, 'QUOTA_EXCEEDED'],
    [-127, 'THROTTLED'],
  ])('names %i %s', (err, code) => {
    expect(errorCodeOf(err)).toBe(code)
  })

  it('names every other number UNKNOWN and throws for none', () => {
    fc.assert(fc.property(fc.integer(), (err) => ERROR_CODES.includes(errorCodeOf(err))))
    expect(errorCodeOf(-999)).toBe('UNKNOWN')
    expect(errorCodeOf(7)).toBe('UNKNOWN')
  })
})
