import { describe, expect, it } from 'vitest'
import type { Operation } from 'zoogate-client/protocol'
import { AccessPolicy } from '../../../../server/src/access/rights.js'
import { DEFAULT_LIMITS } from '../../../../server/src/config/limit-settings.js'
import {
  type CallingPage,
  type CheckedCall,
  checkCall,
  isOperation,
  refuseMalformed,
  replyTo,
  runCall,
} from '../../../../server/src/session/calls.js'
import { OPERATIONS } from '../../../../server/src/session/operations.js'

const LIMITS = { ...DEFAULT_LIMITS, maxDataBytes: 10, maxWatches: 1, maxMultiParts: 2, maxPathLength: 20 }
const RULES = [{ path: '/open/**', allow: ['read', 'write', 'create', 'delete'] as const }]

function check(call: { op: unknown; [field: string]: unknown }, watchCount = 0) {
  const rights = new AccessPolicy(
    'rules',
    RULES.map((rule) => ({ ...rule, allow: [...rule.allow] })),
  ).rightsOf({
    claims: {},
    rules: [],
  })
  const { op, ...fields } = call
  return checkCall({ id: 5, op, fields }, { rights, limits: LIMITS, watches: { watchCount, watchBytes: 0 } })
}

describe('the check of a call', () => {
  it('gives the fields of the operation and its row where everything holds', () => {
    expect(check({ op: 'exists', path: '/open/a', watch: true, extra: 1 })).toEqual({
      id: 5,
      op: 'exists',
      fields: { path: '/open/a', watch: true },
      row: OPERATIONS.exists,
    })
    expect(check({ op: 'whoAmI' })).toMatchObject({ op: 'whoAmI', fields: {} })
  })

  it.each([['explode'], ['__proto__'], ['constructor'], [['exists']], [undefined]])(
    'refuses %j, which is no operation, and names all operations',
    (op) => {
      const message = `op is one of ${Object.keys(OPERATIONS).join(', ')}`
      expect(check({ op, path: '/open/a' })).toMatchObject({ error: { code: 'BAD_REQUEST', message } })
      expect(isOperation(op)).toBe(false)
    },
  )

  it.each([
    [
      'fields',
      { op: 'getData', path: 7 },
      { error: { code: 'BAD_REQUEST', message: expect.stringContaining('path') } },
    ],
    ['paths', { op: 'getData', path: '/open/' }, { error: { code: 'BAD_REQUEST', path: '/open/' } }],
    ['rights', { op: 'getData', path: '/shut' }, { error: { code: 'FORBIDDEN', path: '/shut' } }],
    [
      'limits',
      { op: 'setData', path: '/open/a', data: 'x'.repeat(11) },
      { limit: 'maxDataBytes', error: { code: 'TOO_LARGE', path: '/open/a' } },
    ],
  ])('refuses a call by its %s', (_, call, refusal) => {
    expect(check(call)).toMatchObject(refusal)
  })

  it('counts the watches that the session has', () => {
    const call = { op: 'addWatch', path: '/open/a' }
    expect(check(call, 0)).toMatchObject({ op: 'addWatch' })
    expect(check(call, 1)).toMatchObject({ limit: 'maxWatches', error: { code: 'RATE_LIMITED' } })
  })

  it('counts the parts of a multi before it looks at any of them', () => {
    expect(check({ op: 'multi', parts: [1, 2, 3] })).toMatchObject({ limit: 'maxMultiParts' })
    expect(check({ op: 'multi', parts: [1, 2] })).toMatchObject({ error: { code: 'BAD_REQUEST' } })
    expect(check({ op: 'multi', parts: { length: 1_000 } })).not.toHaveProperty('limit')
    expect(check({ op: 'sync', path: '/open/a', parts: [1, 2, 3] })).toMatchObject({ op: 'sync' })
  })

  it('names the part of a multi that is refused', () => {
    const own = { op: 'setData', path: '/open/a', data: '' }
    expect(check({ op: 'multi', parts: [own, { op: 'delete', path: '/shut' }] })).toMatchObject({
      error: { code: 'FORBIDDEN', path: '/shut', part: 1 },
    })
  })
})

describe('the reply to a call', () => {
  const call = (op: Operation, fields: object) => ({ id: 5, op, fields }) as CheckedCall

  it('carries the result, with the zxid where the ensemble was asked', () => {
    const exists = call('exists', { path: '/a' })
    expect(replyTo(exists, { err: 0, zxid: '0x9', value: { stat: null } })).toEqual({
      type: 'reply',
      id: 5,
      zxid: '0x9',
      result: { stat: null },
    })
    const reply = replyTo(call('openView', { path: '/a' }), { value: { view: 1 } })
    expect(reply).toEqual({ type: 'reply', id: 5, result: { view: 1 } })
  })

  it('carries the error with its path and outcome, and the zxid where the ensemble answered', () => {
    const getData = call('getData', { path: '/a' })
    expect(replyTo(getData, { err: -101, zxid: '0x9', outcome: 'not_executed' })).toMatchObject({
      type: 'error',
      id: 5,
      zxid: '0x9',
      error: { code: 'NO_NODE', path: '/a', outcome: 'not_executed' },
    })
    const lost = replyTo(getData, { err: -4, zxid: null, outcome: 'unknown' })
    expect(lost).not.toHaveProperty('zxid')
    expect(lost).toMatchObject({ error: { code: 'CONNECTION_LOSS', outcome: 'unknown' } })
  })

  it('names the part of a multi that failed, and its path', () => {
    const multi = call('multi', {
      parts: [
        { op: 'check', path: '/a' },
        { op: 'check', path: '/b' },
      ],
    })
    const failed = { err: -103, zxid: '0x9', outcome: 'not_executed' } as const
    expect(replyTo(multi, { ...failed, part: 1 })).toMatchObject({ error: { path: '/b', part: 1 } })
    for (const outcome of [failed, { ...failed, part: 9 }]) {
      expect(replyTo(multi, outcome)).not.toHaveProperty('error.part')
    }
    expect(replyTo(call('whoAmI', {}), failed)).not.toHaveProperty('error.path')
  })

  it('carries the refusal of a view, and the number of an unknown error', () => {
    const refusal = { code: 'RATE_LIMITED', message: '', retryable: true, outcome: 'not_executed' } as const
    expect(replyTo(call('openView', { path: '/a' }), { refusal })).toEqual({
      type: 'error',
      id: 5,
      error: refusal,
    })
    expect(
      replyTo(call('sync', { path: '/a' }), { err: -999, zxid: null, outcome: 'unknown' }),
    ).toMatchObject({
      error: { code: 'UNKNOWN', number: -999 },
    })
  })
})

describe('the calls of a page', () => {
  function calls(answer: object = { err: 0, zxid: '0x9', value: {} }) {
    const replies: unknown[] = []
    const counted: unknown[] = []
    const page: CallingPage = {
      rights: new AccessPolicy('open').rightsOf({ claims: {}, rules: [] }),
      limits: LIMITS,
      watches: { watchCount: 1, watchBytes: 0 },
      metrics: {
        answered: (op, result) => counted.push([op, result]),
        limited: (limit) => counted.push(limit),
      },
      session: { run: (_, done) => done(answer as never) },
      reply: (message) => replies.push(message),
    }
    const run = (op: string, fields: object, rights = page.rights) =>
      runCall({ id: 5, op, fields: { op, ...fields } }, { ...page, rights })
    return { page, run, replies, counted }
  }

  it('are answered with the outcome, and counted by it', () => {
    const { run, replies, counted } = calls()
    run('sync', { path: '/a' })
    expect(replies).toEqual([{ type: 'reply', id: 5, zxid: '0x9', result: {} }])
    const failing = calls({ err: -101, zxid: '0x9', outcome: 'not_executed' })
    failing.run('sync', { path: '/a' })
    expect(failing.replies).toMatchObject([{ type: 'error', id: 5, error: { code: 'NO_NODE' } }])
    expect([...counted, ...failing.counted]).toEqual([
      ['sync', 'OK'],
      ['sync', 'NO_NODE'],
    ])
  })

  it('are refused without being run, and counted where their operation is known', () => {
    const { run, replies, counted } = calls()
    run('explode', {})
    run('sync', { path: 'a' })
    run('addWatch', { path: '/a' })
    expect(replies).toMatchObject([
      { error: { code: 'BAD_REQUEST' } },
      { error: { code: 'BAD_REQUEST' } },
      { error: { code: 'RATE_LIMITED' } },
    ])
    expect(counted).toEqual([['sync', 'BAD_REQUEST'], 'maxWatches', ['addWatch', 'RATE_LIMITED']])
  })

  it('are checked against the rights that the page has at the time', () => {
    const { run, replies } = calls()
    run('sync', { path: '/a' }, new AccessPolicy('rules', []).rightsOf({ claims: {}, rules: [] }))
    expect(replies).toMatchObject([{ error: { code: 'FORBIDDEN', path: '/a' } }])
  })

  it('are refused where they are no message of the protocol', () => {
    const { page, replies } = calls()
    refuseMalformed(3, 'a problem', page)
    expect(replies).toMatchObject([
      { type: 'error', id: 3, error: { code: 'BAD_REQUEST', message: 'a problem' } },
    ])
  })
})
