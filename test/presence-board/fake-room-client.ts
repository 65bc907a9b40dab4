// Stands in for a zoogate client: a tree of nodes with one-shot watches, and links and sessions that end on demand.

import type { RoomClient, SessionState, Watch } from '../../examples/presence-board/src/room-client.js'

type Operation = 'create' | 'delete' | 'getChildren' | 'getData' | 'setData'
type StateEvent = { state: SessionState; reason: string | null }

interface TreeNode {
  data: string
  owner: string | null
  ctime: number
}

/** What happens to the next call of an operation, instead of the usual. */
interface Fault {
  op: Operation
  /** The path that the call is for. Default: any. */
  path?: string | undefined
  /** Runs at the server before the call does. */
  before?: () => void
  /** The error that the page sees. */
  error?: Error
  /** The call is executed although the page sees an error. */
  executed?: boolean
}

export class FakeRoomClient implements RoomClient {
  state: SessionState = 'NOT_CONNECTED'
  session: { readonly id: string } | null = null
  readonly nodes = new Map<string, TreeNode>()
  /** Every call in order: operation, path, and `watch` where one was asked for. */
  readonly calls: string[] = []
  /** The largest number of watches that were ever set on one list or node. */
  mostWatches = 0
  mostReadsInFlight = 0
  faults: Fault[] = []

  readonly #listeners = new Set<(event: StateEvent) => void>()
  #watches = new Map<string, Set<(type: string) => void>>()
  #missedEvents: (() => void)[] = []
  #sequence = 0
  #readsInFlight = 0
  #linkUp: Promise<void> = Promise.resolve()
  #signalLinkUp: () => void = () => undefined

  on(_type: 'state', listener: (event: StateEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  create(
    path: string,
    data: string | object = '',
    options: { mode?: string } = {},
  ): Promise<{ path: string }> {
    return this.#call('create', path, () => {
      const ephemeral = options.mode === 'ephemeral_sequential'
      return { path: this.addNode(path, data, ephemeral ? (this.session?.id ?? null) : null, ephemeral) }
    })
  }

  delete(path: string): Promise<void> {
    return this.#call('delete', path, () => this.removeNode(path))
  }

  getChildren(path: string, { watch }: Watch = {}): Promise<{ children: string[] }> {
    return this.#call(
      'getChildren',
      path,
      () => {
        this.#existing(path)
        const children = [...this.nodes.keys()].filter((node) => parentOf(node) === path)
        if (watch) this.#watch(`children ${path}`, (type) => watch({ type, path }))
        return { children: children.map((child) => child.slice(path.length + 1)) }
      },
      watch !== undefined,
    )
  }

  getData(path: string, { watch }: Watch = {}) {
    return this.#call(
      'getData',
      path,
      () => {
        const { data, owner, ctime } = this.#existing(path)
        if (watch) this.#watch(`data ${path}`, (type) => watch({ type, path }))
        const whose: 'mine' | 'other' | null =
          owner === null ? null : owner === this.session?.id ? 'mine' : 'other'
        return { json: (): unknown => JSON.parse(data), stat: { ctime, owner: whose } }
      },
      watch !== undefined,
    )
  }

  setData(path: string, data: object): Promise<void> {
    return this.#call('setData', path, () => this.writeNode(path, data))
  }

  // ---- what the tests do to it ----

  open(id: string): void {
    this.session = { id }
    this.#enter('CONNECTED')
    this.#signalLinkUp()
    for (const event of this.#missedEvents.splice(0)) queueMicrotask(event)
  }

  /** Calls wait from now on, and events with them, as a client queues while it is CONNECTING. */
  dropLink(): void {
    this.#linkUp = new Promise((resolve) => {
      this.#signalLinkUp = resolve
    })
    this.#enter('CONNECTING')
  }

  endSession(reason: string): void {
    const id = this.session?.id
    this.#watches = new Map()
    this.#missedEvents = []
    this.#enter('CLOSED', reason)
    for (const [path, node] of this.nodes)
      if (node.owner === id && reason !== 'taken_over') this.removeNode(path)
  }

  addNode(path: string, data: string | object, owner: string | null, sequential = true): string {
    const parent = parentOf(path)
    if (parent !== '') this.#existing(parent)
    const full = sequential ? path + String(this.#sequence++).padStart(10, '0') : path
    if (this.nodes.has(full)) throw failure('NODE_EXISTS')
    this.nodes.set(full, {
      data: typeof data === 'string' ? data : JSON.stringify(data),
      owner,
      ctime: 1_000,
    })
    this.#fire(`children ${parent}`, 'NodeChildrenChanged')
    return full
  }

  removeNode(path: string): void {
    this.#existing(path)
    this.nodes.delete(path)
    this.#fire(`data ${path}`, 'NodeDeleted')
    this.#fire(`children ${path}`, 'NodeDeleted')
    this.#fire(`children ${parentOf(path)}`, 'NodeChildrenChanged')
  }

  writeNode(path: string, data: string | object): void {
    this.#existing(path).data = typeof data === 'string' ? data : JSON.stringify(data)
    this.#fire(`data ${path}`, 'NodeDataChanged')
  }

  /** The watches that are set, sorted: `children /room`, `data /room/member-…`. */
  watches(): string[] {
    return [...this.#watches].flatMap(([key, callbacks]) => [...callbacks].map(() => key)).sort()
  }

  #enter(state: SessionState, reason: string | null = null): void {
    this.state = state
    for (const listener of this.#listeners) listener({ state, reason })
  }

  async #call<T>(op: Operation, path: string, execute: () => T, watched = false): Promise<T> {
    this.calls.push(`${op} ${path}${watched ? ' watch' : ''}`)
    const isRead = op === 'getData' || op === 'getChildren'
    if (isRead) this.#readsInFlight += 1
    this.mostReadsInFlight = Math.max(this.mostReadsInFlight, this.#readsInFlight)
    try {
      await this.#linkUp
      const fault = this.faults.find((next) => next.op === op && (next.path ?? path) === path)
      if (!fault) return execute()
      this.faults.splice(this.faults.indexOf(fault), 1)
      fault.before?.()
      if (!fault.error) return execute()
      if (fault.executed) execute()
      throw fault.error
    } finally {
      if (isRead) this.#readsInFlight -= 1
    }
  }

  #existing(path: string): TreeNode {
    const node = this.nodes.get(path)
    if (!node) throw failure('NO_NODE')
    return node
  }

  #watch(key: string, callback: (type: string) => void): void {
    const callbacks = this.#watches.get(key) ?? new Set()
    this.#watches.set(key, callbacks.add(callback))
    this.mostWatches = Math.max(this.mostWatches, callbacks.size)
  }

  #fire(key: string, type: string): void {
    const callbacks = this.#watches.get(key) ?? []
    this.#watches.delete(key)
    for (const callback of callbacks) {
      if (this.state === 'CONNECTED') queueMicrotask(() => callback(type))
      else this.#missedEvents.push(() => callback(type))
    }
  }
}

export function failure(code: string, { retryable = false, outcome = 'not_executed' } = {}): Error {
  return Object.assign(new Error(`${code} for a test`), { code, retryable, outcome })
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}
