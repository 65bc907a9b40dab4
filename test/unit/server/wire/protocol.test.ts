import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseMessage, splitFrame } from '../../../../server/src/wire/protocol.js'

describe('a frame', () => {
  it('is one message or an array of them', () => {
    expect(splitFrame('{"type":"close"}', 10)).toEqual([{ type: 'close' }])
    expect(splitFrame('[1,2]', 10)).toEqual([1, 2])
    expect(splitFrame('[]', 10)).toEqual([])
    expect(splitFrame('[1,2]', 2)).toEqual([1, 2])
  })

  it('is refused when it is not JSON or too long', () => {
    expect(splitFrame('{', 10)).toEqual({ problem: 'the frame is not JSON' })
    expect(splitFrame('[1,2,3]', 2)).toEqual({ problem: 'a frame carries at most 2 messages' })
  })
})

describe('a message', () => {
  it('keeps only the fields that it is known for', () => {
    const call = { type: 'call', id: 1, op: 'exists', path: '/a', watch: true, extra: 1 }
    expect(parseMessage(call)).toEqual({
      kind: 'message',
      message: { type: 'call', id: 1, op: 'exists', path: '/a', watch: true },
    })
  })

  it.each([
    [{ type: 'call', id: 1, op: 'explode', path: '/a' }, 'op is one of'],
    [{ type: 'call', id: 1, op: '__proto__' }, 'op is one of'],
    [{ type: 'call', id: 1, op: 'constructor' }, 'op is one of'],
    [{ type: 'call', id: 1, op: 'getData' }, 'path'],
    [{ type: 'call', id: 1, op: 'getData', path: 7 }, 'path'],
    [{ type: 'call', id: 1, op: 'setData', path: '/a', data: { base64: '?' } }, 'data'],
    [{ type: 'call', id: 1, op: 'delete', path: '/a', version: 1e10 }, 'version'],
    [{ type: 'call', id: 1, op: 'create', path: '/a', mode: 'eternal' }, 'mode'],
    // An array is found under the name that it reads as.
    [{ type: 'call', id: 1, op: ['exists'], path: '/a' }, 'op is one of'],
    [{ type: ['close'], id: 1 }, 'type is one of'],
    [{ type: 'toString', id: 1 }, 'type is one of hello, call, close, ping, pong, token'],
    [{ type: 'hello', id: 1, timeoutMs: 1 }, 'token: Invalid input'],
    [{ id: 1 }, 'type is one of'],
  ])('%j can be answered', (message, problem) => {
    expect(parseMessage(message)).toMatchObject({
      kind: 'answerable',
      id: 1,
      problem: expect.stringContaining(problem),
    })
  })

  it.each([
    [null],
    [7],
    ['x'],
    [[]],
    [{}],
    [{ type: 'call', op: 'exists', path: '/' }],
    [{ type: 'call', id: -1, op: 'exists', path: '/' }],
    [{ type: 'call', id: 1.5, op: 'exists', path: '/' }],
    [{ type: 'call', id: 2 ** 53, op: 'exists', path: '/' }],
    [{ type: 'call', id: '1', op: 'exists', path: '/' }],
    [{ type: 'hello', token: '' }],
    [{ type: 'ping' }],
  ])('%j cannot be answered', (message) => {
    expect(parseMessage(message).kind).toBe('unreadable')
  })

  it('is judged without a throw, whatever it is, and answerable whenever it has an id', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), fc.nat(), (value, id) => {
        parseMessage(value)
        const parsed = parseMessage({ ...(value as object), id })
        expect(parsed.kind).not.toBe('unreadable')
        if (parsed.kind === 'answerable') expect(parsed.problem.length).toBeLessThanOrEqual(300)
      }),
      { numRuns: 2000 },
    )
  })

  it('names the place of the first complaint, in few words however long the message is', () => {
    const long = 'x'.repeat(10_000)
    const wrong = [
      [{ op: 'create', path: '/a', mode: long }, 'mode: '],
      [
        { op: 'setACL', path: '/a', acl: [{ scheme: 'x', id: '', permissions: [long] }] },
        'acl.0.permissions.0: ',
      ],
      [{ op: 'multi', parts: [{ op: long, path: '/a' }] }, 'parts.0.op: '],
    ] as const
    for (const [fields, place] of wrong) {
      const parsed = parseMessage({ type: 'call', id: 1, ...fields })
      if (parsed.kind !== 'answerable') throw new Error(parsed.kind)
      expect(parsed.problem.slice(0, place.length)).toBe(place)
      expect(parsed.problem.length).toBeLessThanOrEqual(300)
    }
  })
})

describe('a list in a message', () => {
  const many = <T>(count: number, entry: T): T[] => Array.from({ length: count }, () => entry)
  const parsed = (message: object, maxMultiParts?: number) =>
    parseMessage({ type: 'call', id: 1, ...message }, maxMultiParts)

  it('of parts is counted before any of them is looked at', () => {
    const parts = many(3, { op: 'delete', path: '/a' })
    expect(parsed({ op: 'multi', parts }, 3)).toMatchObject({ kind: 'message' })
    expect(parsed({ op: 'multi', parts: many(4, 1) }, 3)).toEqual({
      kind: 'answerable',
      id: 1,
      problem: 'a multi has at most 3 parts; make several',
      limit: 'maxMultiParts',
    })
    // Anywhere else it is a field that nobody knows.
    expect(parsed({ op: 'sync', path: '/a', parts: many(4, 1) }, 3)).toMatchObject({ kind: 'message' })
    expect(parsed({ op: 'multi', parts: [] }, 3)).not.toHaveProperty('limit')
    expect(parsed({ op: 'multi', parts: { length: 1_000 } }, 3)).not.toHaveProperty('limit')
  })

  it('of access control has so many entries, and each as many permissions as there are', () => {
    const entry = { scheme: 'world', id: 'anyone', permissions: ['read'] }
    const setAcl = (acl: unknown) => parsed({ op: 'setACL', path: '/a', acl })
    const all = { ...entry, permissions: ['read', 'write', 'create', 'delete', 'admin'] }
    expect(setAcl(many(100, all))).toMatchObject({ kind: 'message' })
    expect(setAcl(many(101, all))).toMatchObject({ problem: 'acl: at most 100 entries' })
    const tooMany = [{ ...entry, permissions: many(6, 'read') }]
    expect(setAcl(tooMany)).toMatchObject({ problem: 'acl.0.permissions: at most 5 entries' })
    expect(setAcl([])).toMatchObject({ kind: 'answerable' })
    expect(setAcl([{ ...entry, permissions: [] }])).toMatchObject({ kind: 'answerable' })
  })

  it('costs one complaint, however many of its entries are wrong', () => {
    let looked = 0
    /** Many wrong entries, which count how often they are looked at. */
    const counted = (entry: unknown) =>
      new Proxy(many(300_000, entry), {
        get: (list, key, receiver) => {
          if (/^\d+$/.test(String(key))) looked += 1
          return Reflect.get(list, key, receiver)
        },
      })
    const watches = { data: counted(1), exist: [], child: [] }
    const hello = {
      type: 'hello',
      id: 1,
      token: 'x',
      timeoutMs: 1,
      resume: { token: 'x', zxid: '0x0', watches },
    }
    expect(parseMessage(hello)).toMatchObject({ problem: 'resume.watches.data: a list of paths' })
    const permissions = counted('x')
    const acl = [{ scheme: 'world', id: 'anyone', permissions }]
    expect(parsed({ op: 'setACL', path: '/a', acl })).toMatchObject({ kind: 'answerable' })
    expect(parsed({ op: 'setACL', path: '/a', acl: permissions })).toMatchObject({ kind: 'answerable' })
    // A complaint for each entry once took three seconds.
    expect(looked).toBeLessThan(10)
  })
})
