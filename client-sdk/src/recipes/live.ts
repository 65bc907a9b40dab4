import type { ErrorCode } from '../protocol.js'
import type { ZoogateError } from '../session/errors.js'
import type { RecipeClient } from './client.js'
import { codeOf, untilAnswered } from './patience.js'

/** How much a snapshot is worth. */
export interface Freshness {
  /** True while nobody knows whether the rest still holds: before the first answer, and without a connection. */
  readonly stale: boolean
  /** Why nothing can be shown, or done, such as FORBIDDEN or NO_AUTH. Tried again at the next connection. */
  readonly error: ZoogateError | null
}

/** A store as `useSyncExternalStore` and its like take it. Snapshots are frozen, and the same until something changes. */
export interface RecipeStore<Snapshot> {
  getSnapshot(): Snapshot
  /** What a server renders: nothing known yet. */
  getServerSnapshot(): Snapshot
  /** Returns what ends it. */
  subscribe(listener: () => void): () => void
}

export interface Live<Snapshot> extends RecipeStore<Snapshot> {
  change(change: Partial<Snapshot>): void
  /** Looks no more, and tells nothing any more. */
  close(): void
}

/** `behind`: while it was looking something has happened. */
type State = 'idle' | 'looking' | 'behind' | 'closed'

/** Ends of a link or a session: the next CONNECTED looks again. */
const PASSING: readonly ErrorCode[] = [
  'CONNECTION_LOSS',
  'SESSION_EXPIRED',
  'SESSION_CLOSED',
  'SESSION_MOVED',
]

/**
 * Keeps a snapshot of what `look` finds: now, whenever a watch of it has fired, and at each connection. `look` sets its
 * watches with `fired`, always the same function, so that a watch that is set twice tells once.
 */
export function createLive<Snapshot extends Freshness>(
  zk: RecipeClient,
  unknown: Snapshot,
  look: (fired: () => void) => Promise<Partial<Snapshot>>,
): Live<Snapshot> {
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
  /** False when it is closed, or something has happened meanwhile. */
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

  zk.on(
    'state',
    ({ state }) => {
      if (state === 'CONNECTED') fired()
      else change({ stale: true })
    },
    { signal: closing.signal },
  )
  if (zk.state === 'CONNECTED') fired()

  return {
    getSnapshot: () => snapshot,
    getServerSnapshot: () => before,
    subscribe(listener) {
      // A function of its own, so that a listener that is given twice ends separately.
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
