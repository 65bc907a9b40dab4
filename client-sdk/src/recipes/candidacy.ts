import { ZoogateError } from '../session/errors.js'
import { type Contender, createContender } from './contender.js'
import type { Held } from './held.js'
import type { QueueOptions } from './queue.js'
import type { Freshness } from './recipe-store.js'
import { codeOf, onAbort, type RecipeClient } from './repeated-calls.js'
import { STAND_AGAIN_MS } from './timing.js'

/** Whether this page leads, in a snapshot. */
export interface Leadership {
  /** True while this candidate certainly leads: from its election until it resigns, or may have been deposed. */
  readonly isLeader: boolean
  /** While this candidate leads: a number larger than each earlier leader's, to be sent along with each write. */
  readonly fencingToken: bigint | null
  /** While this candidate leads: aborted, with a ZoogateError as the reason, when it is or may have been deposed. */
  readonly signal: AbortSignal | null
}

/** `waiting`: for a session, or for the time to stand again. `refused`: the gateway or the ensemble forbids it. */
type State =
  | { name: 'observing' | 'closed' }
  | { name: 'waiting'; timer?: ReturnType<typeof setTimeout> | undefined }
  | { name: 'standing'; contender: Contender }
  | { name: 'leading'; contender: Contender; held: Held }
  | { name: 'refused'; error: ZoogateError }

const NOT_LEADING: Leadership = { isLeader: false, fencingToken: null, signal: null }

/** One page's part in an election, over all its sessions. */
export interface Candidacy {
  /** By the clock of this moment. */
  leads(): boolean
  /** The error that keeps it from standing; null without one. */
  refusal(): ZoogateError | null
  campaign(): void
  /** Resolves when its node is deleted. */
  resign(): Promise<void>
  /** Resigns for good. */
  close(): Promise<void>
}

/** @param change is called with the changed part of the election's snapshot */
export function createCandidacy(
  zk: RecipeClient,
  options: QueueOptions,
  change: (change: Partial<Leadership & Freshness>) => void,
): Candidacy {
  let state: State = { name: 'observing' }
  /** Settles when the node of the last candidacy is deleted. */
  let resigned: Promise<void> = Promise.resolve()

  /** The one way to another state; nothing comes after `closed`. */
  function enter(next: State): void {
    if (state.name === 'closed') return
    if (state.name === 'waiting') clearTimeout(state.timer)
    state = next
  }
  function stand(): void {
    const contender = createContender(zk, options)
    enter({ name: 'standing', contender })
    const deposed = (error: unknown) => {
      if (contenderOf(state) !== contender) return
      change(NOT_LEADING)
      standAgain(error)
    }
    contender.held.then((held) => {
      // After resign(): withdraw() releases what is held.
      if (state.name !== 'standing' || state.contender !== contender) return
      enter({ name: 'leading', contender, held })
      const { fencingToken, signal } = held
      change({ isLeader: true, fencingToken, signal })
      onAbort(signal, () => deposed(signal.reason))
    }, deposed)
  }
  function standAgain(error: unknown): void {
    const code = codeOf(error)
    if (!hasSession(zk)) enter({ name: 'waiting' })
    else if (code === 'CONNECTION_LOSS' || code === 'SESSION_EXPIRED') stand()
    else if (code === 'NO_NODE') enter({ name: 'waiting', timer: setTimeout(stand, STAND_AGAIN_MS) })
    else {
      enter({ name: 'refused', error: error as ZoogateError })
      change({ error: error as ZoogateError })
    }
  }
  function resign(): Promise<void> {
    resigned = contenderOf(state)?.withdraw(resignation(options.path)) ?? resigned
    enter({ name: 'observing' })
    change(NOT_LEADING)
    return resigned
  }
  const stopListening = zk.on('state', ({ state: now }) => {
    if (state.name === 'waiting' && now !== 'CLOSED') stand()
  })

  return {
    leads: () => state.name === 'leading' && state.held.isHeld,
    refusal: () => (state.name === 'refused' ? state.error : null),
    campaign() {
      if (state.name !== 'observing' && state.name !== 'refused') return
      change({ error: null })
      if (hasSession(zk)) stand()
      else enter({ name: 'waiting' })
    },
    resign,
    close() {
      stopListening()
      resign()
      enter({ name: 'closed' })
      return resigned
    },
  }
}

/** Null while the page does not stand. By the state's name: the build shortens `contender`, but no property in quotes. */
const contenderOf = (state: State): Contender | null =>
  state.name === 'standing' || state.name === 'leading' ? state.contender : null

const hasSession = ({ state }: RecipeClient) => state === 'CONNECTING' || state === 'CONNECTED'

const resignation = (path: string) => new ZoogateError('ABORTED', `election ${path}: resigned`, { path })
