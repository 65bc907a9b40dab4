import {
  type Acl,
  type Call,
  type CreateMode,
  type ErrorCode,
  type ErrorReply,
  type MultiPart,
  type NodeData,
  type Operation,
  RETRYABLE_IN_PAGES,
  type Reply,
  type Results,
  type ViewDepth,
  type ViewPoint,
  type WireError,
} from '../protocol.js'
import { type ErrorDetails, ZoogateError } from './errors.js'
import type { Settings } from './options.js'
import { createPending, type Limits, type Pending } from './pending.js'
import type { Watcher, Watches, WatchList } from './watcher.js'

/** Fields of all operations, beside the path. An operation takes the fields that its wire type names. */
export interface CallOptions extends Limits {
  acl?: Acl[] | undefined
  /** Of openView: whether the view comes with the nodes' data. */
  data?: NodeData | boolean | undefined
  depth?: ViewDepth
  mode?: CreateMode | undefined
  parts?: MultiPart[]
  recursive?: boolean | undefined
  since?: ViewPoint | undefined
  ttlMs?: number | undefined
  version?: number | undefined
  view?: number
  watch?: Watcher | undefined
}

/** Makes a call, with a path where the operation takes one; `read` turns the wire's result into the caller's. */
export type MakeCall = <O extends Operation, T>(
  op: O,
  path: string | undefined,
  options: CallOptions | undefined,
  read: (result: Results[O]) => T,
) => Promise<T>

/** Sends a call; false when it is larger than the gateway reads. */
export type Send = (call: Call) => boolean

/** Operations that change a node. Only these can have the outcome `unknown`: a read does no harm when it is repeated. */
const WRITES = /^(create|delete|set|multi)/

/** Where ZooKeeper keeps the watch that this answer has set. */
const listFor = (result: Results['exists' | 'getData' | 'getChildren']): WatchList =>
  'children' in result ? 'child' : result.stat ? 'data' : 'exist'

interface Entry extends Pick<Pending<unknown>, 'settle'> {
  /** JSON leaves out its undefined fields. */
  readonly call: Call
  readonly read: (result: never) => unknown
  isSent: boolean
}

/** The calls of one session that are not answered yet, in their order. Each is sent at most once and ends once. */
export interface Calls {
  /** Its `read` runs before any later message is handled. */
  make: MakeCall
  /** The session is attached: sends the waiting calls, then each new call as it is made. */
  flow(send: Send): void
  /** The link broke: calls that were sent fail, and new calls wait. */
  interrupt(message: string): void
  failAll(code: ErrorCode, message: string): void
  /** The answer to a call that has ended already is dropped. */
  answer(message: Reply | ErrorReply): void
}

export function createCalls({ maxQueuedCalls, requestTimeoutMs }: Settings, watches: Watches): Calls {
  const entries = new Map<number, Entry>()
  /** Null while calls wait. */
  let send: Send | null = null
  let lastId = 0
  /** Ends a call with an error, unless it has ended already. `received`: the error that the gateway sent. */
  function fail(entry: Entry, code: ErrorCode, message: string, received?: WireError): void {
    const { op, path, id } = entry.call as { op: Operation; path?: string; id: number }
    if (!entries.delete(id)) return
    const isWrite = WRITES.test(op)
    const details: ErrorDetails = {
      path,
      outcome: isWrite && entry.isSent ? 'unknown' : 'not_executed',
      retryable: RETRYABLE_IN_PAGES.includes(code),
      ...received,
    }
    if (isWrite && details.outcome === 'unknown') details.retryable = false
    entry.settle(new ZoogateError(code, received ? message : `${op}(${path ?? ''}): ${message}`, details))
  }
  function transmit(entry: Entry): void {
    entry.isSent = !!send?.(entry.call)
    if (send && !entry.isSent) fail(entry, 'TOO_LARGE', 'send less')
  }
  const failAll = (code: ErrorCode, message: string) => {
    entries.forEach((entry) => {
      fail(entry, code, message)
    })
  }
  return {
    make(op, path, options = {}, read) {
      const { signal, timeoutMs = requestTimeoutMs, watch, ...fields } = options
      const id = ++lastId
      const call = { ...fields, op, path, watch: watch && true, type: 'call', id } as unknown as Call
      const { promise, settle, start } = createPending<ReturnType<typeof read>>(
        { signal, timeoutMs },
        (...hit) => fail(entry, ...hit),
      )
      const readAndHold = (result: Results[typeof op]) => {
        // Only reads of a node take a watch.
        if (watch) watches.hold(listFor(result as Results['exists']), path!, watch)
        return read(result)
      }
      const entry = { call, isSent: false, settle, read: readAndHold } as Entry
      entries.set(id, entry)
      start()
      if (!send && entries.size > maxQueuedCalls) fail(entry, 'RATE_LIMITED', 'raise maxQueuedCalls')
      if (entries.has(id)) transmit(entry)
      return promise
    },
    flow(by) {
      send = by
      entries.forEach(transmit)
    },
    interrupt(message) {
      send = null
      failAll('CONNECTION_LOSS', message)
    },
    failAll,
    answer(message) {
      const entry = entries.get(message.id)
      if (!entry) return
      if (message.type === 'error') fail(entry, message.error.code, message.error.message, message.error)
      else {
        // A result that cannot be read ends the connection; the call is still here then, and fails with it.
        entry.settle(null, entry.read(message.result as never))
        entries.delete(message.id)
      }
    },
  }
}
