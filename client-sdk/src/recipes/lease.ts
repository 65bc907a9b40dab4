import { ZoogateError } from '../session/errors.js'
import type { Clock, Moment } from './clock.js'
import { beforeAgain } from './patience.js'

/**
 * For how much of the session timeout a proof is good. The session lives at least for its timeout after the leader has
 * heard of it, but the leader hears from the other servers only now and then: half a tick late, where a timeout is
 * two ticks or more, and of the page's last sign before this one, a quarter of the timeout older. A third is above both.
 */
const GOOD_FOR = 2 / 3
/** When the next proof is asked for, as a share of the session timeout: a link may be away for longer than that. */
const RENEWED_AFTER = 1 / 4

/** What a lease needs of the world. */
export interface LeaseBasis {
  /** Asks the quorum whether the node is there. */
  prove(signal: AbortSignal): Promise<boolean>
  /** The session timeout of the moment, in milliseconds. */
  timeoutMs(): number
  /** Aborted, with a reason, when the session has ended. */
  session: AbortSignal
  clock: Clock
  /** The node's path, for the errors. */
  path: string
}

/** The certainty that a node is there, and so are its rights. */
export interface Lease {
  /** Aborted once, with a ZoogateError, when the certainty is lost. Not by `end`. */
  readonly lost: AbortSignal
  /** Compares with the clock, so that it is right even before a late timer has run. */
  isGood(): boolean
  /** Makes sure of the node now, because something has happened to it. */
  doubt(): void
  /** Nobody needs it any more. */
  end(): void
}

type State = 'good' | 'lost' | 'ended'

/**
 * Gives a lease once the node is proven to be there.
 *
 * The proof is a write, which only a quorum answers: a server that is cut off from the others goes on answering reads
 * while they let the session expire. The time counts from when it was asked for, not from when the answer came.
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

  /** Gives when it was asked for. Asks again as long as an answer comes too late to be worth anything. */
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
  new ZoogateError('NO_NODE', `${path} is gone: somebody has deleted it. Queue up again`, { path })

const unheard = (path: string, ms: number) =>
  new ZoogateError(
    'CONNECTION_LOSS',
    `nothing was heard of ${path} for ${Math.round(ms)} ms: somebody else may hold it soon. Queue up again`,
    { path, retryable: true },
  )
