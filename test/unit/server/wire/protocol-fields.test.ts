import { describe, expect, it } from 'vitest'
import { operationSchemas, parseMessage } from '../../../../server/src/wire/protocol.js'

const ACL = [{ scheme: 'world', id: 'anyone', permissions: ['read', 'write', 'create', 'delete', 'admin'] }]
const WATCHES = { data: ['/d'], exist: ['/e'], child: ['/c'] }
const RESUME = { token: 'x', zxid: '0x0', watches: WATCHES }
const HELLO = { type: 'hello', token: 'x', timeoutMs: 10_000 }
const MODES = [
  'persistent',
  'ephemeral',
  'persistent_sequential',
  'ephemeral_sequential',
  'container',
  'ttl',
  'ttl_sequential',
]

const call = (fields: object) => ({ type: 'call', id: 0, ...fields })
const create = (fields: object) => call({ op: 'create', path: '/a', ...fields })
const view = (fields: object) => call({ op: 'openView', path: '/a', ...fields })
const multi = (...parts: object[]) => call({ op: 'multi', parts })
const times = (count: number) => Array.from({ length: count }, () => ACL[0])

describe('a message with all its fields', () => {
  const { data, exist, child } = WATCHES
  const whole = { data, exist, child, persistent: ['/p'], recursive: ['/r'] }
  it.each<[object]>([
    [HELLO],
    [{ ...HELLO, token: '' }],
    [{ ...HELLO, token: 'x'.repeat(16_384) }],
    [{ ...HELLO, timeoutMs: 1 }],
    [{ ...HELLO, timeoutMs: 2_147_483_647 }],
    [{ ...HELLO, resume: RESUME }],
    [{ ...HELLO, resume: { ...RESUME, token: 'x'.repeat(4096), watches: whole } }],
    [{ ...HELLO, resume: { ...RESUME, zxid: '0x0123456789abcdef' } }],
    [{ type: 'close' }],
    [{ type: 'ping', id: 0 }],
    [{ type: 'pong', id: Number.MAX_SAFE_INTEGER }],
    [{ type: 'token', token: 'x' }],
    [{ type: 'token', token: 'x'.repeat(16_384) }],
    ...MODES.map((mode): [object] => [create({ mode })]),
    [create({ data: 'text', acl: ACL, mode: 'ttl', ttlMs: 1 })],
    [create({ data: { base64: 'AP8=' }, acl: times(100), ttlMs: 1_099_511_627_775 })],
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
    expect(parseMessage(message)).toEqual({ kind: 'message', message })
  })

  it('may be any of the operations', () => {
    const parsed = parseMessage(call({ op: 'explode' }))
    expect(parsed).toMatchObject({ problem: `op is one of ${Object.keys(operationSchemas).join(', ')}` })
  })
})

describe('a field', () => {
  it.each<[object, string]>([
    [{ ...HELLO, token: 'x'.repeat(16_385) }, 'token'],
    [{ ...HELLO, timeoutMs: 0 }, 'timeoutMs'],
    [{ ...HELLO, timeoutMs: 2_147_483_648 }, 'timeoutMs'],
    [{ ...HELLO, timeoutMs: 0.5 }, 'timeoutMs'],
    [{ ...HELLO, resume: { ...RESUME, token: 'x'.repeat(4097) } }, 'resume.token'],
    [{ ...HELLO, resume: { ...RESUME, zxid: '0x' } }, 'resume.zxid'],
    [{ ...HELLO, resume: { ...RESUME, zxid: '1f' } }, 'resume.zxid'],
    [{ ...HELLO, resume: { ...RESUME, zxid: 'x0x1f' } }, 'resume.zxid'],
    [{ ...HELLO, resume: { ...RESUME, zxid: '0x1F' } }, 'resume.zxid'],
    [{ ...HELLO, resume: { ...RESUME, zxid: '0x1fg' } }, 'resume.zxid'],
    [{ ...HELLO, resume: { ...RESUME, zxid: '0x10123456789abcdef' } }, 'resume.zxid'],
    [{ ...HELLO, resume: { ...RESUME, watches: { ...WATCHES, data: undefined } } }, 'resume.watches.data'],
    [{ ...HELLO, resume: { ...RESUME, watches: { ...WATCHES, recursive: [1] } } }, 'watches.recursive'],
    [{ ...HELLO, resume: { ...RESUME, watches: { ...WATCHES, exist: ['/e', 1] } } }, 'resume.watches.exist'],
    [{ ...HELLO, resume: { ...RESUME, watches: { ...WATCHES, child: '/c' } } }, 'resume.watches.child'],
    [{ type: 'token', token: '' }, 'token'],
    [{ type: 'token', token: 'x'.repeat(16_385) }, 'token'],
    [create({ mode: '' }), 'mode'],
    [create({ acl: [] }), 'acl'],
    [create({ acl: times(101) }), 'acl'],
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
    const parsed = parseMessage({ ...message, id: 3 })
    expect(parsed).toMatchObject({
      kind: 'answerable',
      id: 3,
      problem: expect.stringContaining(`${place}: `),
    })
  })

  it('that holds a zxid says how one is written', () => {
    expect(parseMessage(view({ since: { zxid: '7', count: 0 } }))).toMatchObject({
      problem: 'since.zxid: a number in lower-case hexadecimal with 0x',
    })
  })
})

describe('what cannot be answered', () => {
  it('says why', () => {
    expect(parseMessage([])).toEqual({ kind: 'unreadable', problem: 'a message is a JSON object' })
    const problem = 'a call has an id, an integer from 0 on'
    expect(parseMessage({ type: 'call', op: 'sync', path: '/' })).toEqual({ kind: 'unreadable', problem })
    expect(parseMessage({ type: 'pong', id: -1 })).toMatchObject({ kind: 'unreadable' })
  })
})
