import type { ErrorCode } from '../protocol.js'
import type { ZoogateError } from '../session/errors.js'
import { codeOf, type RecipeClient, untilAnswered } from './repeated-calls.js'

/** Whether a snapshot is up to date. */
export interface Freshness {
  /** True while the snapshot may be out of date: before the first answer, and without a connection. */
  readonly stale: boolean
  /** Why the nodes cannot be read or written, such as FORBIDDEN or NO_AUTH; else null. The next connection tries again. */
  readonly error: ZoogateError | null
}

/** A store for `useSyncExternalStore` and the like. A snapshot is frozen, and the same object until it changes. */
export interface RecipeStore<Snapshot> {
  getSnapshot(): Snapshot
  /** The initial snapshot, which a server renders. */
  getServerSnapshot(): Snapshot
  /** Returns the unsubscribe. */
  subscribe(listener: () => void): () => void
}

export interface ChangingRecipeStore<Snapshot> extends RecipeStore<Snapshot> {
  change(change: Partial<Snapshot>): void
  /** Ends the reading; the snapshot does not change any more. */
  close(): void
}

/** `behind`: a watch has fired while it was reading. */
type State = 'idle' | 'looking' | 'behind' | 'closed'

/** The end of a connection or a session: the next CONNECTED reads again. */
const PASSING: readonly ErrorCode[] = [
  'CONNECTION_LOSS',
  'SESSION_EXPIRED',
  'SESSION_CLOSED',
  'SESSION_MOVED',
]

/**
 * Keeps a snapshot of the results of `look`. It is called now, after a watch of it has fired, and at each connection. It
 * sets its watches with `fired`, always the same function, so that a watch that is set twice fires once.
 */
export function createRecipeStore<Snapshot extends Freshness>(
  zk: RecipeClient,
  unknown: Snapshot,
  look: (fired: () => void) => Promise<Partial<Snapshot>>,
): ChangingRecipeStore<Snapshot> {
  const changes = new EventTarget()
  const closing = new AbortController()
  const before = Object.freeze({ ...unknown })
  let snapshot = before
  let state: State = 'idle'

  function change(change: Partial<Snapshot> | Partial<Freshness>): void {
    const next = { ...snapshot, ...change }
    const keys = Object.keys(change) as (keyof Snapshot)[]
    if (state === 'closed' || keys.every((key) => next[key] === snapshot[key])) return
    snapshot = Object.freeze(next)
    changes.dispatchEvent(new Event('change'))
  }
  /** False when it is closed, and when a watch has fired meanwhile. */
  function enter(next: 'idle' | 'looking'): boolean {
    if (state === 'closed' || (state === 'behind' && next === 'idle')) return false
    state = next
    return true
  }
  function fired(): void {
    if (state === 'idle') void refresh()
    else if (state === 'looking') state = 'behind'
  }
  async function refresh(): Promise<void> {
    do {
      if (!enter('looking')) return
      await showWhatIsThere()
    } while (!enter('idle'))
  }
  async function showWhatIsThere(): Promise<void> {
    try {
      const found = await untilAnswered(() => look(fired), closing.signal)
      change({ error: null, ...found, stale: zk.state !== 'CONNECTED' })
    } catch (error) {
      const code = codeOf(error)
      if (closing.signal.aborted || (code && PASSING.includes(code))) return
      change({ stale: true, error: error as ZoogateError })
    }
  }

  const stateOnChange = () => (zk.state === 'CONNECTED' ? fired() : change({ stale: true }))
  zk.on('state', stateOnChange, { signal: closing.signal })
  if (zk.state === 'CONNECTED') fired()

  return {
    getSnapshot: () => snapshot,
    getServerSnapshot: () => before,
    subscribe(listener) {
      // A new function, so that a listener that was added twice is removed separately.
      const changesOnChange = () => listener()
      changes.addEventListener('change', changesOnChange)
      return () => changes.removeEventListener('change', changesOnChange)
    },
    change,
    close() {
      state = 'closed'
      closing.abort()
    },
  }
}
