import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTcpProxy, type TcpProxy } from '../tcp-proxy.js'
import { waitUntil } from '../wait-until.js'

/** Keeps what a socket received, and how it ended. */
class Recorder {
  text = ''
  bytes = 0
  error: NodeJS.ErrnoException | null = null
  closed = false
  readonly socket: Socket

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => {
      this.bytes += chunk.length
      if (this.bytes < 1000) this.text += chunk.toString()
    })
    socket.on('error', (error) => {
      this.error = error
    })
    socket.on('close', () => {
      this.closed = true
    })
  }

  heard(text: string) {
    return waitUntil(`'${text}' arrives`, () => this.text === text)
  }

  ended() {
    return waitUntil('the connection ends', () => this.closed)
  }
}

/** A server that answers each text with the same text in capitals. */
class Shouter {
  readonly sockets: Socket[] = []
  readonly server: Server

  constructor(name = '') {
    this.server = createServer((socket) => {
      this.sockets.push(socket)
      socket.on('data', (chunk) => socket.write(name + chunk.toString().toUpperCase()))
      socket.on('error', () => socket.destroy())
    })
  }

  async listen() {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    return this
  }

  get port() {
    return (this.server.address() as AddressInfo).port
  }
}

describe('a TCP proxy', () => {
  let shouter: Shouter
  let proxy: TcpProxy
  const clients: Recorder[] = []

  const dial = () => {
    const client = new Recorder(connect({ host: '127.0.0.1', port: proxy.port }))
    clients.push(client)
    return client
  }

  /** Bytes have gone both ways elsewhere: bytes that the stalled proxy lets through would have arrived. */
  const roundTrip = async () => {
    const witness = new Recorder(connect({ host: '127.0.0.1', port: shouter.port }))
    clients.push(witness)
    witness.socket.write('x')
    await witness.heard('X')
  }

  beforeEach(async () => {
    shouter = await new Shouter().listen()
    proxy = await startTcpProxy(shouter.port)
  })
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy()
    await proxy.close()
    shouter.server.close()
  })

  it('passes bytes on both ways and counts them', async () => {
    const client = dial()
    client.socket.write('hello')
    await client.heard('HELLO')
    expect(proxy).toMatchObject({ connections: 1, accepted: 1, bytes: { up: 5, down: 5 } })
    client.socket.end()
    await client.ended()
    await waitUntil('the pair is gone', () => proxy.connections === 0)
    expect(proxy.accepted).toBe(1)
  })

  it('passes on more than the buffers hold to a reader that is slow', async () => {
    const size = 8_000_000
    const client = dial()
    client.socket.pause()
    client.socket.write('a'.repeat(size))
    await waitUntil('answers are on their way', () => proxy.bytes.down > 0)
    expect(client.bytes).toBe(0)
    client.socket.resume()
    await waitUntil('everything is back', () => client.bytes === size)
  })

  it('ends all connections and refuses new ones while it is cut', async () => {
    const client = dial()
    client.socket.write('a')
    await client.heard('A')
    await proxy.cut()
    await client.ended()
    expect(client.error).toBeNull()
    const refused = dial()
    await refused.ended()
    expect(refused.error?.code).toBe('ECONNREFUSED')
    await proxy.restore()
    const welcome = dial()
    welcome.socket.write('b')
    await welcome.heard('B')
  })

  it('resets connections when told to', async () => {
    const client = dial()
    client.socket.write('a')
    await client.heard('A')
    proxy.drop({ reset: true })
    await client.ended()
    expect(client.error?.code).toBe('ECONNRESET')
  })

  it('holds bytes and ends back while it is stalled, and delivers them when restored', async () => {
    const client = dial()
    client.socket.write('a')
    await client.heard('A')
    proxy.stall()
    client.socket.write('b')
    await roundTrip()
    expect(client.text).toBe('A')
    expect(client.closed).toBe(false)
    await proxy.restore()
    await client.heard('AB')
  })

  it('stalls one direction alone', async () => {
    const client = dial()
    client.socket.write('a')
    await client.heard('A')
    proxy.stall({ direction: 'down' })
    client.socket.write('b')
    await waitUntil('b went up', () => proxy.bytes.up === 2)
    expect(proxy.bytes.down).toBe(1)
    await proxy.restore()
    await client.heard('AB')
  })

  it('accepts a connection while stalled and lets it hear nothing', async () => {
    proxy.stall()
    const client = dial()
    await once(client.socket, 'connect')
    client.socket.write('a')
    await waitUntil('it is accepted', () => proxy.connections === 1)
    expect(proxy.bytes).toEqual({ up: 0, down: 0 })
    await proxy.restore()
    await client.heard('A')
  })

  it('hides that the target is gone while it is stalled', async () => {
    const client = dial()
    client.socket.write('a')
    await client.heard('A')
    proxy.stall()
    shouter.sockets[0]?.destroy()
    await roundTrip()
    expect(client.closed).toBe(false)
    await proxy.restore()
    await client.ended()
  })

  it('sends new connections to another target and leaves old ones', async () => {
    const other = await new Shouter('other ').listen()
    const old = dial()
    old.socket.write('a')
    await old.heard('A')
    proxy.retarget(other.port)
    const fresh = dial()
    fresh.socket.write('a')
    await fresh.heard('other A')
    old.socket.write('b')
    await old.heard('AB')
    other.server.close()
  })

  it('ends a connection whose target refuses', async () => {
    shouter.server.close()
    const client = dial()
    await client.ended()
    expect(client.error).toBeNull()
  })
})
