import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  byteLength,
  fromBytes,
  parseMessage,
  splitFrame,
  toBytes,
} from '../../../../server/src/wire/protocol.js'

describe('a frame', () => {
  it('is one message or an array of them', () => {
    expect(splitFrame('{"type":"close"}', 10)).toEqual([{ type: 'close' }])
    expect(splitFrame('[1,2]', 10)).toEqual([1, 2])
    expect(splitFrame('[]', 10)).toEqual([])
    expect(splitFrame('[1,2]', 2)).toEqual([1, 2])
  })

  it('is refused where it is not JSON or holds too many messages', () => {
    expect(splitFrame('{', 10)).toEqual({ problem: 'the frame is not JSON' })
    expect(splitFrame('[1,2,3]', 2)).toEqual({ problem: 'a frame carries at most 2 messages' })
  })
})

describe('a message', () => {
  it('is a call of any operation, still unchecked, where it has an id', () => {
    const call = { type: 'call', id: 1, op: 'exists', path: '/a', extra: 1 }
    expect(parseMessage(call)).toEqual({ kind: 'call', call: { id: 1, op: 'exists', fields: call } })
    const odd = { type: 'call', id: Number.MAX_SAFE_INTEGER, op: ['exists'] }
    expect(parseMessage(odd)).toEqual({ kind: 'call', call: { id: odd.id, op: odd.op, fields: odd } })
  })

  it('keeps only the fields of its type', () => {
    const message = { type: 'ping', id: 3, extra: 1 }
    expect(parseMessage(message)).toEqual({ kind: 'message', message: { type: 'ping', id: 3 } })
  })

  it.each([
    [{ type: ['close'], id: 1 }, 'type is one of'],
    [{ type: 'toString', id: 1 }, 'type is one of hello, call, close, ping, pong, token'],
    [{ type: 'hello', id: 1, timeoutMs: 1 }, 'token: Invalid input'],
    [{ id: 1 }, 'type is one of'],
  ])('is answerable where it is wrong and has an id: %j', (message, problem) => {
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
  ])('is unreadable where it has no usable id: %j', (message) => {
    expect(parseMessage(message).kind).toBe('unreadable')
  })

  it('is judged without a throw, whatever it holds, and is readable whenever it has an id', () => {
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

  it('costs one complaint, however many of its entries are wrong', () => {
    const watches = { data: Array.from({ length: 300_000 }, () => 1), exist: [], child: [] }
    const resume = { token: 'x', zxid: '0x0', watches }
    const parsed = parseMessage({ type: 'hello', id: 1, token: 'x', timeoutMs: 1, resume })
    expect(parsed).toEqual({ kind: 'answerable', id: 1, problem: 'resume.watches.data: a list of paths' })
  })
})

describe('the data of a node', () => {
  it.each([
    ['', Buffer.alloc(0)],
    ['ä', Buffer.from('ä')],
    [{ base64: '/w==' }, Buffer.from([255])],
  ])('is text where its bytes are text, and base64 elsewhere: %j', (data, bytes) => {
    expect(toBytes(data)).toEqual(bytes)
    expect(fromBytes(bytes)).toEqual(data)
    expect(byteLength(data)).toBe(bytes.length)
  })

  it('is empty where the page gives none', () => {
    expect(toBytes(undefined)).toEqual(Buffer.alloc(0))
    expect(byteLength(undefined)).toBe(0)
  })
})
