import type { DataInput } from '../operations/node-data.js'
import { ZoogateError } from '../session/errors.js'
import type { Limits } from '../session/pending.js'
import { LONGEST_TIMER_MS } from '../session/timing.js'
import { createContender } from './contender.js'
import type { Held } from './held.js'
import type { QueueLayout } from './queue.js'
import type { RecipeClient } from './repeated-calls.js'

export interface LockOptions {
  /**
   * The data of the own node, for people who inspect the queue: kazoo's identifier.
   * @default ''
   */
  data?: DataInput
  /**
   * How the own node is named.
   * @default 'kazoo'
   */
  layout?: QueueLayout
}

/** ZooKeeper's lock recipe: contenders queue up under a path, and each waits for the one before it. */
export interface Lock {
  /**
   * Queues up, and resolves when the lock is held. Not re-entrant: every call is another contender. Waits over lost
   * connections, and over an expiry if the client renews: then at the end of the queue. Missing parents are created.
   *
   * The limits end the waiting with ABORTED or TIMED_OUT; then the own node is deleted, as soon as there is a connection.
   * Rejects also when the client is CLOSED (SESSION_CLOSED), when the access rules or an ACL forbid it (FORBIDDEN,
   * NO_AUTH) and when another client deletes the own node (NO_NODE).
   */
  acquire(limits?: Limits): Promise<Held>
}

/** Makes a lock that this page shares with all clients of the path, also with kazoo and Curator. */
export function createLock(zk: RecipeClient, path: string, options: LockOptions = {}): Lock {
  const settings = { data: '', layout: 'kazoo', ...options, path } as const
  return {
    async acquire({ signal, timeoutMs } = {}) {
      const refusal = (code: 'ABORTED' | 'TIMED_OUT', message: string) =>
        new ZoogateError(code, `lock ${path}: ${message}`, { path, retryable: code === 'TIMED_OUT' })
      if (signal?.aborted) throw refusal('ABORTED', 'aborted before it was asked for')
      const contender = createContender(zk, settings)
      // The caller has stopped waiting: an error of the deletion changes nothing, and the session's end deletes the node.
      const giveUp = (reason: ZoogateError) => void contender.withdraw(reason).catch(() => undefined)
      const signalOnAbort = () => giveUp(refusal('ABORTED', 'aborted'))
      const timer =
        timeoutMs !== undefined && timeoutMs <= LONGEST_TIMER_MS
          ? setTimeout(() => giveUp(refusal('TIMED_OUT', `not held within ${timeoutMs} ms`)), timeoutMs)
          : undefined
      signal?.addEventListener('abort', signalOnAbort)
      try {
        return await contender.held
      } finally {
        clearTimeout(timer)
        signal?.removeEventListener('abort', signalOnAbort)
      }
    },
  }
}
