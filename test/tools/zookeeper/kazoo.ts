import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { PYTHON } from '../installed.js'

const BRIDGE = fileURLToPath(new URL('kazoo_bridge.py', import.meta.url))
const REPLY_DEADLINE_MS = 30_000

/** ZooKeeper's Stat as kazoo gives it. zxids and the owner are `0x…`; `0x0` is no owner. */
export interface KazooStat {
  czxid: string
  mzxid: string
  pzxid: string
  ephemeralOwner: string
  /** Milliseconds since the epoch. */
  ctime: number
  /** Milliseconds since the epoch. */
  mtime: number
  version: number
  cversion: number
  aversion: number
  dataLength: number
  numChildren: number
}

export interface KazooCreateOptions {
  ephemeral?: boolean
  sequence?: boolean
}

/** An error of kazoo; `kind` is its Python class, such as `NoNodeError`. */
export class KazooError extends Error {
  override readonly name = 'KazooError'
  readonly kind: string

  constructor(text: string) {
    super(text)
    this.kind = text.split(':', 1)[0] as string
  }
}

interface PendingReply {
  resolve(result: unknown): void
  reject(error: Error): void
  deadline: NodeJS.Timeout
}

type BridgeMessage =
  | { id: number; result: unknown }
  | { id: number; error: string }
  | { event: 'children'; path: string; children: string[] }

/**
 * A second, independent ZooKeeper client: it reads the nodes without any of our own code.
 * Runs Debian's kazoo in a Python process of its own.
 */
export class Kazoo {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #pending = new Map<number, PendingReply>()
  readonly #events = new EventEmitter()
  #lastId = 0
  #sessionId = ''
  #stderr = ''

  /** @param hosts `host:port,host:port`, optionally with a chroot. @param timeoutMs the session timeout. */
  static async connect(hosts: string, { timeoutMs = 10_000 } = {}): Promise<Kazoo> {
    const kazoo = new Kazoo()
    try {
      const { sessionId } = (await kazoo.#call('connect', { hosts, timeoutMs })) as { sessionId: string }
      kazoo.#sessionId = sessionId
      return kazoo
    } catch (error) {
      kazoo.kill()
      throw error
    }
  }

  private constructor() {
    this.#process = spawn(PYTHON, ['-u', BRIDGE])
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000)
    })
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#onLine(line))
    this.#process.on('error', (error) => this.#failAll(error))
    this.#process.stdin.on('error', (error) => this.#failAll(error))
    this.#process.on('exit', (code) => {
      this.#failAll(new Error(`the kazoo process ended with ${code}: ${this.#stderr}`))
    })
  }

  /** `0x…`, the session that `connect` opened. */
  get sessionId(): string {
    return this.#sessionId
  }

  /** The Python process, for signals. */
  get pid(): number {
    return this.#process.pid as number
  }

  /** @returns the path that was created, with its sequence number. */
  create(path: string, data: string | Uint8Array = '', options: KazooCreateOptions = {}): Promise<string> {
    const { ephemeral = false, sequence = false } = options
    return this.#call('create', { path, data: base64(data), ephemeral, sequence }) as Promise<string>
  }

  /** Creates the node and its parents where they are missing. */
  async ensurePath(path: string): Promise<void> {
    await this.#call('ensure_path', { path })
  }

  async get(path: string): Promise<{ data: Buffer; text: string; stat: KazooStat }> {
    const { data, stat } = (await this.#call('get', { path })) as { data: string; stat: KazooStat }
    const bytes = Buffer.from(data, 'base64')
    return { data: bytes, text: bytes.toString('utf8'), stat }
  }

  /** Child names, sorted. */
  async getChildren(path: string): Promise<string[]> {
    return ((await this.#call('get_children', { path })) as string[]).sort()
  }

  exists(path: string): Promise<KazooStat | null> {
    return this.#call('exists', { path }) as Promise<KazooStat | null>
  }

  /** @param version −1 for any. */
  set(path: string, data: string | Uint8Array, version = -1): Promise<KazooStat> {
    return this.#call('set', { path, data: base64(data), version }) as Promise<KazooStat>
  }

  async delete(path: string, { version = -1, recursive = false } = {}): Promise<void> {
    await this.#call('delete', { path, version, recursive })
  }

  /** Calls `listener` with the sorted children now and after every change. */
  async watchChildren(path: string, listener: (children: string[]) => void): Promise<void> {
    this.#events.on(`children ${path}`, listener)
    await this.#call('watch_children', { path })
  }

  /** Reads, adds one and writes, `times` times, each time under kazoo's Lock recipe on `lock`. */
  async countUnderLock(lock: string, counter: string, times: number): Promise<void> {
    await this.#call('count_under_lock', { lock, counter, times })
  }

  /** kazoo's Lock recipe. Until it is held this process does nothing else. @returns the name of its node. */
  acquireLock(path: string, identifier: string): Promise<string> {
    return this.#call('acquire_lock', { path, identifier }) as Promise<string>
  }

  async releaseLock(path: string): Promise<void> {
    await this.#call('release_lock', { path })
  }

  /** The identifiers of the holder of a lock and of its contenders, as kazoo orders them. */
  contenders(path: string): Promise<string[]> {
    return this.#call('contenders', { path }) as Promise<string[]>
  }

  /** kazoo's Election recipe: once it leads it writes its name on the ballot, and resigns. */
  async runElection(path: string, identifier: string, ballot: string): Promise<void> {
    await this.#call('run_election', { path, identifier, ballot })
  }

  /** kazoo's Party recipe. */
  async joinParty(path: string, identifier: string): Promise<void> {
    await this.#call('join_party', { path, identifier })
  }

  async leaveParty(path: string): Promise<void> {
    await this.#call('leave_party', { path })
  }

  /** The identifiers of the members that kazoo sees, sorted. */
  party(path: string): Promise<string[]> {
    return this.#call('party', { path }) as Promise<string[]>
  }

  /** Closes the session and ends the process. */
  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exited = new Promise((resolve) => this.#process.once('exit', resolve))
    const deadline = setTimeout(() => this.kill(), REPLY_DEADLINE_MS)
    this.#process.stdin.end()
    await exited
    clearTimeout(deadline)
  }

  /** Ends the process without closing its session: the ensemble has to expire it. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }

  #call(op: string, args: Record<string, unknown>): Promise<unknown> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.#pending.delete(id)
        reject(new Error(`kazoo has not answered ${op} within ${REPLY_DEADLINE_MS} ms. ${this.#stderr}`))
      }, REPLY_DEADLINE_MS)
      this.#pending.set(id, { resolve, reject, deadline })
      this.#process.stdin.write(`${JSON.stringify({ id, op, args })}\n`)
    })
  }

  #onLine(line: string): void {
    const message = JSON.parse(line) as BridgeMessage
    if ('event' in message) {
      this.#events.emit(`children ${message.path}`, message.children.sort())
      return
    }
    const pending = this.#pending.get(message.id)
    if (pending === undefined) return
    this.#pending.delete(message.id)
    clearTimeout(pending.deadline)
    if ('error' in message) pending.reject(new KazooError(message.error))
    else pending.resolve(message.result)
  }

  #failAll(error: Error): void {
    for (const { reject, deadline } of this.#pending.values()) {
      clearTimeout(deadline)
      reject(error)
    }
    this.#pending.clear()
  }
}

function base64(data: string | Uint8Array): string {
  return Buffer.from(data).toString('base64')
}
