import type { Handle } from '../client/client.js'
import type { NodeOperations } from '../operations/operations.js'
import type { Acl, ErrorCode } from '../protocol.js'
import type { ZoogateError } from '../session/errors.js'
import { SLOW_DOWN_MS } from './timing.js'

/** The part of a client that the recipes need; the clients of all entries have it. */
export type RecipeClient = NodeOperations & Pick<Handle, 'on' | 'state' | 'session'>

/** For calls that wait while the session lives; a recipe's own limits end them earlier. */
export const PATIENT = { timeoutMs: Number.POSITIVE_INFINITY }

/** By the name: each CommonJS build has a class ZoogateError of its own, and the client's is not the recipes'. */
const isOurs = (error: unknown): error is ZoogateError => (error as Error | null)?.name === 'ZoogateError'

export const codeOf = (error: unknown): ErrorCode | null => (isOurs(error) ? error.code : null)

/** Whether the failed write may have been executed. */
export const isUnknown = (error: unknown): boolean => isOurs(error) && error.outcome === 'unknown'

/**
 * Waits until a failed call may be made again; throws the error when that would not help. A call that was lost with its
 * connection is made again at once, because it waits for the next connection anyway.
 */
export async function beforeAgain(error: unknown, until: AbortSignal): Promise<void> {
  until.throwIfAborted()
  switch (codeOf(error)) {
    case 'CONNECTION_LOSS':
      return
    case 'RATE_LIMITED':
    case 'THROTTLED':
      return pause(SLOW_DOWN_MS, until)
    default:
      throw error
  }
}

/** Repeats a call that may be executed twice until it is answered. Rejects with the reason of `until` when that aborts. */
export async function untilAnswered<T>(call: () => Promise<T>, until: AbortSignal): Promise<T> {
  for (;;) {
    until.throwIfAborted()
    try {
      return await call()
    } catch (error) {
      await beforeAgain(error, until)
    }
  }
}

/** Calls the listener when the signal aborts, and now if it has aborted already. */
export function onAbort(signal: AbortSignal, listener: () => void, until?: AbortSignal): void {
  signal.addEventListener('abort', listener, { ...(until && { signal: until }) })
  if (signal.aborted) listener()
}

/** Resolves after `ms` milliseconds; rejects with the reason of `until` when that aborts first. */
export function pause(ms: number, until: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const untilOnAbort = () => {
      clearTimeout(timer)
      reject(until.reason)
    }
    const timer = setTimeout(() => {
      until.removeEventListener('abort', untilOnAbort)
      resolve()
    }, ms)
    until.addEventListener('abort', untilOnAbort)
    if (until.aborted) untilOnAbort()
  })
}

/** The largest version number: no node reaches it. */
const NO_VERSION = 2 ** 31 - 1

/** A write with the given options. */
export type Attempt = (options: { version: number; timeoutMs: number }) => Promise<unknown>

/**
 * Asks the quorum whether a node exists. A read asks one server, which may be cut off from the others and out of date. So
 * the probe is a write that cannot succeed, on a version that no node has. It runs after every earlier write of the
 * session, so that later reads see the effects of these writes.
 *
 * @param attempt a deletion or a change of the node: an operation that the page has a right to
 */
export async function probe(attempt: Attempt): Promise<boolean> {
  try {
    await attempt({ ...PATIENT, version: NO_VERSION })
    return false
  } catch (error) {
    const code = codeOf(error)
    if (code === 'BAD_VERSION') return true
    if (code === 'NO_NODE') return false
    throw error
  }
}

/**
 * All clients may create nodes below it, whatever the gateway's default ACL is. `delete` covers the nodes below: ZooKeeper
 * checks it on the parent.
 */
const SHARED: Acl[] = [{ scheme: 'world', id: 'anyone', permissions: ['read', 'create', 'delete'] }]

/** Creates an empty persistent node and its missing parents. A node that exists stays unchanged. */
export async function ensurePath(zk: RecipeClient, path: string, until: AbortSignal): Promise<void> {
  if (await make(zk, path, until)) return
  await ensurePath(zk, path.slice(0, path.lastIndexOf('/')), until)
  await ensurePath(zk, path, until)
}

/** False when the parent is missing. From the bottom up, so that rights are needed only for the missing nodes. */
async function make(zk: RecipeClient, path: string, until: AbortSignal): Promise<boolean> {
  try {
    await untilAnswered(() => zk.create(path, '', { ...PATIENT, acl: SHARED, signal: until }), until)
    return true
  } catch (error) {
    const code = codeOf(error)
    if (code === 'NODE_EXISTS') return true
    if (code === 'NO_NODE' && path.lastIndexOf('/') > 0) return false
    throw error
  }
}
