import { describe, expect, expectTypeOf, it } from 'vitest'
import type { CreateMode, Stat } from '../../../../client-sdk/src/index.js'
import type { Operation, Results } from '../../../../client-sdk/src/protocol.js'
import { preparePlayground, rejection } from '../../../tools/sdk/playground.js'
import { WIRE_STAT } from '../../../tools/sdk/wire-stat.js'

const start = preparePlayground()
const STAT = { ...WIRE_STAT, czxid: 18n, mzxid: 18n, pzxid: 68719476751n }
const ACL = [{ scheme: 'world', id: 'anyone', permissions: ['read' as const] }]

async function connected() {
  const playground = start()
  playground.zk.connect()
  return { ...playground, socket: await playground.attach() }
}
type Zk = Awaited<ReturnType<typeof connected>>['zk']

/** For each operation: a call of it, what travels, the gateway's result, and what the caller gets. */
const TRANSCRIPTS: {
  [O in Exclude<Operation, 'addWatch' | 'removeWatch' | 'openView' | 'closeView'>]: {
    call: (zk: Zk, limits?: { timeoutMs: number }) => Promise<unknown>
    sent: object
    result: Results[O]
    given: unknown
    /** The outcome of a call that was sent and never answered. */
    unanswered: 'not_executed' | 'unknown'
  }
} = {
  create: {
    call: (zk, limits) => zk.create('/a', { n: 1 }, { mode: 'ttl', ttlMs: 5_000, acl: ACL, ...limits }),
    sent: { path: '/a', data: '{"n":1}', mode: 'ttl', ttlMs: 5_000, acl: ACL },
    result: { path: '/a', stat: WIRE_STAT },
    given: { path: '/a', stat: STAT },
    unanswered: 'unknown',
  },
  delete: {
    call: (zk, limits) => zk.delete('/a', { version: 0, ...limits }),
    sent: { path: '/a', version: 0 },
    result: {},
    given: undefined,
    unanswered: 'unknown',
  },
  exists: {
    call: (zk, limits) => zk.exists('/a', limits),
    sent: { path: '/a' },
    result: { stat: null },
    given: null,
    unanswered: 'not_executed',
  },
  getData: {
    call: (zk, limits) => zk.getData('/a', limits).then((content) => content.text()),
    sent: { path: '/a' },
    result: { data: 'x', stat: WIRE_STAT },
    given: 'x',
    unanswered: 'not_executed',
  },
  setData: {
    call: (zk, limits) => zk.setData('/a', 'y', { version: 3, ...limits }),
    sent: { path: '/a', data: 'y', version: 3 },
    result: { stat: WIRE_STAT },
    given: STAT,
    unanswered: 'unknown',
  },
  getChildren: {
    call: (zk, limits) => zk.getChildren('/a', limits),
    sent: { path: '/a' },
    result: { children: ['b'], stat: WIRE_STAT },
    given: { children: ['b'], stat: STAT },
    unanswered: 'not_executed',
  },
  getACL: {
    call: (zk, limits) => zk.getACL('/a', limits),
    sent: { path: '/a' },
    result: { acl: ACL, stat: WIRE_STAT },
    given: { acl: ACL, stat: STAT },
    unanswered: 'not_executed',
  },
  setACL: {
    call: (zk, limits) => zk.setACL('/a', ACL, { version: 0, ...limits }),
    sent: { path: '/a', acl: ACL, version: 0 },
    result: { stat: WIRE_STAT },
    given: STAT,
    unanswered: 'unknown',
  },
  sync: {
    call: (zk, limits) => zk.sync('/a', limits),
    sent: { path: '/a' },
    result: {},
    given: undefined,
    unanswered: 'not_executed',
  },
  getEphemerals: {
    call: (zk, limits) => zk.getEphemerals(undefined, limits),
    sent: { path: '/' },
    result: { paths: ['/a/1'] },
    given: ['/a/1'],
    unanswered: 'not_executed',
  },
  whoAmI: {
    call: (zk, limits) => zk.whoAmI(limits),
    sent: {},
    result: { identities: [{ scheme: 'ip', id: '127.0.0.1' }] },
    given: [{ scheme: 'ip', id: '127.0.0.1' }],
    unanswered: 'not_executed',
  },
  multi: {
    call: (zk, limits) =>
      zk.multi(
        [
          { op: 'create', path: '/a', data: { n: 1 }, mode: 'ephemeral', acl: ACL },
          { op: 'create', path: '/b' },
          { op: 'check', path: '/a', version: 0 },
          { op: 'setData', path: '/a', data: new Uint8Array([0xff]), version: 0 },
          { op: 'delete', path: '/a' },
        ],
        limits,
      ),
    sent: {
      parts: [
        { op: 'create', path: '/a', data: '{"n":1}', mode: 'ephemeral', acl: ACL },
        { op: 'create', path: '/b' },
        { op: 'check', path: '/a', version: 0 },
        { op: 'setData', path: '/a', data: { base64: '/w==' }, version: 0 },
        { op: 'delete', path: '/a' },
      ],
    },
    result: { results: [{ path: '/a', stat: WIRE_STAT }, { path: '/b' }, {}, { stat: WIRE_STAT }, {}] },
    given: [{ path: '/a', stat: STAT }, { path: '/b' }, {}, { stat: STAT }, {}],
    unanswered: 'unknown',
  },
}

describe.each(Object.entries(TRANSCRIPTS))('%s', (op, { call, sent, result, given, unanswered }) => {
  it('travels as the protocol says, and gives what the contract says', async () => {
    const { zk, socket } = await connected()
    const calling = call(zk)
    await Promise.resolve()
    expect(socket.frames.at(-1)).toEqual([{ type: 'call', id: 1, op, ...sent }])
    socket.receive({ type: 'reply', id: 1, zxid: '0x20', result })
    expect(await calling).toEqual(given)
  })

  it(`has the outcome ${unanswered} when it was sent and the link broke`, async () => {
    const { zk, socket } = await connected()
    const failure = rejection(call(zk))
    await Promise.resolve()
    socket.end()
    expect(await failure).toMatchObject({
      code: 'CONNECTION_LOSS',
      outcome: unanswered,
      retryable: unanswered === 'not_executed',
      path: (sent as { path?: string }).path,
    })
  })

  it('ends at its own timeoutMs, not executed and with its name in the message while it waits', async () => {
    const { zk, socket, settle } = await connected()
    socket.receive({ type: 'suspended', message: 'away' })
    const failure = rejection(call(zk, { timeoutMs: 0 }))
    await settle()
    const message = `${op}(${(sent as { path?: string }).path ?? ''}): no reply in time`
    expect(await failure).toMatchObject({ code: 'TIMED_OUT', outcome: 'not_executed', message })
  })
})

describe('create', () => {
  it.each<CreateMode>([
    ...(['persistent', 'ephemeral', 'persistent_sequential', 'ephemeral_sequential'] as const),
    ...(['container', 'ttl', 'ttl_sequential'] as const),
  ])('sends the mode %s', async (mode) => {
    const { zk, socket } = await connected()
    zk.create('/a', undefined, { mode }).catch(() => undefined)
    await Promise.resolve()
    expect(socket.calls).toEqual([{ type: 'call', id: 1, op: 'create', path: '/a', mode }])
  })
})

describe('a multi', () => {
  it('succeeds without parts and without a call, also before connect()', async () => {
    const { zk } = start()
    expect(await zk.multi([])).toEqual([])
  })

  it('fails with the part that the gateway names', async () => {
    const { zk, socket } = await connected()
    const failure = rejection(zk.multi([{ op: 'check', path: '/a' }]))
    const error = { code: 'NO_NODE', message: 'no', path: '/a', part: 0, retryable: false } as const
    socket.receive({ type: 'error', id: 1, zxid: '0x20', error: { ...error, outcome: 'not_executed' } })
    expect(await failure).toMatchObject({ ...error, name: 'ZoogateError' })
  })

  it('has results whose types follow from its parts', async () => {
    const { zk, socket } = await connected()
    const done = zk.multi([
      { op: 'create', path: '/a' },
      { op: 'setData', path: '/a', data: '' },
      { op: 'delete', path: '/a' },
    ])
    expectTypeOf(done).resolves.toEqualTypeOf<
      [{ path: string; stat?: Stat }, { stat: Stat }, Record<string, never>]
    >()
    socket.receive({
      type: 'reply',
      id: 1,
      zxid: '0x20',
      result: { results: [{ path: '/a' }, { stat: WIRE_STAT }, {}] },
    })
    const [created, written] = await done
    expect([created.path, written.stat]).toEqual(['/a', STAT])
  })
})

it('getEphemerals asks for the prefix that it is given', async () => {
  const { zk, socket } = await connected()
  zk.getEphemerals('/rooms').catch(() => undefined)
  await Promise.resolve()
  expect(socket.calls).toMatchObject([{ op: 'getEphemerals', path: '/rooms' }])
})

it.each([true, false, undefined])('a session message with readOnly %s says so', async (readOnly) => {
  const { zk, attach } = start()
  zk.connect()
  await attach(readOnly === undefined ? {} : { readOnly })
  expect(zk.session?.readOnly).toBe(readOnly ?? false)
})
