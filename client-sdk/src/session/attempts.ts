import type { Dialer } from './dialer.js'
import { ZoogateError } from './errors.js'
import type { Resume } from './resume.js'
import { AUTH_FAILED, type End, TAKEN_OVER } from './verdict.js'

/** Attempts to connect: a wait, a claim on the session and a token each. One attempt at a time. */
export interface Attempts {
  /** Begins an attempt after the backoff; it replaces an attempt that is under way. */
  again(atLeastMs?: number): void
  /** Begins an attempt now, and the backoff anew. */
  atOnce(): void
  stop(): void
}

/** `onToken`: the attempt succeeded. `onFailure`: no other attempt can. */
export function createAttempts(
  { settings, backoff, askToken }: Dialer,
  resume: Resume,
  onToken: (token: string) => void,
  onFailure: (end: End, message: string) => void,
): Attempts {
  let timer: ReturnType<typeof setTimeout> | undefined
  let attempt = new AbortController()

  const stop = () => {
    attempt.abort()
    clearTimeout(timer)
  }
  const begin = (delayMs: number) => {
    stop()
    attempt = new AbortController()
    timer = setTimeout(run, delayMs, attempt.signal)
  }
  const again = (atLeastMs = 0) => begin(atLeastMs + backoff.waitMs())

  async function run(signal: AbortSignal): Promise<void> {
    timer = setTimeout(again, settings.requestTimeoutMs)
    try {
      const token = (await resume.claim()) && (await askToken(signal))
      if (signal.aborted) return
      clearTimeout(timer)
      if (token) onToken(token)
      else onFailure(TAKEN_OVER, 'resumed in another tab')
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ZoogateError && error.code === AUTH_FAILED[1])
        onFailure(AUTH_FAILED, error.message)
      else again()
    }
  }
  return {
    again,
    atOnce() {
      backoff.reset()
      begin(0)
    },
    stop,
  }
}
