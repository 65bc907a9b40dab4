import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { EventEmitter, once } from 'node:events'
import { connect, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  MAX_HEAD_BYTES,
  PageServer,
  type PageServerOptions,
  RequestGate,
  refuse,
} from '../../../../server/src/gateway/http-server.js'
import { heapAfterCollection } from '../../../tools/heap.js'
import { waitUntil } from '../../../tools/wait-until.js'

/** A socket, as far as the gate uses it. */
class Peer extends EventEmitter {
  readonly events: string[] = []
  unshift(head: Buffer): void {
    this.events.push(`unshift ${head.toString('latin1')}`)
  }
  end(text: string): void {
    this.events.push(text.split('\r\n', 1)[0] as string)
    this.emit('finish')
  }
  destroy(): void {
    this.events.push('destroy')
    this.emit('close')
  }
  sends(text: string): this {
    this.emit('data', Buffer.from(text, 'latin1'))
    return this
  }
}

const WITHIN_MS = 1_000

function enter(): Peer {
  const peer = new Peer()
  const gate = new RequestGate({
    withinMs: WITHIN_MS,
    pass: () => peer.events.push('pass'),
    late: () => peer.events.push('late'),
  })
  gate.enter(peer as unknown as Socket)
  return peer
}

const HEAD = 'GET /zoogate HTTP/1.1\r\nHost: a\r\n\r\n'

describe('the gate before the HTTP parser', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('passes a head on as it came, and leaves the socket alone afterwards', () => {
    const peer = enter().sends(HEAD)
    expect(peer.events).toEqual([`unshift ${HEAD}`, 'pass'])
    expect(peer.eventNames()).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('joins a head that comes in pieces', () => {
    const peer = enter()
    for (const letter of HEAD) peer.sends(letter)
    expect(peer.events).toEqual([`unshift ${HEAD}`, 'pass'])
  })

  it.each([
    ['a second request', HEAD],
    ['a body', 'x'],
    ['a frame that does not wait for the answer', '\x81\x00'],
  ])('drops %s behind the head', (_, behind) => {
    expect(enter().sends(HEAD + behind).events).toEqual([`unshift ${HEAD}`, 'pass'])
  })

  it.each([
    ['an empty line before the head, behind which the parser would wait for more', `\r\n\r\n${HEAD}`],
    ['bytes that are no request', '\x16\x03\x01'],
    ['a method in small letters', 'get / HTTP/1.1\r\n\r\n'],
    ['a method that begins below A', '@GET / HTTP/1.1\r\n\r\n'],
    ['a method that begins above Z', '[GET / HTTP/1.1\r\n\r\n'],
  ])('answers 400 to %s, and ends the socket', (_, text) => {
    const peer = enter().sends(text)
    expect(peer.events).toEqual(['HTTP/1.1 400 Bad Request', 'destroy'])
    // A client that breaks off now ends nothing but its own socket.
    expect(peer.emit('error', new Error('ECONNRESET'))).toBe(true)
  })

  it('leaves it to the parser to judge a method of capital letters', () => {
    expect(enter().sends('A / HTTP/1.1\r\n\r\n').events).toContain('pass')
    expect(enter().sends('Z / HTTP/1.1\r\n\r\n').events).toContain('pass')
  })

  it('answers 431 to a head above the limit of the parser', () => {
    const start = 'GET / HTTP/1.1\r\nX: '
    const peer = enter().sends(start.padEnd(MAX_HEAD_BYTES, 'x'))
    expect(peer.events).toEqual([])
    peer.sends('x')
    expect(peer.events).toEqual(['HTTP/1.1 431 Request Header Fields Too Large', 'destroy'])
  })

  it('answers 408 to a head that is not complete in time, although more of it keeps coming', () => {
    const peer = enter().sends('G')
    vi.advanceTimersByTime(WITHIN_MS - 1)
    peer.sends('ET')
    expect(peer.events).toEqual([])
    vi.advanceTimersByTime(1)
    expect(peer.events).toEqual(['late', 'HTTP/1.1 408 Request Timeout', 'destroy'])
    peer.sends(' / HTTP/1.1\r\n\r\n')
    expect(peer.events).toHaveLength(3)
  })

  it('ends a socket whose peer ends its side before the head is complete', () => {
    const peer = enter().sends('GET')
    peer.emit('end')
    expect(peer.events).toEqual(['destroy'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('forgets a socket that breaks', () => {
    const peer = enter()
    peer.emit('error', new Error('ECONNRESET'))
    peer.emit('close')
    expect([peer.events, peer.eventNames()]).toEqual([[], []])
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a refusal', () => {
  it('says when to come back, and ends the socket', () => {
    const peer = new Peer()
    const written: string[] = []
    peer.end = (text) => written.push(text)
    refuse(peer as unknown as Socket, { status: '429 Too Many Requests', retryAfterS: 5 })
    expect(written).toEqual([
      'HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    ])
    peer.emit('finish')
    expect(peer.events).toEqual(['destroy'])
  })

  it('names no time without one', () => {
    const peer = new Peer()
    const written: string[] = []
    peer.end = (text) => written.push(text)
    refuse(peer as unknown as Socket, { status: '404 Not Found' })
    expect(written).toEqual(['HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'])
  })

  it('ends a socket that can no longer be written to', async () => {
    const { server, port, events } = await listening({
      request: (request) => {
        const { socket } = request
        socket.end()
        refuse(socket, { status: '400 Bad Request' })
        socket.once('close', () => events.push('closed'))
      },
    })
    const client = connect(port, '127.0.0.1')
    client.write(HEAD)
    await once(client.resume(), 'close')
    await server.close()
    expect(events).toEqual(['connected', 'closed'])
  })
})

/** A server that listens on loopback, with a record of its events. */
async function listening(options: Partial<PageServerOptions> = {}) {
  const events: string[] = []
  const server = new PageServer({
    requestWithinMs: 10_000,
    admission: { connected: () => events.push('connected') },
    upgrade: (_, socket) => {
      events.push('upgrade')
      socket.end()
    },
    request: ({ url }, response) => response.end(`answer to ${url}`),
    late: () => events.push('late'),
    failed: ({ message }) => events.push(`failed: ${message}`),
    ...options,
  })
  const { port, address } = await server.listen(0, '127.0.0.1')
  expect(address).toBe('127.0.0.1')
  return { server, port, events }
}

/** @returns everything that the server answers until it ends the connection */
async function exchange(port: number, text: string): Promise<string> {
  const client = connect(port, '127.0.0.1')
  client.write(text)
  let answer = ''
  client.on('data', (chunk) => {
    answer += String(chunk)
  })
  await once(client, 'close')
  return answer
}

describe('the server of pages', () => {
  it('answers one request of a connection, and ends it', async () => {
    const { server, port, events } = await listening()
    const answer = await exchange(port, 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2))
    expect(answer.match(/HTTP\/1.1 200|Connection: close|answer to \S+/g)).toEqual([
      'HTTP/1.1 200',
      'Connection: close',
      'answer to /a',
    ])
    await server.close()
    expect(events).toEqual(['connected'])
  })

  it('passes an upgrade on', async () => {
    const { server, port, events } = await listening()
    await exchange(port, 'GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    await server.close()
    expect(events).toEqual(['connected', 'upgrade'])
  })

  it('lets a WebSocket answer a peer that has ended its side', async () => {
    const { server, port } = await listening({
      upgrade: (_, socket) => socket.on('end', () => setImmediate(() => socket.end('last word'))).resume(),
    })
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    client.end('GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    const [answer] = await once(client, 'data')
    expect(String(answer)).toBe('last word')
    await server.close()
  })

  it('keeps nothing of connections that are gone', async () => {
    const sockets: WeakRef<Socket>[] = []
    const { server, port } = await listening({
      admission: { connected: (socket) => sockets.push(new WeakRef(socket)) },
    })
    for (let at = 0; at < 10; at += 1) await exchange(port, HEAD)
    await waitUntil('the sockets are collected', () => {
      heapAfterCollection()
      return sockets.every((socket) => socket.deref() === undefined)
    })
    await server.close()
  })

  it('answers 400 to a head that the parser refuses', async () => {
    const { server, port } = await listening()
    expect(await exchange(port, 'GET / NONSENSE\r\n\r\n')).toBe(
      'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    )
    await server.close()
  })

  it('forgets a connection that the admission destroys', async () => {
    const { server, port, events } = await listening({
      requestWithinMs: 1,
      admission: { connected: (socket) => socket.destroy() },
    })
    expect(await exchange(port, HEAD)).toBe('')
    await server.close()
    expect(events).toEqual([])
  })

  it('answers 408 to a connection that sends no request', async () => {
    const { server, port, events } = await listening({ requestWithinMs: 1 })
    expect(await exchange(port, '')).toContain('HTTP/1.1 408')
    await server.close()
    expect(events).toEqual(['connected', 'late'])
  })

  it('ends its connections when it closes, and takes no more once it has stopped', async () => {
    const { server, port } = await listening()
    const client = connect(port, '127.0.0.1')
    await once(client, 'connect')
    server.stop()
    server.stop()
    const [error] = await once(connect(port, '127.0.0.1'), 'error')
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    const closed = once(client, 'close')
    await server.close()
    await closed
  })

  it('rejects when its port is taken', async () => {
    const { server, port, events } = await listening()
    const second = new PageServer({
      requestWithinMs: 1,
      admission: { connected: () => undefined },
      upgrade: () => undefined,
      request: () => undefined,
      late: () => undefined,
      failed: () => events.push('failed'),
    })
    await expect(second.listen(port, '127.0.0.1')).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await server.close()
    expect(events).toEqual([])
  })

  it('reports each connection that the system cannot accept, and goes on', async () => {
    let tcp: Server | null = null
    const found = (message: unknown) => {
      tcp = (message as { server: Server }).server
    }
    subscribe('tracing:net.server.listen:asyncEnd', found)
    const { server, port, events } = await listening()
    unsubscribe('tracing:net.server.listen:asyncEnd', found)
    expect(tcp!.listenerCount('error')).toBe(1)
    for (const code of ['ENFILE', 'ENOBUFS']) tcp!.emit('error', new Error(`accept ${code}`))
    expect(await exchange(port, HEAD)).toContain('200 OK')
    await server.close()
    expect(events).toEqual(['failed: accept ENFILE', 'failed: accept ENOBUFS', 'connected'])
  })
})
