import { ZoogateError } from '../session/errors.js'
import type { RecipeClient } from './client.js'
import { type Contender, createContender } from './contender.js'
import type { Held } from './held.js'
import type { Freshness } from './live.js'
import { codeOf } from './patience.js'
import type { PlaceOptions } from './place.js'

/** Before standing again after somebody else has deleted the node: who does that once may do it all the time. */
const STAND_AGAIN_MS = 1_000

/** Whether this page leads, as a snapshot shows it. */
export interface Leadership {
  /** True while this candidate leads, for certain: from its election until it has resigned, or may be deposed. */
  readonly isLeader: boolean
  /** While this candidate leads: a number larger than that of every leader before, to go with everything it writes. */
  readonly fencingToken: bigint | null
  /** While this candidate leads: aborted, with a ZoogateError as its reason, when it is deposed or may be. */
  readonly signal: AbortSignal | null
}

/** `waiting`: for a session, or for the time to stand again. `refused`: it would stand if it might. */
type State =
  | { name: 'observing' | 'closed' }
  | { name: 'waiting'; timer?: ReturnType<typeof setTimeout> | undefined }
  | { name: 'standing'; contender: Contender }
  | { name: 'leading'; contender: Contender; held: Held }
  | { name: 'refused'; error: ZoogateError }

const NOT_LEADING: Leadership = { isLeader: false, fencingToken: null, signal: null }

/** One page's part in an election: whether it stands, over all its sessions. */
export interface Candidacy {
  /** By the clock of this moment. */
  leads(): boolean
  /** Why it may not stand, though it would. */
  refusal(): ZoogateError | null
  campaign(): void
  /** Resolves when no node is left behind. */
  resign(): Promise<void>
  /** Resigns for good. */
  close(): Promise<void>
}

/** @param tell hears what becomes of it, as a part of the election's snapshot */
export function createCandidacy(
  zk: RecipeClient,
  options: PlaceOptions,
  tell: (change: Partial<Leadership & Freshness>) => void,
): Candidacy {
  const { path } = options
  let state: State = { name: 'observing' }
  /** Settles when no node that it has stood with is left. */
  let resigned: Promise<void> = Promise.resolve()

  /** The one way to another state; nothing comes after `closed`. */
  function enter(next: State): void {
    if (state.name === 'closed') return
    if (state.name === 'waiting') clearTimeout(state.timer)
    state = next
  }
  const hasSession = () => zk.state === 'CONNECTING' || zk.state === 'CONNECTED'
  function stand(): void {
    const contender = createContender(zk, options)
    enter({ name: 'standing', contender })
    const deposed = (error: unknown) => {
      if (!('contender' in state) || state.contender !== contender) return
      tell(NOT_LEADING)
      standAgain(error)
    }
    contender.held.then((held) => {
      // Who has resigned meanwhile releases what comes of it.
      if (state.name !== 'standing' || state.contender !== contender) return
      enter({ name: 'leading', contender, held })
      const { fencingToken, signal } = held
      tell({ isLeader: true, fencingToken, signal })
      const signalOnAbort = () => deposed(signal.reason)
      signal.addEventListener('abort', signalOnAbort)
      if (signal.aborted) signalOnAbort()
    }, deposed)
  }
  function standAgain(error: unknown): void {
    const code = codeOf(error)
    if (!hasSession()) enter({ name: 'waiting' })
    else if (code === 'CONNECTION_LOSS' || code === 'SESSION_EXPIRED') stand()
    else if (code === 'NO_NODE') enter({ name: 'waiting', timer: setTimeout(stand, STAND_AGAIN_MS) })
    else {
      enter({ name: 'refused', error: error as ZoogateError })
      tell({ error: error as ZoogateError })
    }
  }
  function resign(): Promise<void> {
    if ('contender' in state) {
      resigned = state.contender.withdraw(new ZoogateError('ABORTED', `election ${path}: resigned`, { path }))
    }
    enter({ name: 'observing' })
    tell(NOT_LEADING)
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
      tell({ error: null })
      if (hasSession()) stand()
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
