import { createServer, type Server as NetServer, type ServerOpts, type Socket } from 'node:net'
import type { ServerCursor } from '../../../server/src/zookeeper/index.js'

// A server that speaks ZooKeeper's frames and otherwise follows a test's script. It is written against the wire
// table alone and shares no code with the link.

export const OP = {
  create2: 15,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  sync: 9,
  getChildren2: 12,
  multi: 14,
  ping: 11,
  auth: 100,
  setWatches: 101,
  closeSession: -11,
  removeWatches: 18,
  addWatch: 106,
  setWatches2: 105,
}

export interface FakeRequest {
  xid: number
  type: number
  body: Buffer
}

export interface FakeConnect {
  lastZxid: bigint
  timeoutMs: number
  sessionId: bigint
  password: Buffer
  /** Null when the field is missing. */
  readOnly: boolean | null
}

export interface Script {
  /** Answers a ConnectRequest. Default: `greet()`. */
  connect?: (connection: FakeConnection, request: FakeConnect) => void
  /** Answers any other request. Default: `answer()`. */
  request?: (connection: FakeConnection, request: FakeRequest) => void
}

export const FIRST_SESSION_ID = 0x1001n
export const PASSWORD = Buffer.from('sixteen bytes ok')

export class FakeServer {
  script: Script
  readonly connections: FakeConnection[] = []
  readonly #server: NetServer
  #port = 0

  private constructor(script: Script, options: ServerOpts) {
    this.script = script
    this.#server = createServer(options, (socket) => this.connections.push(new FakeConnection(socket, this)))
  }

  static async start(
    script: Script = {},
    options: ServerOpts = {},
    { host = '127.0.0.1', port = 0 } = {},
  ): Promise<FakeServer> {
    const fake = new FakeServer(script, options)
    await new Promise<void>((resolve) => fake.#server.listen(port, host, resolve))
    const address = fake.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the fake server has no port')
    fake.#port = address.port
    return fake
  }

  get port(): number {
    return this.#port
  }

  /** The newest connection. */
  get connection(): FakeConnection {
    const newest = this.connections.at(-1)
    if (!newest) throw new Error('no client has connected')
    return newest
  }

  async close(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

/** A cursor over these servers, first to last and round again. */
export function cursorOver(...servers: { port: number }[]): ServerCursor {
  let next = 0
  return {
    size: servers.length,
    repeat: () => {
      next -= 1
    },
    next: () => ({ host: '127.0.0.1', port: servers[next++ % servers.length]?.port ?? 0 }),
  }
}

export class FakeConnection {
  readonly socket: Socket
  readonly requests: FakeRequest[] = []
  connect: FakeConnect | null = null
  /** Data events, which is writes of the other side unless the kernel joined some. */
  chunks = 0
  /** The other side has closed its half. */
  ended = false
  closed = false
  zxid = 100n
  readonly #server: FakeServer
  #received = Buffer.alloc(0)

  constructor(socket: Socket, server: FakeServer) {
    this.socket = socket
    this.#server = server
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('end', () => {
      this.ended = true
    })
    socket.on('close', () => {
      this.closed = true
    })
    // Many tests have a client drop the connection in the middle of an answer.
    socket.on('error', () => socket.destroy())
  }

  /** The requests' types, in order. */
  get types(): number[] {
    return this.requests.map(({ type }) => type)
  }

  greet({ timeoutMs = 4000, id = FIRST_SESSION_ID, password = PASSWORD, readOnly = false } = {}): void {
    this.sendFrame(int(0), int(timeoutMs), long(id), buffer(password), Buffer.of(readOnly ? 1 : 0))
  }

  /** A server's answer for a session that it does not know. */
  greetExpired(): void {
    this.greet({ timeoutMs: 0, id: 0n, password: Buffer.alloc(16) })
    this.socket.end()
  }

  reply(xid: number, { err = 0, zxid = this.zxid, body = [] as Buffer[] } = {}): void {
    this.sendFrame(replyHeader(xid, zxid, err), ...body)
  }

  event(type: number, path: string): void {
    this.sendFrame(replyHeader(-1, -1n, 0), int(type), int(3), text(path))
  }

  /** Answers as a server would if every path existed, without data and children. */
  answer(request: FakeRequest): void {
    const { xid, type, body } = request
    if (type === OP.auth) this.reply(xid, { zxid: 0n })
    else if (type === OP.create2) this.reply(xid, { body: [text(readText(body, 0)), stat()] })
    else if (type === OP.exists || type === OP.setData) this.reply(xid, { body: [stat()] })
    else if (type === OP.getData) this.reply(xid, { body: [buffer(Buffer.alloc(0)), stat()] })
    else if (type === OP.getChildren2) this.reply(xid, { body: [int(0), stat()] })
    else if (type === OP.multi) this.reply(xid, { body: [int(13), Buffer.of(0), int(0), MULTI_END] })
    else this.reply(xid)
    if (type === OP.closeSession) this.socket.end()
  }

  sendFrame(...parts: Buffer[]): void {
    this.socket.write(frame(...parts))
  }

  #onData(chunk: Buffer): void {
    this.chunks++
    this.#received = Buffer.concat([this.#received, chunk])
    while (this.#received.length >= 4) {
      const length = this.#received.readInt32BE(0)
      if (this.#received.length < 4 + length) return
      const body = this.#received.subarray(4, 4 + length)
      this.#received = this.#received.subarray(4 + length)
      this.#onFrame(body)
    }
  }

  #onFrame(body: Buffer): void {
    const { connect, request } = this.#server.script
    if (this.connect === null) {
      this.connect = {
        lastZxid: body.readBigInt64BE(4),
        timeoutMs: body.readInt32BE(12),
        sessionId: body.readBigInt64BE(16),
        password: body.subarray(28, 44),
        readOnly: body.length > 44 ? body[44] !== 0 : null,
      }
      if (connect) connect(this, this.connect)
      else this.greet()
      return
    }
    const received = { xid: body.readInt32BE(0), type: body.readInt32BE(4), body: body.subarray(8) }
    this.requests.push(received)
    if (request) request(this, received)
    else this.answer(received)
  }
}

/** Ends the answer to a transaction. */
export const MULTI_END = Buffer.concat([int(-1), Buffer.of(1), int(-1)])

export function int(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function long(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

export function buffer(bytes: Buffer | null): Buffer {
  return bytes === null ? int(-1) : Buffer.concat([int(bytes.length), bytes])
}

export function text(value: string): Buffer {
  return buffer(Buffer.from(value))
}

export function readText(body: Buffer, at: number): string {
  return body.toString('utf8', at + 4, at + 4 + body.readInt32BE(at))
}

export function frame(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([int(body.length), body])
}

export function replyHeader(xid: number, zxid: bigint, err: number): Buffer {
  return Buffer.concat([int(xid), long(zxid), int(err)])
}

export function stat({ owner = 0n, czxid = 1n, mzxid = 2n, pzxid = 3n } = {}): Buffer {
  const times = [long(1_700_000_000_123n), long(1_700_000_000_456n)]
  return Buffer.concat([
    long(czxid),
    long(mzxid),
    ...times,
    ...[4, 5, 6].map(int),
    long(owner),
    ...[7, 8].map(int),
    long(pzxid),
  ])
}
