import { describe, expect, it } from 'vitest'
import { parseMessage } from '../../../../server/src/wire/protocol.js'

const WATCHES = { data: ['/d'], exist: ['/e'], child: ['/c'] }
const RESUME = { token: 'x', zxid: '0x0', watches: WATCHES }
const HELLO = { type: 'hello', token: 'x', timeoutMs: 10_000 }

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
  ])('is read as it stands: %.80j', (message) => {
    expect(parseMessage(message)).toEqual({ kind: 'message', message })
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
  ])('is refused by its place: %.80j is wrong at %s', (message, place) => {
    expect(parseMessage({ ...message, id: 3 })).toMatchObject({
      kind: 'answerable',
      id: 3,
      problem: expect.stringContaining(`${place}: `),
    })
  })

  it('is refused with advice on how a zxid is written', () => {
    const parsed = parseMessage({ ...HELLO, id: 1, resume: { ...RESUME, zxid: '7' } })
    expect(parsed).toMatchObject({
      problem: 'resume.zxid: a number in lower-case hexadecimal, with 0x before it',
    })
  })
})

describe('an unreadable message', () => {
  it('says why it is unreadable', () => {
    expect(parseMessage([])).toEqual({ kind: 'unreadable', problem: 'a message is a JSON object' })
    const problem = 'a call has an id, an integer from 0 on'
    expect(parseMessage({ type: 'call', op: 'sync', path: '/' })).toEqual({ kind: 'unreadable', problem })
    expect(parseMessage({ type: 'pong', id: -1 })).toMatchObject({ kind: 'unreadable' })
  })
})
