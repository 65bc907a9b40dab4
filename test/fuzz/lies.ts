import fc from 'fast-check'
import {
  buffer,
  type FakeConnection,
  type FakeRequest,
  FIRST_SESSION_ID,
  frame,
  int,
  long,
  MULTI_END,
  PASSWORD,
  replyHeader,
  stat,
  text,
} from '../tools/zookeeper-link/fake-server.js'

/** What a lying server does with one answer that it owes, in the order of the requests. */
export type Lie =
  | { lie: 'none' }
  | { lie: 'nothing' }
  | { lie: 'twice' }
  | { lie: 'hang up' }
  | { lie: 'length'; length: number }
  | { lie: 'xid'; by: number }
  | { lie: 'error'; err: number }
  | { lie: 'cut'; share: number }
  | { lie: 'half'; share: number }
  | { lie: 'in pieces'; bytes: number }
  | { lie: 'late' }
  | { lie: 'flip'; at: number; to: number }
  | { lie: 'body'; bytes: string }
  | { lie: 'garbage'; bytes: string }
  | { lie: 'event'; type: number; path: string }
  | { lie: 'stranger'; xid: number }

/** What it says in place of a ConnectResponse. */
export type Greeting =
  | { say: 'well' }
  | { say: 'nothing' }
  | { say: 'other id' }
  | { say: 'expired' }
  | { say: 'timeout'; timeoutMs: number }
  | { say: 'bytes'; bytes: string }
  | { say: 'length'; length: number }
  | { say: 'half' }

const bytes = fc.base64String({ maxLength: 60 })
const length = fc.constantFrom(-1, -(2 ** 31), 0, 1, 3, 15, 8 * 1024 * 1024, 8 * 1024 * 1024 + 1, 2 ** 31 - 1)
const share = fc.double({ min: 0, max: 0.99, noNaN: true })
const err = fc.constantFrom(
  -1,
  -4,
  -5,
  -6,
  -101,
  -112,
  -115,
  -118,
  -119,
  -121,
  -127,
  -999,
  1,
  2 ** 31 - 1,
  -(2 ** 31),
)

export const lies: fc.Arbitrary<Lie> = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Lie>({ lie: 'none' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Lie>(
      { lie: 'nothing' },
      { lie: 'hang up' },
      { lie: 'twice' },
      { lie: 'late' },
    ),
  },
  { weight: 1, arbitrary: fc.record({ lie: fc.constant('length' as const), length }) },
  {
    weight: 1,
    arbitrary: fc.record({ lie: fc.constant('xid' as const), by: fc.constantFrom(-1, 1, 7, 2 ** 30) }),
  },
  { weight: 2, arbitrary: fc.record({ lie: fc.constant('error' as const), err }) },
  { weight: 1, arbitrary: fc.record({ lie: fc.constantFrom('cut' as const, 'half' as const), share }) },
  {
    weight: 2,
    arbitrary: fc.record({ lie: fc.constant('in pieces' as const), bytes: fc.integer({ min: 1, max: 20 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      lie: fc.constant('flip' as const),
      at: fc.nat({ max: 120 }),
      to: fc.nat({ max: 255 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ lie: fc.constantFrom('body' as const, 'garbage' as const), bytes }) },
  {
    weight: 3,
    arbitrary: fc.record({
      lie: fc.constant('event' as const),
      type: fc.constantFrom(1, 2, 3, 4, -1, 0, 5, 99),
      path: fc.oneof(
        fc.constantFrom('/a', '/unknown', '', '/', 'no path', '__proto__'),
        fc.string({ unit: 'binary' }),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      lie: fc.constant('stranger' as const),
      xid: fc.constantFrom(-1, -2, -4, -8, -77, 0),
    }),
  },
)

export const greetings: fc.Arbitrary<Greeting> = fc.oneof(
  { weight: 30, arbitrary: fc.constant<Greeting>({ say: 'well' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Greeting>({ say: 'nothing' }, { say: 'other id' }, { say: 'half' }),
  },
  { weight: 1, arbitrary: fc.constant<Greeting>({ say: 'expired' }) },
  {
    weight: 2,
    arbitrary: fc.record({
      say: fc.constant('timeout' as const),
      timeoutMs: fc.constantFrom(-1, 1, -(2 ** 31)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ say: fc.constant('bytes' as const), bytes }) },
  { weight: 1, arbitrary: fc.record({ say: fc.constant('length' as const), length }) },
)

/** What an honest server answers, by the type of the request: the same forms as the fake server's, with contents. */
function bodyOf({ type, body }: FakeRequest): Buffer[] {
  const path = () => text(body.toString('utf8', 4, 4 + body.readInt32BE(0)))
  const acl = [int(1), int(31), text('world'), text('anyone')]
  const bodies: Record<number, () => Buffer[]> = {
    15: () => [path(), stat()],
    19: () => [path(), stat()],
    3: () => [stat()],
    5: () => [stat()],
    7: () => [stat()],
    4: () => [text('data'), stat({ owner: 7n })],
    6: () => [...acl, stat()],
    9: () => [path()],
    12: () => [int(2), text('x'), text('y'), stat()],
    14: () => [int(13), Buffer.of(0), int(0), MULTI_END],
    103: () => [int(1), text('/a')],
    107: () => [int(1), text('ip'), text('127.0.0.1')],
  }
  return bodies[type]?.() ?? []
}

/** Answers a request with a lie. `owed` are answers that it holds back, for the next one to be sent before. */
export function answerWith(connection: FakeConnection, request: FakeRequest, lie: Lie, owed: Buffer[]): void {
  const { socket } = connection
  const body = bodyOf(request)
  const honest = frame(replyHeader(request.xid, connection.zxid++, 0), ...body)
  const behind = owed.splice(0)
  switch (lie.lie) {
    case 'nothing':
      break
    case 'twice':
      socket.write(Buffer.concat([honest, honest]))
      break
    case 'hang up':
      socket.destroy()
      break
    case 'length':
      socket.write(Buffer.concat([int(lie.length), honest.subarray(4)]))
      break
    case 'xid':
      socket.write(frame(replyHeader((request.xid + lie.by) | 0, connection.zxid, 0), ...body))
      break
    case 'error':
      socket.write(frame(replyHeader(request.xid, connection.zxid, lie.err)))
      break
    case 'cut':
      socket.write(frame(honest.subarray(4, 4 + Math.floor(lie.share * (honest.length - 4)))))
      break
    case 'half':
      socket.write(honest.subarray(0, Math.floor(lie.share * honest.length)))
      break
    case 'in pieces':
      for (let at = 0; at < honest.length; at += lie.bytes) socket.write(honest.subarray(at, at + lie.bytes))
      break
    case 'late':
      owed.push(honest)
      break
    case 'flip':
      honest[lie.at % honest.length] = lie.to
      socket.write(honest)
      break
    case 'body':
      socket.write(frame(replyHeader(request.xid, connection.zxid, 0), Buffer.from(lie.bytes, 'base64')))
      break
    case 'garbage':
      socket.write(Buffer.concat([Buffer.from(lie.bytes, 'base64'), honest]))
      break
    case 'event':
      socket.write(
        Buffer.concat([frame(replyHeader(-1, -1n, 0), int(lie.type), int(3), text(lie.path)), honest]),
      )
      break
    case 'stranger':
      socket.write(Buffer.concat([frame(replyHeader(lie.xid, 1n, 0)), honest]))
      break
    case 'none':
      socket.write(honest)
  }
  for (const answer of behind) if (!socket.destroyed) socket.write(answer)
}

export function greetWith(connection: FakeConnection, greeting: Greeting, timeoutMs: number): void {
  const { socket } = connection
  const honest = frame(int(0), int(timeoutMs), long(FIRST_SESSION_ID), buffer(PASSWORD), Buffer.of(0))
  switch (greeting.say) {
    case 'nothing':
      break
    case 'other id':
      connection.greet({ id: 0x666n, timeoutMs })
      break
    case 'expired':
      connection.greetExpired()
      break
    case 'timeout':
      connection.greet({ timeoutMs: greeting.timeoutMs })
      break
    case 'bytes':
      socket.write(frame(Buffer.from(greeting.bytes, 'base64')))
      break
    case 'length':
      socket.write(Buffer.concat([int(greeting.length), honest.subarray(4)]))
      break
    case 'half':
      socket.write(honest.subarray(0, 20))
      break
    case 'well':
      socket.write(honest)
  }
}
