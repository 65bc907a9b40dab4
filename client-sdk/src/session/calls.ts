import type {
  Acl,
  Call,
  CreateMode,
  ErrorCode,
  ErrorReply,
  MultiPart,
  NodeData,
  Operation,
  Reply,
  Results,
  ViewDepth,
  ViewPoint,
} from '../protocol.js'
import { ZoogateError } from './errors.js'
import { createPending, type Limits, type Pending } from './pending.js'
import type { Watcher } from './watcher.js'

/** Fields of all operations, beside the path. An operation takes the fields that its wire type names. */
export interface CallOptions extends Limits {
  acl?: Acl[] | undefined
  /** Of openView: whether the nodes' data is wanted. */
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

/** Operations that change a node: after these, "sent but not answered" means "may have happened". */
const WRITES = /^(create|delete|set|multi)/

/** Failures after which the same call may well succeed. */
const PASSING: readonly ErrorCode[] = ['CONNECTION_LOSS', 'SESSION_EXPIRED', 'RATE_LIMITED', 'TIMED_OUT']

/** A call without its id, and with whatever else the operation takes; JSON leaves out the fields that are undefined. */
export interface Request<O extends Operation> {
  op: O
  path: string | undefined
  watch?: boolean | undefined
}

interface Entry extends Pick<Pending<unknown>, 'settle'> {
  readonly call: Call
  readonly read: (result: never) => unknown
  isSent: boolean
}

/** The calls of one session that have no answer yet, in their order. Each is sent at most once and ends once. */
export interface Calls {
  /** `read` turns the wire's result into the caller's; it runs before anything that arrived later is looked at. */
  make<O extends Operation, T>(
    request: Request<O>,
    limits: Limits,
    read: (result: Results[O]) => T,
  ): Promise<T>
  /** The session is attached: sends what waits, then everything as it is made. */
  flow(send: Send): void
  /** The link broke: what was sent fails, and what comes now waits. */
  interrupt(message: string): void
  failAll(code: ErrorCode, message: string): void
  /** An answer to a call that has ended meanwhile is dropped. */
  answer(message: Reply | ErrorReply): void
}

export function createCalls(maxQueued: number): Calls {
  const entries = new Map<number, Entry>()
  /** Null while calls wait. */
  let send: Send | null = null
  let lastId = 0

  function fail(entry: Entry, code: ErrorCode, message: string): void {
    const { op, path, id } = entry.call as Request<Operation> & Pick<Call, 'id'>
    if (!entries.delete(id)) return
    const isUnknown = entry.isSent && WRITES.test(op)
    entry.settle(
      new ZoogateError(code, `${op}(${path ?? ''}): ${message}`, {
        path,
        outcome: isUnknown ? 'unknown' : 'not_executed',
        retryable: !isUnknown && PASSING.includes(code),
      }),
    )
  }
  function transmit(entry: Entry): void {
    entry.isSent = !!send?.(entry.call)
    if (send && !entry.isSent) fail(entry, 'TOO_LARGE', 'send less')
  }
  const failAll = (code: ErrorCode, message: string) => {
    for (const entry of entries.values()) fail(entry, code, message)
  }
  return {
    make<O extends Operation, T>(request: Request<O>, limits: Limits, read: (result: Results[O]) => T) {
      const id = ++lastId
      const call = { ...request, type: 'call', id } as unknown as Call
      const { promise, settle, start } = createPending<T>(limits, (...hit) => fail(entry, ...hit))
      const entry: Entry = { call, settle: settle as Entry['settle'], read, isSent: false }
      entries.set(id, entry)
      start()
      if (!send && entries.size > maxQueued) fail(entry, 'RATE_LIMITED', 'maxQueuedCalls wait already')
      if (entries.has(id)) transmit(entry)
      return promise
    },
    flow(by) {
      send = by
      entries.forEach(transmit)
    },
    interrupt(message) {
      if (send) failAll('CONNECTION_LOSS', message)
      send = null
    },
    failAll,
    answer(message) {
      const entry = entries.get(message.id)
      entries.delete(message.id)
      if (message.type === 'reply') entry?.settle(null, entry.read(message.result as never))
      else entry?.settle(new ZoogateError(message.error.code, message.error.message, message.error))
    },
  }
}
