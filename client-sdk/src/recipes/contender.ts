import type { ZoogateError } from '../session/errors.js'
import type { RecipeClient } from './client.js'
import { type Held, holdNode } from './held.js'
import { createPlace, type PlaceOptions } from './place.js'
import { createTerm, type Term, within } from './term.js'

/** Somebody who queues up to hold, anew in each session, from the beginning until it holds or stops wanting to. */
export interface Contender {
  /** Rejects when it may not, when the client is CLOSED, and by `withdraw`. */
  readonly held: Promise<Held>
  /**
   * Wants it no more: `held` rejects with the reason, or what it holds is released. Resolves when no node is left
   * behind; rejects when that may not be deleted.
   */
  withdraw(reason: ZoogateError): Promise<void>
}

export function createContender(zk: RecipeClient, options: PlaceOptions): Contender {
  const wanting = new AbortController()
  /** Of the newest attempt that has failed. */
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
    const place = createPlace(zk, options, term.signal)
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
