import { describe, expect, it } from 'vitest'
import type { MultiPart, Operation } from 'zoogate-client/protocol'
import { DEFAULT_LIMITS } from '../../../../server/src/config/limit-settings.js'
import { OPERATIONS, type Row } from '../../../../server/src/session/operations.js'

const LIMITS = { ...DEFAULT_LIMITS, maxDataBytes: 200, maxWatches: 2, maxWatchBytes: 1_000, maxPathDepth: 2 }

interface AnyCall {
  op: string
  [field: string]: unknown
}

/** The refusal of a call by the limits of its operation. */
function limitRefusal({ op, ...fields }: AnyCall, watchCount = 0, watchBytes = 0) {
  const row = OPERATIONS[op as Operation] as Row<Operation>
  const tooMany = row.count?.(fields, LIMITS)
  return tooMany ?? row.limits?.(fields as never, LIMITS, { watchCount, watchBytes }) ?? null
}

/** Null, or the limit, the code and the place of the refusal. */
function judged(call: AnyCall, watchCount = 0, watchBytes = 0) {
  const refusal = limitRefusal(call, watchCount, watchBytes)
  if (refusal === null) return null
  const { code, path, part } = refusal.error
  return [refusal.limit, code, path, part].filter((value) => value !== undefined)
}

const path = '/a'
const multi = (...parts: MultiPart[]) => judged({ op: 'multi', parts })

describe('the data of a node', () => {
  it('has a bounded number of bytes, not characters', () => {
    for (const op of ['create', 'setData']) {
      expect(judged({ op, path, data: 'x'.repeat(200) })).toBeNull()
      expect(judged({ op, path, data: 'x'.repeat(201) })).toEqual(['maxDataBytes', 'TOO_LARGE', path])
      expect(judged({ op, path, data: 'ä'.repeat(101) })).toEqual(['maxDataBytes', 'TOO_LARGE', path])
      const base64 = Buffer.alloc(201).toString('base64')
      expect(judged({ op, path, data: { base64 } })).toEqual(['maxDataBytes', 'TOO_LARGE', path])
    }
    expect(judged({ op: 'create', path })).toBeNull()
  })
})

describe('a path', () => {
  it('has a bounded number of parts where it is to be created', () => {
    expect(judged({ op: 'create', path: '/a/b' })).toBeNull()
    expect(judged({ op: 'create', path: '/a/b/c' })).toEqual(['maxPathDepth', 'BAD_REQUEST', '/a/b/c'])
    expect(judged({ op: 'delete', path: '/a/b/c' })).toBeNull()
    expect(judged({ op: 'setData', path: '/a/b/c', data: '' })).toBeNull()
  })
})

describe('a time to live', () => {
  it('goes with the two modes that have one, and with no other mode', () => {
    expect(judged({ op: 'create', path, mode: 'ttl', ttlMs: 1 })).toBeNull()
    expect(judged({ op: 'create', path, mode: 'ttl_sequential', ttlMs: 1 })).toBeNull()
    expect(judged({ op: 'create', path, mode: 'ttl' })).toEqual(['BAD_REQUEST', path])
    expect(judged({ op: 'create', path, mode: 'ttl_sequential' })).toEqual(['BAD_REQUEST', path])
    expect(judged({ op: 'create', path, ttlMs: 1 })).toEqual(['BAD_REQUEST', path])
    const wrong = limitRefusal({ op: 'create', path, mode: 'ttl' })
    const other = limitRefusal({ op: 'create', path, ttlMs: 1 })
    expect([wrong?.error.message, other?.error.message]).toEqual([
      'mode ttl needs ttlMs',
      'ttlMs goes with the modes ttl and ttl_sequential',
    ])
  })
})

describe('a watch', () => {
  it('is refused above the limits of the session, which do not bound reads without a watch', () => {
    for (const op of ['exists', 'getData', 'getChildren']) {
      expect(judged({ op, path, watch: true }, 1)).toBeNull()
      expect(judged({ op, path, watch: true }, 2)).toEqual(['maxWatches', 'RATE_LIMITED', path])
      expect(judged({ op, path }, 2)).toBeNull()
    }
    expect(judged({ op: 'addWatch', path }, 1)).toBeNull()
    expect(judged({ op: 'addWatch', path }, 1, 999)).toBeNull()
    expect(judged({ op: 'addWatch', path }, 1, 1_000)).toEqual(['maxWatchBytes', 'RATE_LIMITED', path])
    expect(judged({ op: 'addWatch', path }, 2)).toEqual(['maxWatches', 'RATE_LIMITED', path])
    expect(judged({ op: 'removeWatch', path }, 2)).toBeNull()
  })
})

describe('a multi', () => {
  it('has a bounded number of parts, which are counted before they are looked at', () => {
    const parts = (count: number): unknown[] => Array.from({ length: count }, () => 1)
    const { maxMultiParts } = LIMITS
    expect(judged({ op: 'multi', parts: parts(maxMultiParts + 1) })).toEqual(['maxMultiParts', 'TOO_LARGE'])
    const row = OPERATIONS.multi
    expect(row.count({ parts: parts(maxMultiParts) }, LIMITS)).toBeNull()
    expect(row.count({ parts: { length: 10_000 } }, LIMITS)).toBeNull()
  })

  const part: MultiPart = { op: 'delete', path: '/' }

  it('has at most the bytes of one node, paths and overhead included', () => {
    const data = (length: number): MultiPart => ({ op: 'setData', path: '/ä', data: 'x'.repeat(length) })
    // 64 and the path of each part, 3 bytes and 1.
    expect(multi(data(68), part)).toBeNull()
    expect(multi(data(69), part)).toEqual(['maxDataBytes', 'TOO_LARGE'])
  })

  it('is refused with the number of the part that cannot be created', () => {
    expect(multi(part, { op: 'create', path: '/a/b/c' })).toEqual([
      'maxPathDepth',
      'BAD_REQUEST',
      '/a/b/c',
      1,
    ])
    expect(multi({ op: 'create', path, mode: 'ttl' }, part)).toEqual(['BAD_REQUEST', path, 0])
    expect(multi(part, { op: 'create', path: '/a/b' })).toBeNull()
    // A node that exists already may be deeper.
    expect(multi({ op: 'delete', path: '/a/b/c' }, { op: 'check', path: '/a/b/c' })).toBeNull()
  })
})

describe('each refusal', () => {
  it('tells the page how to stay within the limit', () => {
    const messageOf = (call: AnyCall, watchCount = 0, watchBytes = 0) =>
      limitRefusal(call, watchCount, watchBytes)?.error.message
    expect([
      messageOf({ op: 'create', path, data: 'x'.repeat(201) }),
      messageOf({ op: 'create', path: '/a/b/c' }),
      messageOf({ op: 'addWatch', path }, 2),
      messageOf({ op: 'addWatch', path }, 0, 1_000),
      messageOf({ op: 'multi', parts: [{ op: 'create', path, data: 'x'.repeat(201) }] }),
    ]).toEqual([
      'a node holds at most 200 bytes here; keep large things elsewhere',
      'a path has at most 2 parts here; make a flatter tree',
      'a session holds at most 2 watches; watch a parent instead',
      'a session holds at most watches of 1000 bytes of paths; watch a parent instead',
      'a multi holds at most 200 bytes; make several',
    ])
  })
})
