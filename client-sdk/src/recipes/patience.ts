import type { ErrorCode } from '../protocol.js'
import { ZoogateError } from '../session/errors.js'

/** For calls that wait as long as the session lives: a recipe's own limits end them earlier. */
export const PATIENT = { timeoutMs: Number.POSITIVE_INFINITY }

/** After the gateway or the ensemble has asked to slow down: limits of rate are counted by the second. */
const SLOW_DOWN_MS = 1_000

export const codeOf = (error: unknown): ErrorCode | null =>
  error instanceof ZoogateError ? error.code : null

/** Whether a write that failed so may have happened. */
export const isUnknown = (error: unknown): boolean =>
  error instanceof ZoogateError && error.outcome === 'unknown'

/**
 * Waits until a call that failed may be made again; throws the error where that would not help. A call that was lost
 * with its link is made again at once, for it waits for the next link anyway.
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

/** Makes a call that may be made twice until it is answered. Rejects with the reason of `until` when that is aborted. */
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

/** Resolves after that many milliseconds; rejects with the reason of `until` when that is aborted first. */
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
