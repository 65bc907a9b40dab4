import type { DataInput } from '../operations/node-data.js'
import { createCandidacy, type Leadership } from './candidacy.js'
import type { RecipeClient } from './client.js'
import { findLeader, type Leader } from './leader.js'
import { createLive, type Freshness, type Live, type RecipeStore } from './live.js'
import type { QueueLayout } from './queue.js'

export interface ElectionOptions {
  /**
   * What everybody sees of this candidate when it leads, such as its name: the node's data.
   * @default ''
   */
  data?: DataInput
  /**
   * How this candidate's node is named.
   * @default 'kazoo'
   */
  layout?: QueueLayout
}

export type { Leader, Leadership }

export interface ElectionSnapshot extends Leadership, Freshness {
  /** Whom everybody sees to lead; null while there is nobody. */
  readonly leader: Leader | null
}

/** Watches who leads, and takes part while it is asked to. */
export interface Election extends RecipeStore<ElectionSnapshot> {
  /**
   * Whether this candidate leads still, by the clock of this moment: to be asked before each step that only a leader
   * may take. A page that has just woken up may see an older snapshot.
   */
  readonly isLeader: boolean
  /**
   * Stands for election, and after being deposed again, also in a new session: until `resign()` or `close()`. May be
   * called before `connect()`; doing it twice changes nothing. What forbids it is in the snapshot's `error`.
   */
  campaign(): void
  /**
   * Takes part no more; whoever is next leads. Resolves when this candidate's node is gone, and so without a
   * connection only when that is back or the session has ended. Rejects when the node may not be deleted.
   */
  resign(): Promise<void>
  /** Resigns, and looks no more. */
  close(): Promise<void>
  /** `close`, where the runtime knows the symbol. */
  [Symbol.asyncDispose](): Promise<void>
}

const NOBODY: ElectionSnapshot = {
  isLeader: false,
  leader: null,
  fencingToken: null,
  signal: null,
  stale: true,
  error: null,
}

/**
 * Makes an election that this page shares with whoever else uses the path, also with kazoo's Election and Curator's
 * LeaderLatch. It looks who leads whenever there is a session, until `close()`; it may be made before `connect()`.
 */
export function createElection(zk: RecipeClient, path: string, options: ElectionOptions = {}): Election {
  const live: Live<ElectionSnapshot> = createLive(zk, NOBODY, async (fired) => {
    const found = await findLeader(zk, path, fired)
    const { leader: shown } = live.getSnapshot()
    const isSame = found && shown && found.id === shown.id && found.data === shown.data
    return { leader: isSame ? shown : found, error: candidacy.refusal() }
  })
  const candidacy = createCandidacy(zk, { data: '', layout: 'kazoo', ...options, path }, live.change)
  function close(): Promise<void> {
    const resigned = candidacy.close()
    live.close()
    return resigned
  }
  return {
    get isLeader() {
      return candidacy.leads()
    },
    getSnapshot: live.getSnapshot,
    getServerSnapshot: live.getServerSnapshot,
    subscribe: live.subscribe,
    campaign: candidacy.campaign,
    resign: candidacy.resign,
    close,
    ...(Symbol.asyncDispose && { [Symbol.asyncDispose]: close }),
  }
}
