import { describe, expect, it } from 'vitest'
import type { Operation } from 'zoogate-client/protocol'
import { OPERATIONS, type Row } from '../../../../server/src/session/operations.js'
import { problemOf } from '../../../../server/src/wire/fields.js'

const ACL = [{ scheme: 'world', id: 'anyone', permissions: ['read', 'write', 'create', 'delete', 'admin'] }]
const MODES = [
  'persistent',
  'ephemeral',
  'persistent_sequential',
  'ephemeral_sequential',
  'container',
  'ttl',
  'ttl_sequential',
]

interface AnyCall {
  op: string
  [field: string]: unknown
}
const call = (fields: AnyCall) => fields
const create = (fields: object) => call({ op: 'create', path: '/a', ...fields })
const view = (fields: object) => call({ op: 'openView', path: '/a', ...fields })
const multi = (...parts: object[]) => call({ op: 'multi', parts })
const times = <T>(count: number, entry: T): T[] => Array.from({ length: count }, () => entry)

/** The fields of a call after their check, or the complaint about them. */
function checked({ op, ...fields }: AnyCall): unknown {
  const parsed = (OPERATIONS[op as Operation] as Row<Operation>).schema.safeParse(fields)
  return parsed.success ? parsed.data : problemOf(parsed.error)
}

describe('a call with all its fields', () => {
  it.each<[AnyCall]>([
    ...MODES.map((mode): [AnyCall] => [create({ mode })]),
    [create({ data: 'text', acl: ACL, mode: 'ttl', ttlMs: 1 })],
    [create({ data: { base64: 'AP8=' }, acl: times(100, ACL[0]), ttlMs: 1_099_511_627_775 })],
    [call({ op: 'delete', path: '/a', version: -2_147_483_648 })],
    [call({ op: 'setData', path: '/a', data: '', version: 2_147_483_647 })],
    [call({ op: 'exists', path: '/a', watch: true })],
    [call({ op: 'getData', path: '/a', watch: false })],
    [call({ op: 'getChildren', path: '/a', watch: true })],
    [call({ op: 'getACL', path: '/a' })],
    [call({ op: 'setACL', path: '/a', acl: ACL, version: 0 })],
    [call({ op: 'sync', path: '/a' })],
    [call({ op: 'getEphemerals', path: '/a' })],
    [call({ op: 'whoAmI' })],
    [
      multi(
        { op: 'create', path: '/a', data: 'x', mode: 'container', acl: ACL },
        { op: 'delete', path: '/a', version: 1 },
        { op: 'setData', path: '/a', data: { base64: '' }, version: 1 },
        { op: 'check', path: '/a', version: 1 },
      ),
    ],
    [call({ op: 'addWatch', path: '/a', recursive: true })],
    [call({ op: 'removeWatch', path: '/a', recursive: true })],
    [view({ depth: 'children', data: true })],
    [view({ depth: 'subtree', since: { zxid: '0x1f', count: 0 } })],
    [call({ op: 'closeView', view: 0 })],
  ])('is read as it stands: %.80j', (message) => {
    const { op: _, ...fields } = message
    expect(checked(message)).toEqual(fields)
  })

  it('keeps only the fields of its operation', () => {
    expect(checked({ op: 'exists', path: '/a', watch: true, extra: 1 })).toEqual({ path: '/a', watch: true })
  })
})

describe('a field of a call', () => {
  it.each<[AnyCall, string]>([
    [create({ mode: '' }), 'mode'],
    [create({ acl: [] }), 'acl'],
    [create({ acl: times(101, ACL[0]) }), 'acl'],
    [create({ acl: [{ ...ACL[0], scheme: '' }] }), 'acl.0.scheme'],
    [create({ acl: [{ ...ACL[0], id: undefined }] }), 'acl.0.id'],
    [create({ acl: [{ ...ACL[0], permissions: [] }] }), 'acl.0.permissions'],
    [create({ acl: [{ ...ACL[0], permissions: ['all'] }] }), 'acl.0.permissions.0'],
    [create({ acl: [{ ...ACL[0], permissions: [''] }] }), 'acl.0.permissions.0'],
    [create({ ttlMs: 0 }), 'ttlMs'],
    [create({ ttlMs: 1_099_511_627_776 }), 'ttlMs'],
    [create({ data: 7 }), 'data'],
    [call({ op: 'delete', path: '/a', version: 2_147_483_648 }), 'version'],
    [call({ op: 'delete', path: '/a', version: 0.5 }), 'version'],
    [call({ op: 'setData', path: '/a' }), 'data'],
    [call({ op: 'exists', path: '/a', watch: 1 }), 'watch'],
    [call({ op: 'getACL' }), 'path'],
    [call({ op: 'setACL', path: '/a' }), 'acl'],
    [multi(), 'parts'],
    [multi({ op: 'create' }), 'parts.0.path'],
    [multi({ op: 'check', path: '/a' }, { op: 'setData', path: '/a' }), 'parts.1.data'],
    [multi({ op: 'getData', path: '/a' }), 'parts.0.op'],
    [multi({ op: '', path: '/a' }), 'parts.0.op'],
    [multi({ path: '/a' }), 'parts.0.op'],
    [call({ op: 'addWatch' }), 'path'],
    [call({ op: 'removeWatch', path: '/a', recursive: 'yes' }), 'recursive'],
    [view({ depth: '' }), 'depth'],
    [view({ depth: 'parents' }), 'depth'],
    [view({ data: 1 }), 'data'],
    [view({ since: { zxid: '0x1' } }), 'since.count'],
    [view({ since: { zxid: '0x1', count: -1 } }), 'since.count'],
    [view({ since: { zxid: 1, count: 0 } }), 'since.zxid'],
    [call({ op: 'closeView', view: -1 }), 'view'],
    [call({ op: 'closeView', view: 0.5 }), 'view'],
  ])('is refused by its place: %.80j is wrong at %s', (message, place) => {
    expect(checked(message)).toContain(`${place}: `)
  })

  it('is named with its place in few words, however long the call is', () => {
    const long = 'x'.repeat(10_000)
    const wrong = [
      [{ op: 'create', path: '/a', mode: long }, 'mode: '],
      [
        { op: 'setACL', path: '/a', acl: [{ scheme: 'x', id: '', permissions: [long] }] },
        'acl.0.permissions.0: ',
      ],
      [{ op: 'multi', parts: [{ op: long, path: '/a' }] }, 'parts.0.op: '],
    ] as const
    for (const [message, place] of wrong) {
      const problem = checked(message) as string
      expect(problem.slice(0, place.length)).toBe(place)
      expect(problem.length).toBeLessThanOrEqual(300)
    }
  })
})

describe('an access control list of a call', () => {
  const entry = { scheme: 'world', id: 'anyone', permissions: ['read'] }
  const setAcl = (acl: unknown) => checked({ op: 'setACL', path: '/a', acl })

  it('has a bounded number of entries, each with a bounded number of permissions', () => {
    expect(setAcl(times(100, ACL[0]))).toEqual({ path: '/a', acl: times(100, ACL[0]) })
    expect(setAcl(times(101, ACL[0]))).toBe('acl: at most 100 entries')
    expect(setAcl([{ ...entry, permissions: times(6, 'read') }])).toBe('acl.0.permissions: at most 5 entries')
  })

  it('costs one complaint, however many of its entries are wrong', () => {
    expect(setAcl(times(300_000, 'x'))).toBe('acl: at most 100 entries')
    expect(setAcl([{ ...entry, permissions: times(300_000, 'x') }])).toBe(
      'acl.0.permissions: at most 5 entries',
    )
  })
})
