import { connect, type Socket } from 'node:net'
import { OP, RECORD, XID } from '../../../server/src/dev-ensemble/protocol.js'
import {
  type Acl,
  type Cursor,
  encodeFrame,
  type FieldsOf,
  type RecordType,
  type Specification,
  type Stat,
  type WritableRecord,
} from '../../../server/src/dev-ensemble/records.js'
import { FrameParser } from '../../../server/src/zookeeper/codec/frames.js'

export const OPEN: Acl[] = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]

/** Names for the flags of a create request. */
export const FLAGS = {
  persistent: 0,
  ephemeral: 1,
  persistentSequential: 2,
  ephemeralSequential: 3,
  container: 4,
  ttl: 5,
  ttlSequential: 6,
} as const

/** Longer than anything here takes on a busy machine; a missing answer is a failure, not a wait. */
const ANSWER_DEADLINE_MS = 8_000
const MAX_FRAME_BYTES = 4 * 1024 * 1024

export interface SessionTicket {
  id: bigint
  password: Buffer
}

export interface ConnectOptions {
  /** @default 4000 */
  timeoutMs?: number
  /** Resumes this session. @default a new one */
  session?: SessionTicket
  /** @default 0n */
  lastZxid?: bigint
  /** Whether to send the byte that clients since 3.4 send. @default true */
  readOnlyByte?: boolean
}

export interface Reply {
  xid: number
  zxid: bigint
  err: number
  body: Cursor
}

/** A reply or an event, in the order of arrival. */
export type Arrival = { xid: number; err: number; zxid: bigint } | { event: number; path: string }

/** One connection that shows the wire, and does nothing by itself: no pings, no redials. */
export class RawClient {
  readonly #socket: Socket
  readonly #parser = new FrameParser(MAX_FRAME_BYTES)
  readonly #waiting: { resolve(reply: Reply): void; reject(error: Error): void }[] = []
  readonly arrivals: Arrival[] = []
  #greeted: ((frame: Cursor) => void) | null
  #xid = 0
  session: SessionTicket = { id: 0n, password: Buffer.alloc(0) }
  /** As the server granted it; 0 if it knows no such session. */
  timeoutMs = 0
  /** Bytes of the ConnectResponse. */
  greetingBytes = 0
  /** Resolves when the server has closed the connection, or it broke. */
  readonly closed: Promise<void>

  /** @throws when the server closes without a word. */
  static async connect(port: number, options: ConnectOptions = {}): Promise<RawClient> {
    const client = new RawClient(port)
    await client.greet(options)
    return client
  }

  constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port })
    this.#socket.setNoDelay(true)
    this.#greeted = null
    this.#socket.on('data', (chunk: Buffer) => this.#socketOnData(chunk))
    this.#socket.on('error', () => this.#fail())
    this.closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.#fail()
        resolve()
      })
    })
  }

  /** Sends a ConnectRequest and takes in the answer. Bytes in `with` go out in the same packet. */
  async greet(options: ConnectOptions = {}, and: Buffer = Buffer.alloc(0)): Promise<void> {
    const { timeoutMs = 4000, session, lastZxid = 0n, readOnlyByte = true } = options
    const greeting = new Promise<Cursor>((resolve, reject) => {
      this.#greeted = resolve
      this.closed.then(() => reject(new Error('closed before the session was set up')), reject)
    })
    const request = RECORD.connectRequest.of({
      protocolVersion: 0,
      lastZxidSeen: lastZxid,
      timeoutMs,
      sessionId: session?.id ?? 0n,
      password: session?.password ?? Buffer.alloc(16),
    })
    const tail = readOnlyByte ? RECORD.readOnly.of({ readOnly: false }) : null
    this.#socket.write(Buffer.concat([encodeFrame(request, tail), and]))
    const frame = await withDeadline(greeting, 'a ConnectResponse')
    const response = RECORD.connectResponse.read(frame)
    this.greetingBytes = frame.frame.length
    this.timeoutMs = response.timeoutMs
    this.session = { id: response.sessionId, password: response.password ?? Buffer.alloc(0) }
  }

  /** Writes bytes as they are. */
  send(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** Stops reading, so that answers pile up. */
  pause(): void {
    this.#socket.pause()
  }

  /** Sends a request and takes the next reply as its answer. */
  call(type: number, body: WritableRecord | null = null, xid = ++this.#xid): Promise<Reply> {
    this.#socket.write(encodeFrame(RECORD.requestHeader.of({ xid, type }), body))
    return this.nextReply()
  }

  /** For requests that were sent with `send`. */
  nextReply(): Promise<Reply> {
    if (this.#socket.destroyed) return Promise.reject(new Error('the connection is closed'))
    const reply = new Promise<Reply>((resolve, reject) => this.#waiting.push({ resolve, reject }))
    return withDeadline(reply, 'a reply')
  }

  /** Drops the connection and leaves the session behind. */
  async drop(): Promise<void> {
    this.#socket.destroy()
    await this.closed
  }

  /** Closes the session and waits for the server to close the connection. */
  async close(): Promise<Reply> {
    const reply = await this.call(OP.CLOSE_SESSION)
    await withDeadline(this.closed, 'the end of the connection')
    return reply
  }

  async create(
    path: string,
    {
      data = Buffer.alloc(0),
      acl = OPEN,
      flags = FLAGS.persistent,
    }: { data?: Buffer | string | null; acl?: Acl[]; flags?: number } = {},
  ): Promise<{ err: number; zxid: bigint; path: string }> {
    const reply = await this.call(OP.CREATE, RECORD.create.of({ path, data: bytes(data), acl, flags }))
    const created = reply.err === 0 ? RECORD.path.read(reply.body).path : null
    return { err: reply.err, zxid: reply.zxid, path: created ?? '' }
  }

  /** create2, or one of the types that answer as it does. */
  async create2(
    path: string,
    { data = '', acl = OPEN, flags = 0 }: { data?: Buffer | string | null; acl?: Acl[]; flags?: number } = {},
    type: number = OP.CREATE2,
  ) {
    return this.#answer(type, RECORD.create.of({ path, data: bytes(data), acl, flags }), RECORD.pathAndStat)
  }

  createTtl(path: string, ttlMs: bigint, flags: number = FLAGS.ttl) {
    const request = RECORD.createTtl.of({ path, data: Buffer.alloc(0), acl: OPEN, flags, ttlMs })
    return this.#answer(OP.CREATE_TTL, request, RECORD.pathAndStat)
  }

  async delete(path: string, version = -1): Promise<number> {
    return (await this.call(OP.DELETE, RECORD.pathAndVersion.of({ path, version }))).err
  }

  exists(path: string, watch = false) {
    return this.#answer(OP.EXISTS, RECORD.pathAndWatch.of({ path, watch }), RECORD.stat)
  }

  getData(path: string, watch = false) {
    return this.#answer(OP.GET_DATA, RECORD.pathAndWatch.of({ path, watch }), RECORD.dataAndStat)
  }

  setData(path: string, data: Buffer | string | null, version = -1) {
    return this.#answer(OP.SET_DATA, RECORD.setData.of({ path, data: bytes(data), version }), RECORD.stat)
  }

  getChildren(path: string, watch = false) {
    return this.#answer(OP.GET_CHILDREN, RECORD.pathAndWatch.of({ path, watch }), RECORD.children)
  }

  getChildren2(path: string, watch = false) {
    return this.#answer(OP.GET_CHILDREN2, RECORD.pathAndWatch.of({ path, watch }), RECORD.childrenAndStat)
  }

  getAcl(path: string) {
    return this.#answer(OP.GET_ACL, RECORD.path.of({ path }), RECORD.aclAndStat)
  }

  setAcl(path: string, acl: Acl[], version = -1) {
    return this.#answer(OP.SET_ACL, RECORD.setAcl.of({ path, acl, version }), RECORD.stat)
  }

  sync(path = '/') {
    return this.#answer(OP.SYNC, RECORD.path.of({ path }), RECORD.path)
  }

  async auth(scheme: string, credentials: string): Promise<Reply> {
    const auth = Buffer.from(credentials)
    return this.call(OP.AUTH, RECORD.auth.of({ type: 0, scheme, auth }), XID.AUTH)
  }

  async whoAmI() {
    const reply = await this.#answer(OP.WHO_AM_I, null, RECORD.identities)
    return (reply.identities ?? []).map(({ scheme, id }) => `${scheme}:${id}`).sort()
  }

  async addWatch(path: string, mode: 'persistent' | 'recursive' | number): Promise<number> {
    const number = typeof mode === 'number' ? mode : ['persistent', 'recursive'].indexOf(mode)
    return (await this.call(OP.ADD_WATCH, RECORD.addWatch.of({ path, mode: number }))).err
  }

  /** @param type 1 children, 2 data, 3 any. */
  async checkWatches(path: string, type: number): Promise<number> {
    return (await this.call(OP.CHECK_WATCHES, RECORD.pathAndType.of({ path, type }))).err
  }

  async removeWatches(path: string, type: number): Promise<number> {
    return (await this.call(OP.REMOVE_WATCHES, RECORD.pathAndType.of({ path, type }))).err
  }

  async setWatches(relativeZxid: bigint, lists: { data?: string[]; exist?: string[]; child?: string[] }) {
    const request = RECORD.setWatches.of({ relativeZxid, data: [], exist: [], child: [], ...lists })
    return this.call(OP.SET_WATCHES, request, XID.SET_WATCHES)
  }

  async setWatches2(
    relativeZxid: bigint,
    lists: {
      data?: string[]
      exist?: string[]
      child?: string[]
      persistent?: string[]
      recursive?: string[]
    },
  ) {
    const none = { data: [], exist: [], child: [], persistent: [], recursive: [] }
    return this.call(
      OP.SET_WATCHES2,
      RECORD.setWatches2.of({ relativeZxid, ...none, ...lists }),
      XID.SET_WATCHES,
    )
  }

  /**
   * The events since the last call, as `type path`. The round trip before it brings all events of changes that any client
   * knows to be made.
   */
  async events(): Promise<string[]> {
    await this.sync()
    const events = this.arrivals.flatMap((arrival) =>
      'event' in arrival ? [`${EVENT_NAMES[arrival.event]} ${arrival.path}`] : [],
    )
    this.arrivals.length = 0
    return events
  }

  async #answer<S extends Specification>(
    type: number,
    request: WritableRecord | null,
    response: RecordType<S>,
  ): Promise<{ err: number; zxid: bigint } & Partial<FieldsOf<S>>> {
    const { err, zxid, body } = await this.call(type, request)
    return err === 0 ? { err, zxid, ...response.read(body) } : { err, zxid, ...({} as Partial<FieldsOf<S>>) }
  }

  #socketOnData(chunk: Buffer): void {
    this.#parser.feed(chunk)
    for (let reader = this.#parser.next(); reader !== null; reader = this.#parser.next()) {
      const frame = { frame: Buffer.from(reader.fixed(reader.remaining)), offset: 0 }
      if (this.#greeted === null) this.#receive(frame)
      else {
        this.#greeted(frame)
        this.#greeted = null
      }
    }
  }

  #receive(frame: Cursor): void {
    const { xid, zxid, err } = RECORD.replyHeader.read(frame)
    if (xid === XID.NOTIFICATION) {
      const { type, path } = RECORD.event.read(frame)
      this.arrivals.push({ event: type, path: path ?? '' })
      return
    }
    this.arrivals.push({ xid, err, zxid })
    this.#waiting.shift()?.resolve({ xid, zxid, err, body: frame })
  }

  #fail(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the connection closed'))
  }
}

const EVENT_NAMES: Readonly<Record<number, string>> = {
  1: 'created',
  2: 'deleted',
  3: 'changed',
  4: 'children',
}

function bytes(data: Buffer | string | null): Buffer | null {
  return typeof data === 'string' ? Buffer.from(data) : data
}

/** The fields of a Stat that a test can know. */
export function brief(stat: Stat | undefined) {
  if (stat === undefined) throw new Error('an answer without a Stat')
  const { version, cversion, aversion, dataLength, numChildren } = stat
  return { version, cversion, aversion, dataLength, numChildren }
}

export async function withDeadline<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} has not come within ${ANSWER_DEADLINE_MS} ms`)),
      ANSWER_DEADLINE_MS,
    )
  })
  try {
    return await Promise.race([promise, deadline])
  } finally {
    clearTimeout(timer)
  }
}
