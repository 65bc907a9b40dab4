import { ZoogateError } from '../session/errors.js'
import type { RecipeClient } from './client.js'

/** The client's session for as long as it lasts, as a signal that is aborted at its end. */
export interface Term {
  /** Aborted with a ZoogateError when the session has ended. */
  readonly signal: AbortSignal
  /** Stops listening. */
  forget(): void
}

/** The session that is open, or being opened, now. It ends at CLOSED, which every other session comes after. */
export function createTerm(zk: RecipeClient): Term {
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
export function within(parent: AbortSignal): AbortController {
  const child = new AbortController()
  const parentOnAbort = () => child.abort(parent.reason)
  // Abandoned with the child, so that a long-lived parent does not collect them.
  parent.addEventListener('abort', parentOnAbort, { signal: child.signal })
  if (parent.aborted) parentOnAbort()
  return child
}
