import { ZoogateError } from '../session/errors.js'
import { beforeAgain } from './repeated-calls.js'
import { GOOD_FOR, RENEWED_AFTER } from './timing.js'

/** A moment on both of a page's clocks. */
export interface Moment {
  readonly wallMs: number
  readonly monotonicMs: number
}

/** The clock of a lease. */
export interface Clock {
  now(): Moment
  /** Milliseconds since then; never fewer than have passed. */
  since(moment: Moment): number
  /** Calls back once, not before `ms` milliseconds have passed; returns the cancellation. */
  after(ms: number, call: () => void): () => void
}

/**
 * The page's clocks. `performance.now()` stands still while some machines sleep, and `Date.now()` can be set back, so
 * that each alone could stretch a lease; the one that has moved further cannot.
 */
export const pageClock: Clock = {
  now: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
  since: ({ wallMs, monotonicMs }) => Math.max(Date.now() - wallMs, performance.now() - monotonicMs),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
}

/** The means of a lease. */
export interface LeaseBasis {
  /** Asks the quorum whether the node is there. */
  prove(signal: AbortSignal): Promise<boolean>
  /** The current session timeout, in milliseconds. */
  timeoutMs(): number
  /** Aborted, with a reason, when the session has ended. */
  session: AbortSignal
  clock: Clock
  /** The node's path, for the errors. */
  path: string
}

/** The certainty that a node exists, and so that its owner holds the lock. */
export interface Lease {
  /** Aborted once, with a ZoogateError, when the certainty is lost. Not by `end`. */
  readonly lost: AbortSignal
  /** Compares with the clock, so that it is right also before a late timer has run. */
  isGood(): boolean
  /** Requests a proof now, because the node has changed. */
  doubt(): void
  /** Ends the lease without a loss. */
  end(): void
}

type State = 'good' | 'lost' | 'ended'

/**
 * Gives a lease once the node is proven to be there.
 *
 * The proof is a write, which only a quorum answers: a server that is cut off from the others goes on answering reads
 * while they let the session expire. The time counts from the request, not from the answer.
 * Each answer sets the timers of the next round: background tabs throttle timers that timers set, not these.
 *
 * @param waiting ends the waiting for the first proof
 * @throws NO_NODE when the node is not there
 */
export async function openLease(basis: LeaseBasis, waiting: AbortSignal): Promise<Lease> {
  const { clock, session, path } = basis
  const losing = new AbortController()
  const ending = new AbortController()
  let state: State = 'good'
  let provenAt = await prove(waiting)
  let goodForMs = basis.timeoutMs() * GOOD_FOR
  let stopEnd = () => {}
  let stopRenewal = () => {}

  /** Gives the moment of the request. Repeats it while the answer comes too late to be useful. */
  async function prove(until: AbortSignal): Promise<Moment> {
    for (;;) {
      until.throwIfAborted()
      const askedAt = clock.now()
      try {
        if (!(await basis.prove(until))) throw gone(path)
        if (clock.since(askedAt) < basis.timeoutMs() * GOOD_FOR) return askedAt
      } catch (error) {
        await beforeAgain(error, until)
      }
    }
  }
  function enter(next: 'lost' | 'ended', reason?: unknown): void {
    if (state !== 'good') return
    state = next
    stopEnd()
    stopRenewal()
    session.removeEventListener('abort', sessionOnAbort)
    ending.abort()
    if (next === 'lost') losing.abort(reason)
  }
  const sessionOnAbort = () => enter('lost', session.reason)

  function isGood(): boolean {
    if (state === 'good' && clock.since(provenAt) >= goodForMs) enter('lost', unheard(path, goodForMs))
    return state === 'good'
  }
  function scheduleEnd(): void {
    stopEnd = clock.after(goodForMs - clock.since(provenAt), () => isGood() && scheduleEnd())
  }
  function schedule(): void {
    stopEnd()
    scheduleEnd()
    stopRenewal()
    stopRenewal = clock.after(basis.timeoutMs() * RENEWED_AFTER - clock.since(provenAt), renew)
  }
  function renew(): void {
    prove(ending.signal).then(
      (askedAt) => {
        if (!isGood()) return
        provenAt = askedAt
        goodForMs = basis.timeoutMs() * GOOD_FOR
        schedule()
      },
      (error) => enter('lost', error),
    )
  }

  session.addEventListener('abort', sessionOnAbort)
  if (session.aborted) sessionOnAbort()
  else schedule()
  return { lost: losing.signal, isGood, doubt: renew, end: () => enter('ended') }
}

export const gone = (path: string) =>
  new ZoogateError('NO_NODE', `${path} is gone: another client has deleted it. Queue up again`, { path })

const unheard = (path: string, ms: number) =>
  new ZoogateError(
    'CONNECTION_LOSS',
    `the ensemble has not confirmed ${path} for ${Math.round(ms)} ms: another client may hold it soon. Queue up again`,
    { path, retryable: true },
  )
