import { describe, expect, it, vi } from 'vitest'
import { createClient, ZoogateError } from 'zoogate-client'
import {
  CLOSE_CODES,
  ERROR_CODES,
  type ErrorReply,
  type GatewayMessage,
  type Operation,
  type PageMessage,
  type Ping,
  RETRYABLE_CODES,
  type Reply,
  type Results,
  type WireStat,
} from 'zoogate-client/protocol'
import { OPERATIONS, type Row } from '../../server/src/session/operations.js'
import { parseMessage, splitFrame } from '../../server/src/wire/protocol.js'
import {
  CLOSE_CODE_ROWS,
  ERROR_ROWS,
  GATEWAY_MESSAGES,
  JSON_FENCES,
  PAGE_MESSAGES,
} from '../tools/contract/protocol-document.js'
import { FakeSocket, sessionMessage } from '../tools/sdk/fake-socket.js'
import { openView } from '../tools/sdk/viewing.js'
import { waitUntil } from '../tools/wait-until.js'

function find<T extends { type: string }>(type: string): T {
  const found = GATEWAY_MESSAGES.find((message) => message.type === type)
  if (!found) throw new Error(`PROTOCOL.md shows no ${type}`)
  return found as unknown as T
}

function shownStat(): WireStat {
  return (find<Reply>('reply').result as Results['getData']).stat
}

/** A client with the test as its gateway. */
function page() {
  const sockets: FakeSocket[] = []
  class Socket extends FakeSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols)
      sockets.push(this)
    }
  }
  const client = createClient({
    url: 'wss://gate.example/zoogate',
    getToken: () => 'eyJhbGciOi…',
    WebSocket: Socket as never,
  })
  client.connect().catch(() => undefined)
  const socket = (index: number) =>
    waitUntil('the page dials', () => sockets[index], { intervalMs: 1 }).then(async (found) => {
      if (found.frames.length === 0) found.open()
      await waitUntil('the hello is there', () => found.hello, { intervalMs: 1 })
      return found
    })
  return { client, socket }
}

describe('PROTOCOL.md', () => {
  it('marks each JSON block with the side that sends it', () => {
    expect(JSON_FENCES.length).toBeGreaterThan(10)
    expect(new Set(JSON_FENCES)).toEqual(new Set(['page', 'gateway']))
  })

  it('lists exactly the close codes that there are', () => {
    expect(Object.fromEntries(CLOSE_CODE_ROWS.map(({ code, name }) => [name, code]))).toEqual(CLOSE_CODES)
  })

  it('lists exactly the error codes that there are, and which of them are retryable', () => {
    const codes = ERROR_CODES.map((code) => ({ code, retryable: RETRYABLE_CODES.includes(code) }))
    expect(ERROR_ROWS).toEqual(codes)
  })
})

/** A message as the gateway understands it, after both steps of its check. */
function readByGateway(message: PageMessage): unknown {
  const parsed = parseMessage(message)
  if (parsed.kind === 'message') return parsed.message
  if (parsed.kind !== 'call') return parsed
  const { id, op } = parsed.call
  const fields = (OPERATIONS[op as Operation] as Row<Operation>).schema.parse(parsed.call.fields)
  return { type: 'call', id, op, ...(fields as object) }
}

describe('the messages of pages in PROTOCOL.md', () => {
  it.each(PAGE_MESSAGES.map((message) => [JSON.stringify(message).slice(0, 60), message] as const))(
    'are read by the gateway as they stand: %s',
    (_, message) => {
      expect(splitFrame(JSON.stringify(message), 10)).toEqual([message])
      expect(readByGateway(message)).toEqual(message)
    },
  )

  it('are what the SDK sends', async () => {
    const { client, socket } = page()
    const [hello, resumed, ...rest] = PAGE_MESSAGES
    const first = await socket(0)
    expect(first.messages).toEqual([hello])
    first.receive(sessionMessage({ resumeToken: 'AU6bq0…', zxid: '0x2000001f3', maxMessageBytes: 1_572_864 }))

    const ignore = () => undefined
    const calls = [
      client.create('/rooms/42/member-', { name: 'Ada' }, { mode: 'ephemeral_sequential' }),
      client.create('/rooms', undefined, {
        acl: [{ scheme: 'world', id: 'anyone', permissions: ['read', 'create'] }],
      }),
      client.exists('/rooms/42', { watch: ignore }),
      client.getData('/rooms/42', { watch: ignore }),
      client.getChildren('/rooms/42', { watch: ignore }),
      client.setData('/rooms/42', Uint8Array.of(0xff, 0, 1), { version: 3 }),
      client.delete('/rooms/42/member-0000000001'),
      client.create('/rooms/brief', undefined, { mode: 'ttl', ttlMs: 60_000 }),
      client.getACL('/rooms'),
      client.setACL('/rooms', [{ scheme: 'auth', id: '', permissions: ['admin'] }], { version: 0 }),
      client.sync('/'),
      client.getEphemerals('/rooms'),
      client.whoAmI(),
      client.multi([
        { op: 'check', path: '/rooms/42', version: 3 },
        { op: 'create', path: '/rooms/42/log-', data: 'opened', mode: 'persistent_sequential' },
        { op: 'setData', path: '/rooms/42', data: 'open', version: 3 },
        { op: 'delete', path: '/rooms/42/closed' },
      ]),
    ]
    for (const call of calls) call.catch(ignore)
    const lasting = client.watch('/rooms', { recursive: true })
    await waitUntil('the calls are sent', () => first.calls.length === calls.length + 1, { intervalMs: 1 })
    const done = () => {
      const id = first.calls.at(-1)?.id as number
      first.receive({ type: 'reply', id, zxid: '0x2000001f3', result: {} })
    }
    done()
    void lasting.return?.()
    await waitUntil('the watch is removed', () => first.calls.length === calls.length + 2, { intervalMs: 1 })
    done()
    const view = client.view('/rooms/42', { data: true })
    const views = () => first.calls.length - calls.length - 2
    await waitUntil('the view is asked for', () => views() === 1, { intervalMs: 1 })
    openView(first, 3)
    view.close()
    await waitUntil('the view is given up', () => views() === 2, { intervalMs: 1 })
    first.receive({ type: 'ping', id: 7 })
    first.receive(rest.find(({ type }) => type === 'ping') as Ping)
    // Calls, and the answer to a ping of either side.
    const documented = [
      ...rest.filter((message) => message.type === 'call' && !('since' in message)),
      ...rest.filter(({ type }) => type === 'pong'),
      { type: 'pong', id: 1 },
    ]
    const strip = (message: { type: string; id?: number }) =>
      message.type === 'call' ? { ...message, id: 'any' } : message
    expect(first.messages.slice(1).map(strip)).toEqual(documented.map(strip))
    expect(first.calls.map(({ id }) => id)).toEqual(
      [...first.calls.keys()].map((at) => (first.calls[0]?.id ?? 0) + at),
    )

    // The watches of the second hello: a node that is there, one that is not, and a list.
    const stat = shownStat()
    const read = async (start: () => Promise<unknown>, result: Reply['result']) => {
      const before = first.calls.length
      const call = start()
      await waitUntil('the call is sent', () => first.calls.length > before, { intervalMs: 1 })
      first.receive({ type: 'reply', id: first.calls.at(-1)?.id as number, zxid: '0x2000001f3', result })
      await call
    }
    await read(() => client.getData('/rooms/42/ada', { watch: ignore }), { data: '', stat })
    await read(() => client.exists('/rooms/42/closed', { watch: ignore }), { stat: null })
    await read(() => client.getChildren('/rooms/42', { watch: ignore }), { children: [], stat })
    client.view('/rooms/42', { data: true })
    const before = first.calls.length
    await waitUntil('the view is asked for', () => first.calls.length > before, { intervalMs: 1 })
    openView(first, 3, find('view'))
    first.end(1006)
    const second = await socket(1)
    expect(second.messages).toEqual([resumed])
    second.receive(sessionMessage({ resumed: true }))
    await waitUntil('the view is asked for', () => second.calls.length === 1, { intervalMs: 1 })
    expect(second.calls.map(strip)).toEqual(rest.filter((message) => 'since' in message).map(strip))
    second.receive(find('refresh'))
    await waitUntil('the token is sent', () => second.messages.length === 3, { intervalMs: 1 })
    expect(second.messages[2]).toEqual(rest.find(({ type }) => type === 'token'))
    const closing = client.close()
    await waitUntil('the close is sent', () => second.messages.length === 4, { intervalMs: 1 })
    expect(second.messages[3]).toEqual(rest.find(({ type }) => type === 'close'))
    second.refuse(CLOSE_CODES.CLOSED)
    await closing
  })
})

describe('the messages of gateways in PROTOCOL.md', () => {
  it('do to the SDK what the document says', async () => {
    const { client, socket } = page()
    const states: string[] = []
    client.on('state', ({ state }) => states.push(state))
    const first = await socket(0)
    first.receive(find('session'))
    expect(client.session).toEqual({
      id: '0x1000a2b3c4d0001',
      timeoutMs: 10_000,
      resumed: true,
      readOnly: false,
    })

    const watched = vi.fn()
    const call = async <T>(start: Promise<T>, answer: (id: number) => Reply | ErrorReply): Promise<T> => {
      const before = first.calls.length
      await waitUntil('the call is sent', () => first.calls.length > before, { intervalMs: 1 })
      first.receive(answer(first.calls.at(-1)?.id as number))
      return start
    }
    const node = await call(client.getData('/rooms/42'), (id) => ({ ...find<Reply>('reply'), id }))
    expect(node.text()).toBe('hello')
    expect(node.stat).toMatchObject({ czxid: 0x2000001f0n, version: 1, owner: 'mine' })
    const failed = call(client.setData('/rooms/42', ''), (id) => ({ ...find<ErrorReply>('error'), id }))
    const error = await failed.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ZoogateError)
    expect(error).toMatchObject({ code: 'BAD_VERSION', path: '/rooms/42', outcome: 'not_executed' })
    await call(client.getChildren('/rooms/42', { watch: watched }), (id) => ({
      type: 'reply',
      id,
      zxid: '0x2000001f6',
      result: { children: [], stat: shownStat() },
    }))
    first.receive(find('event'))
    await waitUntil('the watch fires', () => watched.mock.calls.length === 1, { intervalMs: 1 })
    expect(watched.mock.calls[0]?.[0]).toEqual({ type: 'NodeChildrenChanged', path: '/rooms/42' })

    const view = client.view('/rooms/42', { data: true })
    await waitUntil('the view is asked for', () => first.calls.some(({ op }) => op === 'openView'), {
      intervalMs: 1,
    })
    const [whole, change, difference] = GATEWAY_MESSAGES.filter(({ type }) => type === 'view')
    const members = () =>
      [...view.getSnapshot().nodes].map(([path, { stat, json }]) => [path, json(), stat.owner])
    openView(first, 3, whole as GatewayMessage)
    expect(members()).toEqual([['/rooms/42/ada', { name: 'Ada' }, 'mine']])
    first.receive(change as GatewayMessage)
    expect(members()).toEqual([['/rooms/42/bob', { name: 'Bob' }, 'other']])
    first.receive(find('viewStale'))
    expect(view.getSnapshot().stale).toBe(true)
    first.receive(difference as GatewayMessage)
    expect(members()).toEqual([
      ['/rooms/42/bob', { name: 'Bob' }, 'other'],
      ['/rooms/42/eve', { name: 'Eve' }, null],
    ])
    expect(view.getSnapshot()).toMatchObject({ stale: false, zxid: 0x2000001fcn })
    first.receive(find('viewEnded'))
    expect(view.getSnapshot()).toMatchObject({ stale: true, error: { code: 'NO_AUTH', path: '/rooms/42' } })

    first.receive(find('suspended'))
    first.receive(find('closed'))
    first.end(4200)
    const second = await socket(1)
    expect(second.hello?.resume).toMatchObject({ token: 'AU6bq0…', zxid: '0x2000001f6' })
    expect(states).toEqual(['CONNECTED', 'CONNECTING'])
  })
})
