import type { DataInput } from '../operations/node-data.js'
import { ZoogateError } from '../session/errors.js'
import type { Limits } from '../session/pending.js'
import type { RecipeClient } from './client.js'
import { createContender } from './contender.js'
import type { Held } from './held.js'
import type { QueueLayout } from './queue.js'

export interface LockOptions {
  /**
   * What the own node holds while it waits and while it holds, for people who look: kazoo's identifier.
   * @default ''
   */
  data?: DataInput
  /**
   * How the own node is named.
   * @default 'kazoo'
   */
  layout?: QueueLayout
}

/** ZooKeeper's lock recipe: everybody queues up under a path, and each waits for the one before. */
export interface Lock {
  /**
   * Queues up, and resolves when the lock is held. Not re-entrant: every call is another contender. Waits over lost
   * links, and over an expiry if the client renews, though at the end of the queue then. Missing parents are created.
   *
   * The limits end the waiting with ABORTED or TIMED_OUT; the own node is removed then, as soon as there is a connection.
   * Rejects as well when the client is CLOSED (SESSION_CLOSED), when it may not (FORBIDDEN, NO_AUTH) and when
   * somebody else deletes the own node (NO_NODE).
   */
  acquire(limits?: Limits): Promise<Held>
}

/** Makes a lock that this page shares with whoever else uses the path, also with kazoo and Curator. */
export function createLock(zk: RecipeClient, path: string, options: LockOptions = {}): Lock {
  const settings = { data: '', layout: 'kazoo', ...options, path } as const
  return {
    async acquire({ signal, timeoutMs } = {}) {
      const refusal = (code: 'ABORTED' | 'TIMED_OUT', message: string) =>
        new ZoogateError(code, `lock ${path}: ${message}`, { path, retryable: code === 'TIMED_OUT' })
      if (signal?.aborted) throw refusal('ABORTED', 'aborted before it was asked for')
      const contender = createContender(zk, settings)
      // An error of the removal changes nothing for who has stopped waiting; the session's end removes the node.
      const giveUp = (reason: ZoogateError) => void contender.withdraw(reason).catch(() => undefined)
      const signalOnAbort = () => giveUp(refusal('ABORTED', 'aborted'))
      const timer =
        timeoutMs !== undefined && timeoutMs < LONGEST_TIMER_MS
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

/** The longest delay that setTimeout takes; it runs longer ones at once. */
const LONGEST_TIMER_MS = 2 ** 31
