import type { DataInput } from '../operations/node-data.js'
import { createCandidacy, type Leadership } from './candidacy.js'
import { contendersOf, type QueueLayout } from './queue.js'
import {
  type ChangingRecipeStore,
  createRecipeStore,
  type Freshness,
  type RecipeStore,
} from './recipe-store.js'
import { codeOf, PATIENT, type RecipeClient } from './repeated-calls.js'

export interface ElectionOptions {
  /**
   * The data of this candidate's node, such as its name. All clients see it when the candidate leads.
   * @default ''
   */
  data?: DataInput
  /**
   * How this candidate's node is named.
   * @default 'kazoo'
   */
  layout?: QueueLayout
}

export type { Leadership }

export interface ElectionSnapshot extends Leadership, Freshness {
  /** The candidate that all clients see to lead; null without a candidate. */
  readonly leader: Leader | null
}

/** Shows the leader, and takes part in the election between `campaign()` and `resign()`. */
export interface Election extends RecipeStore<ElectionSnapshot> {
  /**
   * Whether this candidate still leads, by the clock of this moment: to be read before each step that only a leader may
   * take. A page that has just woken up may see an older snapshot.
   */
  readonly isLeader: boolean
  /**
   * Stands for election until `resign()` or `close()`: also in a new session, and again after being deposed. May be
   * called before `connect()`; a second call changes nothing. An error is in the snapshot's `error`.
   */
  campaign(): void
  /**
   * Resigns; the next candidate leads. Resolves when this candidate's node is deleted: without a connection that is when
   * the connection is back or the session has ended. Rejects when the node may not be deleted.
   */
  resign(): Promise<void>
  /** Resigns, and stops showing the leader. */
  close(): Promise<void>
  /** `close`, where the runtime knows the symbol. */
  [Symbol.asyncDispose](): Promise<void>
}

/** The initial snapshot. */
export const EMPTY_ELECTION: ElectionSnapshot = /* @__PURE__ */ Object.freeze({
  isLeader: false,
  leader: null,
  fencingToken: null,
  signal: null,
  stale: true,
  error: null,
})

/**
 * Makes an election that this page shares with all clients of the path, also with kazoo's Election and Curator's
 * LeaderLatch. It shows the leader whenever there is a session, until `close()`. It may be made before `connect()`.
 */
export function createElection(zk: RecipeClient, path: string, options: ElectionOptions = {}): Election {
  const live: ChangingRecipeStore<ElectionSnapshot> = createRecipeStore(zk, EMPTY_ELECTION, async (fired) => {
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

/** The leader: the candidate whose node is the first in the queue. */
export interface Leader {
  /** The name of its node. */
  readonly id: string
  /** Its node's data as text. */
  readonly data: string
}

/** The children; null when the node does not exist. */
async function readChildren(zk: RecipeClient, path: string, watch?: () => void): Promise<string[] | null> {
  try {
    return (await zk.getChildren(path, { ...PATIENT, ...(watch && { watch }) })).children
  } catch (error) {
    if (codeOf(error) === 'NO_NODE') return null
    throw error
  }
}

/** The candidate, with a watch; null when its node was deleted meanwhile. */
async function readLeader(
  zk: RecipeClient,
  path: string,
  id: string,
  changed: () => void,
): Promise<Leader | null> {
  try {
    const content = await zk.getData(`${path}/${id}`, { ...PATIENT, watch: changed })
    return Object.freeze({ id, data: content.text() })
  } catch (error) {
    if (codeOf(error) === 'NO_NODE') return null
    throw error
  }
}

/**
 * The leader; `changed` is called when another may lead. Only the leader's node is watched, so that candidates that come
 * and go behind it cause no reads. Without a candidate the list of children is watched, or the missing node.
 */
async function findLeader(zk: RecipeClient, path: string, changed: () => void): Promise<Leader | null> {
  for (;;) {
    let children = await readChildren(zk, path)
    // A second read, with a watch, only when there is no candidate.
    if (!contendersOf(children ?? []).length) children = await readChildren(zk, path, changed)
    const [id] = contendersOf(children ?? [])
    const leader = id === undefined ? null : await readLeader(zk, path, id, changed)
    if (leader) return leader
    const isWatched =
      id === undefined && (children || !(await zk.exists(path, { ...PATIENT, watch: changed })))
    if (isWatched) return null
  }
}
