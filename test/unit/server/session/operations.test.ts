import { describe, expect, it } from 'vitest'
import type { Operation, WireError } from 'zoogate-client/protocol'
import { type CallContext, OPERATIONS, type Row } from '../../../../server/src/session/operations.js'

const STAT = { version: 3 }
const CHROOT = '/tenant'

/** Runs one call on a link that writes its request down and answers it at once. */
function run(op: Operation, fields: object, answer: object = { err: 0, zxid: '0x9', value: {} }) {
  const requests: unknown[][] = []
  const views: unknown[][] = []
  const link = new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...given: unknown[]) => {
          const done = given.find((one) => typeof one === 'function') as (result: object) => void
          requests.push([name, ...given.filter((one) => one !== done)])
          done(answer)
        },
    },
  )
  const context = {
    link,
    chroot: CHROOT,
    nodeAcl: 'creator',
    views: () => ({
      open(asked: object, opened: (view: number) => void): WireError | null {
        views.push(['open', asked])
        if ('refusal' in answer) return answer.refusal as WireError
        opened(7)
        return null
      },
      close: (view: number) => views.push(['close', view]),
      aclChanged: (path: string) => views.push(['aclChanged', path]),
    }),
  } as unknown as CallContext
  let outcome: unknown
  ;(OPERATIONS[op] as Row<Operation>).run(context, fields as never, (one) => {
    outcome = one
  })
  return { requests, views, outcome }
}

const value = (given: object) => ({ err: 0, zxid: '0x9', value: given })
const CREATOR = { perms: 31, scheme: 'auth', id: '' }

describe('an operation', () => {
  it.each<[Operation, object, unknown[]]>([
    ['create', { path: '/a' }, ['create', '/tenant/a', Buffer.alloc(0), [CREATOR], 0, undefined]],
    [
      'create',
      {
        path: '/a',
        data: 'x',
        mode: 'ttl',
        ttlMs: 5,
        acl: [{ scheme: 'world', id: 'anyone', permissions: ['read', 'admin'] }],
      },
      ['create', '/tenant/a', Buffer.from('x'), [{ perms: 17, scheme: 'world', id: 'anyone' }], 5, 5],
    ],
    ['delete', { path: '/a' }, ['delete', '/tenant/a', -1]],
    ['delete', { path: '/a', version: 0 }, ['delete', '/tenant/a', 0]],
    ['exists', { path: '/' }, ['exists', '/tenant', false]],
    ['getData', { path: '/a', watch: true }, ['getData', '/tenant/a', true]],
    ['getData', { path: '/a' }, ['getData', '/tenant/a', false]],
    [
      'setData',
      { path: '/a', data: { base64: 'AP8=' } },
      ['setData', '/tenant/a', Buffer.from([0, 255]), -1],
    ],
    ['setData', { path: '/a', data: '', version: 4 }, ['setData', '/tenant/a', Buffer.alloc(0), 4]],
    ['getChildren', { path: '/a' }, ['getChildren', '/tenant/a', false]],
    ['getACL', { path: '/a' }, ['getACL', '/tenant/a']],
    ['setACL', { path: '/a', acl: [], version: 2 }, ['setACL', '/tenant/a', [], 2]],
    ['setACL', { path: '/a', acl: [] }, ['setACL', '/tenant/a', [], -1]],
    ['sync', { path: '/' }, ['sync', '/tenant']],
    ['getEphemerals', { path: '/a' }, ['getEphemerals', '/tenant/a']],
    ['whoAmI', {}, ['whoAmI']],
    ['addWatch', { path: '/a' }, ['addWatch', '/tenant/a', false]],
    ['addWatch', { path: '/a', recursive: true }, ['addWatch', '/tenant/a', true]],
    ['removeWatch', { path: '/a' }, ['removeWatch', '/tenant/a', false]],
    ['removeWatch', { path: '/a', recursive: true }, ['removeWatch', '/tenant/a', true]],
  ])('asks the link below the chroot: %s of %j', (op, fields, request) => {
    const refused = { err: -4, zxid: null, outcome: 'unknown' }
    const { requests, outcome } = run(op, fields, refused)
    expect(requests).toEqual([request])
    expect(outcome).toEqual(refused)
  })

  it.each<[Operation, object, object]>([
    ['create', { path: '/tenant/a0000000001', stat: STAT }, { path: '/a0000000001', stat: STAT }],
    ['delete', {}, {}],
    ['exists', { stat: STAT }, { stat: STAT }],
    ['getData', { data: Buffer.from('ä'), stat: STAT }, { data: 'ä', stat: STAT }],
    ['getData', { data: Buffer.from([255]), stat: STAT }, { data: { base64: '/w==' }, stat: STAT }],
    ['getChildren', { children: ['b'], stat: STAT }, { children: ['b'], stat: STAT }],
    [
      'getACL',
      { acl: [{ perms: 3, scheme: 'world', id: 'anyone' }], stat: STAT },
      { acl: [{ scheme: 'world', id: 'anyone', permissions: ['read', 'write'] }], stat: STAT },
    ],
    [
      'getEphemerals',
      { paths: ['/tenant/a', '/tenant/a/b', '/tenant/ab', '/tenants/a'] },
      { paths: ['/a', '/a/b'] },
    ],
  ])('gives the page paths below its chroot and data as it writes them: %s of %j', (op, given, result) => {
    expect(run(op, { path: '/a' }, value(given)).outcome).toEqual(value(result))
  })

  it('finds every ephemeral node below the root of a page without a chroot', () => {
    const { outcome } = run('getEphemerals', { path: '/' }, value({ paths: ['/tenant/a', '/tenants'] }))
    expect(outcome).toEqual(value({ paths: ['/a'] }))
  })

  it('gives no stat for a node that does not exist, and passes other errors on', () => {
    const missing = { err: -101, zxid: '0x9', outcome: 'not_executed' }
    expect(run('exists', { path: '/a' }, missing).outcome).toEqual(value({ stat: null }))
    const lost = { err: -101, zxid: null, outcome: 'unknown' }
    expect(run('exists', { path: '/a' }, lost).outcome).toEqual(lost)
  })

  it('runs a multi with each part below the chroot', () => {
    const results = [{ path: '/tenant/a', stat: STAT }, {}, { stat: STAT }, {}]
    const { requests, outcome } = run(
      'multi',
      {
        parts: [
          { op: 'create', path: '/a', mode: 'ttl', ttlMs: 9 },
          { op: 'create', path: '/c', mode: 'container' },
          { op: 'create', path: '/d' },
          { op: 'delete', path: '/b' },
          { op: 'setData', path: '/c', data: 'x', version: 1 },
          { op: 'setData', path: '/c', data: 'y' },
          { op: 'check', path: '/', version: 2 },
        ],
      },
      value({ results }),
    )
    const shared = { perms: 12, scheme: 'world', id: 'anyone' }
    expect(requests).toEqual([
      [
        'multi',
        [
          { op: 'create', path: '/tenant/a', data: Buffer.alloc(0), acl: [CREATOR], flags: 5, ttlMs: 9 },
          { op: 'create', path: '/tenant/c', data: Buffer.alloc(0), acl: [CREATOR, shared], flags: 4 },
          { op: 'create', path: '/tenant/d', data: Buffer.alloc(0), acl: [CREATOR], flags: 0 },
          { op: 'delete', path: '/tenant/b', version: -1 },
          { op: 'setData', path: '/tenant/c', data: Buffer.from('x'), version: 1 },
          { op: 'setData', path: '/tenant/c', data: Buffer.from('y'), version: -1 },
          { op: 'check', path: '/tenant', version: 2 },
        ],
      ],
    ])
    expect(outcome).toEqual(value({ results: [{ path: '/a', stat: STAT }, {}, { stat: STAT }, {}] }))
  })

  it('tells the views of an access control list that has changed, or may have', () => {
    const changed = [['aclChanged', '/a']]
    const refused = { err: -102, zxid: '0x9', outcome: 'not_executed' }
    const lost = { err: -4, zxid: null, outcome: 'unknown' }
    const fields = { path: '/a', acl: [] }
    expect(run('setACL', fields, value({ stat: STAT })).views).toEqual(changed)
    expect(run('setACL', fields, lost).views).toEqual(changed)
    expect(run('setACL', fields, refused).views).toEqual([])
  })

  it('opens and closes views without asking the link', () => {
    expect(run('openView', { path: '/a' })).toEqual({
      requests: [],
      views: [['open', { path: '/a' }]],
      outcome: { value: { view: 7 } },
    })
    const refusal = { code: 'RATE_LIMITED' }
    expect(run('openView', { path: '/a' }, { refusal }).outcome).toEqual({
      refusal: { code: 'RATE_LIMITED', path: '/a' },
    })
    expect(run('closeView', { view: 7 })).toMatchObject({ views: [['close', 7]], outcome: { value: {} } })
  })
})
