import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import { DEFAULT_LIMITS } from '../../../../server/src/config/limit-settings.js'
import { Connection, type ConnectionContext } from '../../../../server/src/connection/connection.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A connection before its hello; these tests reach no ensemble. */
function open(authenticate: ConnectionContext['authenticate']) {
  const events: unknown[] = []
  const errors: unknown[] = []
  const nothing = () => undefined
  const socket = {
    bufferedAmount: 0,
    pause: nothing,
    resume: nothing,
    send: (text: string) => events.push(JSON.parse(text)),
    sendShared: (text: Buffer) => events.push(JSON.parse(`${text}`)),
    close: (code: number, reason: string) => events.push({ close: code, reason }),
  }
  const log = { debug: nothing, info: nothing, warn: nothing, error: (fields: object) => errors.push(fields) }
  const services = { limits: { ...DEFAULT_LIMITS }, log, metrics: { closed: nothing, limited: nothing } }
  const context = { services, authenticate, lingerMs: 0 } as unknown as ConnectionContext
  return { connection: new Connection(context, socket, nothing), events, errors }
}

const hello = JSON.stringify({ type: 'hello', token: 'x', timeoutMs: 10_000 })

describe('a connection', () => {
  it('tells its verdict in a message and then in the close frame', () => {
    const { connection, events } = open(() => ({ ok: false, cause: 'invalid', message: 'no good' }))
    connection.receive(hello)
    const code = CLOSE_CODES.TOKEN_INVALID
    expect(events).toEqual([
      { type: 'closed', code, message: 'no good' },
      { close: code, reason: 'no good' },
    ])
  })

  it('waits a bounded time for a hello, and ignores every message after its end', () => {
    const { connection, events } = open(() => ({ ok: false, cause: 'invalid', message: '' }))
    vi.advanceTimersByTime(DEFAULT_LIMITS.helloTimeoutMs - 1)
    expect(events).toEqual([])
    vi.advanceTimersByTime(1)
    expect(events).toMatchObject([{ code: CLOSE_CODES.HELLO_TIMEOUT }, { close: CLOSE_CODES.HELLO_TIMEOUT }])
    connection.receive(hello)
    connection.socketClosed(1006)
    expect(events).toHaveLength(2)
  })

  it('ends alone with 4205 where the gateway itself is at fault', () => {
    const { connection, events, errors } = open(() => {
      throw new Error('a bug')
    })
    connection.receive(hello)
    expect(events).toMatchObject([{ code: CLOSE_CODES.INTERNAL }, { close: CLOSE_CODES.INTERNAL }])
    // The page learns nothing of the fault; the operator does.
    expect(JSON.stringify(events)).not.toContain('a bug')
    expect(JSON.stringify(errors)).toContain('a bug')
  })

  it('keeps the reason of a close frame within its 123 bytes', () => {
    const { connection, events } = open(() => ({ ok: false, cause: 'forbidden', message: 'ä'.repeat(500) }))
    connection.receive(hello)
    expect(Buffer.byteLength((events[1] as { reason: string }).reason)).toBeLessThanOrEqual(123)
  })
})
