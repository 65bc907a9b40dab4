import { ZoogateError } from '../session/errors.js'
import { type Held, holdNode } from './held.js'
import { createQueueNode, type QueueOptions } from './queue.js'
import { onAbort, type RecipeClient } from './repeated-calls.js'

/** Queues up, anew in each session, until it holds or is withdrawn. */
export interface Contender {
  /** Rejects when the access rules or an ACL forbid it, when the client is CLOSED, and by `withdraw`. */
  readonly held: Promise<Held>
  /**
   * `held` rejects with the reason, or what is held is released. Resolves when the node is deleted; rejects when it may
   * not be deleted.
   */
  withdraw(reason: ZoogateError): Promise<void>
}

export function createContender(zk: RecipeClient, options: QueueOptions): Contender {
  const wanting = new AbortController()
  /** Settles when the node of the last failed attempt is deleted. */
  let clearing: Promise<void> = Promise.resolve()

  async function queueUp(): Promise<Held> {
    for (;;) {
      wanting.signal.throwIfAborted()
      const term = createTerm(zk)
      try {
        return await attempt(term)
      } catch (error) {
        if (wanting.signal.aborted) throw wanting.signal.reason
        // After an expiry a client that renews has gone on to the next session by now.
        if (!term.signal.aborted || zk.state === 'CLOSED') throw error
      }
    }
  }
  async function attempt(term: Term): Promise<Held> {
    const place = createQueueNode(zk, options, term.signal)
    const leave = () => place.leave().finally(term.forget)
    const waiting = within(wanting.signal)
    const termOnAbort = () => waiting.abort(term.signal.reason)
    term.signal.addEventListener('abort', termOnAbort)
    try {
      const path = await place.turn(waiting.signal)
      return await holdNode(zk, { path, session: term.signal, leave }, waiting.signal)
    } catch (error) {
      clearing = leave()
      // Only withdraw() waits for it.
      clearing.catch(() => undefined)
      throw error
    } finally {
      term.signal.removeEventListener('abort', termOnAbort)
      waiting.abort()
    }
  }

  const held = queueUp()
  return {
    held,
    async withdraw(reason) {
      wanting.abort(reason)
      const holding = await held.catch(() => null)
      await (holding ? holding.release() : clearing)
    },
  }
}

/** The lifetime of a session, as a signal. */
interface Term {
  /** Aborted with a ZoogateError when the session has ended. */
  readonly signal: AbortSignal
  /** Stops listening. */
  forget(): void
}

/** The session that is open or being opened. It ends at CLOSED, which precedes every next session. */
function createTerm(zk: RecipeClient): Term {
  const ending = new AbortController()
  const forget = zk.on('state', ({ state, error }) => {
    if (state !== 'CLOSED') return
    forget()
    const message = error ? error.message : 'the session is closed'
    ending.abort(new ZoogateError(error?.code ?? 'SESSION_CLOSED', message, { cause: error }))
  })
  return { signal: ending.signal, forget }
}

/** A controller that is aborted with its parent. */
function within(parent: AbortSignal): AbortController {
  const child = new AbortController()
  // Until the child aborts, so that a long-lived parent does not collect listeners.
  onAbort(parent, () => child.abort(parent.reason), child.signal)
  return child
}
