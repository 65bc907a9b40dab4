import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseMessage, splitFrame } from '../../server/src/protocol.js'

describe('a frame', () => {
  it('is one message or an array of them', () => {
    expect(splitFrame('{"type":"close"}', 10)).toEqual([{ type: 'close' }])
    expect(splitFrame('[1,2]', 10)).toEqual([1, 2])
    expect(splitFrame('[]', 10)).toEqual([])
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
    [{ type: 'toString', id: 1 }, 'type is one of'],
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
      }),
      { numRuns: 2000 },
    )
  })

  it('names the place of the first complaint in at most 300 characters', () => {
    const parsed = parseMessage({ type: 'call', id: 1, op: 'create', path: '/a', mode: 'x'.repeat(10_000) })
    expect(parsed.kind === 'answerable' && parsed.problem.length).toBeLessThanOrEqual(300)
  })
})
