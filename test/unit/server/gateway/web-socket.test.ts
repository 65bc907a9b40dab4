import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import {
  deliver,
  type FrameSource,
  PageWebSocket,
  SharedFrames,
  UnreadBytes,
} from '../../../../server/src/gateway/web-socket.js'

const http = createServer()
let socket: Duplex
let served: WebSocket
let client: WebSocket
beforeAll(async () => {
  const server = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, upgraded, head) => {
    socket = upgraded
    server.handleUpgrade(request, upgraded, head, (webSocket) => {
      served = webSocket
    })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`)
  await once(client, 'open')
})
afterAll(() => {
  client.terminate()
  http.close()
})

it.each([0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000])(
  'a text of %i bytes, written beside the WebSocket, arrives between the messages sent before and after',
  async (length) => {
    const received: string[] = []
    client.removeAllListeners('message')
    const all = new Promise<void>((resolve) => {
      client.on('message', (data, isBinary) => {
        expect(isBinary).toBe(false)
        if (received.push(`${data}`) === 3) resolve()
      })
    })
    const text = Buffer.alloc(length, 'a')
    served.send('before')
    socket.write(new SharedFrames().of(text))
    served.send('after')
    await all
    expect(received).toEqual(['before', `${text}`, 'after'])
  },
)

it('one text is framed once, and another text is framed anew', () => {
  const frames = new SharedFrames()
  const text = Buffer.from('one')
  const frame = frames.of(text)
  expect(frames.of(text)).toBe(frame)
  expect(frames.of(Buffer.from('two')).subarray(2).toString()).toBe('two')
  expect(frames.of(text)).toEqual(frame)
})

describe('the WebSocket of a page', () => {
  function page(readyState = 1) {
    const log: unknown[] = []
    const note =
      (name: string) =>
      (...given: unknown[]) =>
        log.push([name, ...given])
    const webSocket = {
      readyState,
      OPEN: 1,
      bufferedAmount: 7,
      send: note('send'),
      pause: note('pause'),
      resume: note('resume'),
      close: note('close'),
    }
    const raw = { write: note('write') } as unknown as Duplex
    const shared = { frames: new SharedFrames(), unread: { written: note('written') } }
    return { log, page: new PageWebSocket(webSocket, raw, shared) }
  }

  it('counts the bytes that it sends, and hands the rest on', () => {
    const { log, page: socket } = page()
    expect(socket.bufferedAmount).toBe(7)
    socket.send('abc')
    socket.pause()
    socket.resume()
    socket.close(4000, 'done')
    expect(log).toEqual([['send', 'abc'], ['written', 3], ['pause'], ['resume'], ['close', 4000, 'done']])
  })

  it('writes a shared text as one frame, unless it is closing', () => {
    const { log, page: socket } = page()
    const text = Buffer.from('abc')
    socket.sendShared(text)
    expect(log).toEqual([
      ['write', new SharedFrames().of(text)],
      ['written', 3],
    ])
    const closing = page(2)
    closing.page.sendShared(text)
    expect(closing.log).toEqual([])
  })

  it('delivers texts, binary frames and control frames, and ends where a control frame is refused', () => {
    const listeners = new Map<string, (data: Buffer, isBinary: boolean) => void>()
    const log: unknown[] = []
    const source: FrameSource = {
      on: (event: string, listener: (data: Buffer, isBinary: boolean) => void) =>
        listeners.set(event, listener),
      terminate: () => log.push('terminated'),
    }
    deliver(source, {
      receive: (text) => log.push(text),
      receiveBinary: () => log.push('binary'),
      receiveControl: (bytes) => log.push(bytes) > 0 && bytes < 2,
    })
    listeners.get('message')?.(Buffer.from('ä'), false)
    listeners.get('message')?.(Buffer.from('x'), true)
    listeners.get('ping')?.(Buffer.from('1'), false)
    listeners.get('pong')?.(Buffer.from('12'), false)
    expect(log).toEqual(['ä', 'binary', 1, 2, 'terminated'])
  })
})

function pages(amounts: number[]) {
  const evicted: number[] = []
  let sums = 0
  const readers = amounts.map((bufferedAmount, at) => ({
    bufferedAmount,
    shed() {
      evicted.push(at)
      // The verdict, while the bytes that wait are not freed yet.
      unread.written(1)
      this.bufferedAmount = 0
    },
  }))
  const unread: UnreadBytes = new UnreadBytes(1_000, () => {
    sums += 1
    return readers
  })
  return { unread, evicted, readers, sums: () => sums }
}

describe('the backlog of all pages', () => {
  it('is summed up only when it may exceed the limit', () => {
    const { unread, sums } = pages([900])
    unread.written(600)
    unread.written(400)
    expect(sums()).toBe(0)
    unread.written(1)
    expect(sums()).toBe(1)
  })

  it('evicts no page when the bytes were read meanwhile', () => {
    const { unread, evicted, sums } = pages([400, 0, 500])
    unread.written(1_001)
    expect(evicted).toEqual([])
    // 900 bytes wait, as the sum has found.
    unread.written(100)
    expect(sums()).toBe(1)
    unread.written(1)
    expect(sums()).toBe(2)
  })

  it('may reach the limit, and falls to three quarters of it after an eviction', () => {
    const full = pages([500, 500])
    full.unread.written(1_001)
    expect(full.evicted).toEqual([])
    const over = pages([500, 250, 251])
    over.unread.written(1_001)
    expect(over.evicted).toEqual([0])
    const exact = pages([251, 750])
    exact.unread.written(1_001)
    expect(exact.evicted).toEqual([1])
    const left = pages([750, 251])
    left.readers[1]!.bufferedAmount = 751
    left.unread.written(1_501)
    expect(left.evicted).toEqual([1])
  })

  it('evicts the pages with the largest backlog until a quarter of the limit is free', () => {
    const { unread, evicted, sums } = pages([100, 600, 300, 5, 400])
    unread.written(1_405)
    expect(evicted).toEqual([1, 4])
    unread.written(593)
    expect(sums()).toBe(1)
    unread.written(1)
    expect(sums()).toBe(2)
    expect(evicted).toEqual([1, 4])
  })
})
