/// <reference lib="esnext.disposable" preserve="true" />
import type { Fields } from './calls.js'
import { Dialer } from './dialer.js'
import { ZoogateError } from './errors.js'
import { Events } from './events.js'
import { type DataInput, type NodeContent, readContent, writeData } from './node-data.js'
import type { Settings } from './options.js'
import { type Limits, Pending } from './pending.js'
import type { Acl, ClosedReason, CreateMode, HexLong, Operation, Results } from './protocol.js'
import { Session } from './session.js'
import { readStat, type Stat } from './stat.js'
import type { Watcher } from './watches.js'

export type SessionState = 'NOT_CONNECTED' | 'CONNECTING' | 'CONNECTED' | 'CLOSED'

/** A ZooKeeper session as the page may know it. */
export interface SessionInfo {
  readonly id: HexLong
  /** What the ensemble gave, in milliseconds. */
  readonly timeoutMs: number
  /** True when the session existed before and was taken up again. */
  readonly resumed: boolean
}

/** Frozen, and the same object until something changes. */
export interface ClientSnapshot {
  readonly state: SessionState
  /** The newest session; it stays here when it has ended. Null before the first. */
  readonly session: SessionInfo | null
  /** Why the state is CLOSED; null in every other state. */
  readonly reason: ClosedReason | null
  /** True while CONNECTING when, by this page's clock, the session cannot be alive any more. */
  readonly presumedExpired: boolean
}

export interface ClientEvents {
  state: {
    state: SessionState
    previous: SessionState
    reason: ClosedReason | null
    error?: ZoogateError | undefined
  }
  /** A session was opened, resumed by this page for the first time, or replaced: watches have to be set anew. */
  session: { session: SessionInfo; previous: SessionInfo | null }
  /** Once per loss: more than the session timeout has passed without contact. Only the ensemble knows for sure. */
  presumed_expired: { session: SessionInfo }
}

export interface CreateOptions extends Limits {
  /** @default 'persistent' */
  mode?: CreateMode
  /** Who may do what with the node. Default: the gateway's. */
  acl?: Acl[]
}

export interface VersionOptions extends Limits {
  /** The version that the node must have; otherwise BAD_VERSION. Default: any. */
  version?: number
}

export interface ReadOptions extends Limits {
  /** Called once when what was read changes. Set when the answer arrives; survives a resume, not the session. */
  watch?: Watcher
}

const BEFORE_CONNECT: ClientSnapshot = /* @__PURE__ */ Object.freeze({
  state: 'NOT_CONNECTED',
  session: null,
  reason: null,
  presumedExpired: false,
})

/**
 * One handle on ZooKeeper. NOT_CONNECTED → CONNECTING ⇄ CONNECTED, and from both to CLOSED, which ends the
 * session. From there `connect()`, or renewal after an expiry, goes on to CONNECTING with a new session.
 */
export class Client {
  readonly #settings: Settings
  readonly #events = new Events<ClientEvents & { change: ClientSnapshot }>()
  readonly #waiting = new Set<Pending<SessionInfo>>()
  #snapshot = BEFORE_CONNECT
  /** The session that is open or being opened; null while this handle does nothing. */
  #session: Session | null = null
  #closing: Promise<void> = Promise.resolve()

  /** Made by `createClient`. */
  constructor(settings: Settings) {
    this.#settings = settings
    if (Symbol.asyncDispose) this[Symbol.asyncDispose] = () => this.close()
  }

  declare [Symbol.asyncDispose]: () => Promise<void>

  get state(): SessionState {
    return this.#snapshot.state
  }

  /** The newest session, or null before the first. */
  get session(): SessionInfo | null {
    return this.#snapshot.session
  }

  /** True while CONNECTING when, by this page's clock, the session cannot be alive any more. */
  get presumedExpired(): boolean {
    return this.#snapshot.presumedExpired
  }

  /**
   * Connects, and resolves with the session once CONNECTED; asking again while it is under way changes nothing.
   * An unreachable gateway is tried until it answers. Rejects when the gateway refuses, when the session is
   * closed meanwhile, and at the given limits, which end the waiting but not the connecting: `close()` does that.
   *
   * @throws TypeError where there is no WebSocket constructor.
   */
  connect(limits: Limits = {}): Promise<SessionInfo> {
    if (this.state === 'CONNECTED' && this.session) return Promise.resolve(this.session)
    const session = this.#session ?? this.#newSession(new Dialer(this.#settings))
    const waiting = new Pending<SessionInfo>(limits, (code, message) => {
      this.#waiting.delete(waiting)
      waiting.reject(new ZoogateError(code, `connect: ${message}; it goes on until close()`))
    })
    this.#waiting.add(waiting)
    waiting.start()
    if (session !== this.#session && this.#waiting.has(waiting)) this.#open(session)
    return waiting.promise
  }

  /**
   * Closes the session, whose ephemeral nodes go at once. CLOSED from now on; resolves when the gateway has
   * confirmed, or after two seconds. Calls sent before still get their answers. Without a connection the gateway
   * cannot be told, and the session expires after its timeout. Never rejects.
   */
  close(): Promise<void> {
    const session = this.#session
    if (session) {
      this.#session = null
      this.#closing = session.close()
      // Whoever calls close() knows: a connect() that nobody waits for is no uncaught error then.
      for (const { promise } of this.#waiting) promise.catch(() => undefined)
      this.#stop(new ZoogateError('SESSION_CLOSED', 'connect: close() was called meanwhile'))
      this.#change({ state: 'CLOSED', reason: 'closed' })
    }
    return this.#closing
  }

  /** Listens to events; returns what ends it, and so does aborting `signal`. */
  on<Type extends keyof ClientEvents>(
    type: Type,
    listener: (event: ClientEvents[Type]) => void,
    { signal }: { signal?: AbortSignal } = {},
  ): () => void {
    return this.#events.on(type, listener, signal)
  }

  /** With `getSnapshot`: a store, as `useSyncExternalStore` and its like take it. Bound to this client. */
  readonly subscribe = (listener: () => void): (() => void) => this.#events.on('change', listener)
  readonly getSnapshot = (): ClientSnapshot => this.#snapshot
  readonly getServerSnapshot = (): ClientSnapshot => BEFORE_CONNECT

  /** Creates a node. Sequential modes append a number: use the `path` that comes back. */
  create(
    path: string,
    data?: DataInput,
    { mode, acl, ...limits }: CreateOptions = {},
  ): Promise<{ path: string; stat: Stat }> {
    const fields = { path, data: data === undefined ? data : writeData(data), mode, acl }
    return this.#call('create', fields, limits, (created) => ({
      path: created.path,
      stat: readStat(created.stat),
    }))
  }

  /** Deletes a node that has no children. */
  delete(path: string, { version, ...limits }: VersionOptions = {}): Promise<void> {
    return this.#call('delete', { path, version }, limits, () => undefined)
  }

  /** The node's Stat, or null if there is no such node; `watch` then tells when it is created. */
  exists(path: string, options?: ReadOptions): Promise<Stat | null> {
    return this.#read('exists', path, options, ({ stat }) => stat && readStat(stat))
  }

  /** The node's data and Stat. */
  getData(path: string, options?: ReadOptions): Promise<NodeContent> {
    return this.#read('getData', path, options, ({ data, stat }) => readContent(data, readStat(stat)))
  }

  /** Replaces the node's data. */
  setData(path: string, data: DataInput, { version, ...limits }: VersionOptions = {}): Promise<Stat> {
    const fields = { path, data: writeData(data), version }
    return this.#call('setData', fields, limits, ({ stat }) => readStat(stat))
  }

  /** The names of the node's children, in no order, and its Stat. */
  getChildren(path: string, options?: ReadOptions): Promise<{ children: string[]; stat: Stat }> {
    return this.#read('getChildren', path, options, ({ children, stat }) => ({
      children,
      stat: readStat(stat),
    }))
  }

  #read<O extends 'exists' | 'getData' | 'getChildren', T>(
    op: O,
    path: string,
    { watch, ...limits }: ReadOptions = {},
    read: (result: Results[O]) => T,
  ): Promise<T> {
    const fields = { path, watch: watch && true } as Fields<O>
    return this.#call(op, fields, limits, (result, { watches }) => {
      if (watch) watches.add(op === 'getChildren' ? 'child' : result.stat ? 'data' : 'exist', path, watch)
      return read(result)
    })
  }

  #call<O extends Operation, T>(
    op: O,
    fields: Fields<O>,
    limits: Limits,
    read: (result: Results[O], session: Session) => T,
  ): Promise<T> {
    const session = this.#session
    if (session) {
      const timeoutMs = this.#settings.requestTimeoutMs
      return session.call(op, fields, { timeoutMs, ...limits }, (result) => read(result, session))
    }
    const { path } = fields
    return Promise.reject(
      new ZoogateError('SESSION_CLOSED', `${op} ${path}: there is no session: call connect() first`, {
        path,
      }),
    )
  }

  /** Nothing goes on any more until the next `connect()`. */
  #stop(error: ZoogateError): void {
    for (const waiting of this.#waiting) waiting.reject(error)
    this.#waiting.clear()
  }

  #newSession(dialer: Dialer): Session {
    return new Session(dialer, {
      attached: ({ id, timeoutMs, resumed }) => {
        const session = Object.freeze({ id, timeoutMs, resumed })
        for (const waiting of this.#waiting) waiting.resolve(session)
        this.#waiting.clear()
        this.#change({ state: 'CONNECTED', session })
      },
      detached: () => this.#change({ state: 'CONNECTING' }),
      presumedExpired: () => this.#change({ presumedExpired: true }),
      ended: (reason, error) => {
        const next = reason === 'expired' && this.#settings.renew ? this.#newSession(dialer) : null
        this.#session = next
        if (!next) this.#stop(error)
        this.#change({ state: 'CLOSED', reason }, error)
        // A listener may have called close().
        if (next && this.#session === next) this.#open(next)
      },
    })
  }

  #open(session: Session): void {
    this.#session = session
    this.#change({ state: 'CONNECTING' })
    session.open()
  }

  /** The one way to another state, or to news within one; entering a state again does nothing. */
  #change(change: Partial<ClientSnapshot>, error?: ZoogateError): void {
    const before = this.#snapshot
    if (change.state === before.state) return
    const now = Object.freeze({ ...before, reason: null, presumedExpired: false, ...change })
    const { state, session, reason } = now
    this.#snapshot = now
    this.#events.emit('change', now)
    if (now.presumedExpired && session) this.#events.emit('presumed_expired', { session })
    else this.#events.emit('state', { state, previous: before.state, reason, error })
    // A listener may have closed it just now.
    if (session && session.id !== before.session?.id && this.#snapshot === now) {
      this.#events.emit('session', { session, previous: before.session })
    }
  }
}
