import { describe, expect, it, vi } from 'vitest'
import { CLOSE_CODES } from '../../../../client-sdk/src/protocol.js'
import { sessionMessage } from '../../../tools/sdk/fake-socket.js'
import { preparePlayground, rejection } from '../../../tools/sdk/playground.js'

const start = preparePlayground()

/** Every close code that a socket may end with, and what becomes of a client that renews. */
const redials = 'CONNECTED -> CONNECTING'
const VERDICTS: [code: number, then: string, redialsWith: 'resume' | 'nothing' | null][] = [
  [4000, 'CONNECTED -> CLOSED (closed)', null],
  [4001, 'CONNECTED -> CLOSED (expired)', 'nothing'],
  [4002, 'CONNECTED -> CLOSED (taken_over)', null],
  [4003, 'CONNECTED -> CLOSED (refused)', 'nothing'],
  [4004, 'CONNECTED -> CLOSED (refused)', null],
  [4005, 'CONNECTED -> CLOSED (refused)', null],
  [4006, 'CONNECTED -> CLOSED (refused)', null],
  [4007, 'CONNECTED -> CLOSED (auth_failed)', null],
  [4099, 'CONNECTED -> CLOSED (refused)', null],
  ...[4100, 4101, 4199, 4200, 4201, 4202, 4203, 4204, 4205, 4206, 4207, 4299].map(
    (code): [number, string, 'resume'] => [code, redials, 'resume'],
  ),
  ...[1000, 1001, 1005, 1006, 1009, 1011, 1012, 1013, 3000, 4300, 4999].map(
    (code): [number, string, 'resume'] => [code, redials, 'resume'],
  ),
]

describe('the state table', () => {
  it('has a row for each close code of the protocol', () => {
    const rows = new Set(VERDICTS.map(([code]) => code))
    expect(Object.values(CLOSE_CODES).filter((code) => !rows.has(code))).toEqual([])
  })

  it.each(VERDICTS)('close code %i while CONNECTED: %s, redialling with %s', async (code, then, redial) => {
    const { zk, attach, told, socket, redialled, sockets } = start()
    zk.connect()
    await attach()
    told.length = 0
    socket().end(code)
    expect(told[0]).toBe(then)
    if (redial === null) {
      await vi.advanceTimersByTimeAsync(120_000)
      expect(sockets).toHaveLength(1)
      expect(zk.state).toBe('CLOSED')
      return
    }
    const next = (await redialled()).open()
    expect(next.hello?.resume?.token).toBe(redial === 'resume' ? 'resume-1' : undefined)
    expect(zk.state).toBe('CONNECTING')
  })

  it.each([
    [4000, 'SESSION_CLOSED'],
    [4002, 'SESSION_MOVED'],
    [4004, 'FORBIDDEN'],
    [4005, 'FORBIDDEN'],
    [4006, 'FORBIDDEN'],
    [4007, 'AUTH_FAILED'],
  ])('close code %i while CONNECTING rejects connect() with %s', async (code, expected) => {
    const { zk, socket, settle, told } = start()
    const connecting = rejection(zk.connect())
    await settle()
    socket().open().end(code, 'because')
    expect(await connecting).toMatchObject({ code: expected, message: 'because', name: 'ZoogateError' })
    expect(told.at(-1)).toMatch(/^CONNECTING -> CLOSED/)
  })

  it('takes the verdict from the closed message before the socket ends, and hears no more of that socket', async () => {
    const { zk, attach, socket, told } = start()
    zk.connect()
    await attach()
    told.length = 0
    const old = socket()
    const late = { message: old.onmessage, close: old.onclose }
    old.receive({ type: 'closed', code: 4002, message: 'moved' })
    old.end(1006)
    late.message?.({ data: JSON.stringify(sessionMessage({ id: '0xee' })) } as never)
    late.close?.({ code: 4001, reason: '' } as never)
    expect(told).toEqual(['CONNECTED -> CLOSED (taken_over)'])
  })
})
