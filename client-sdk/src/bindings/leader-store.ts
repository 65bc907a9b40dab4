import { createElection, type Election, type ElectionSnapshot, EMPTY_ELECTION } from '../recipes/election.js'
import type { QueueLayout } from '../recipes/queue.js'
import type { RecipeClient } from '../recipes/repeated-calls.js'
import { createLazyStore, type LazyStore, type Source } from './lazy-store.js'

/** A candidate of an election. */
export interface CandidateOptions {
  /**
   * What all clients see of this candidate when it leads, such as its name.
   * @default ''
   */
  data?: string
  /**
   * How this candidate's node is named.
   * @default 'kazoo'
   */
  layout?: QueueLayout
}

export interface LeaderStore extends LazyStore<ElectionSnapshot> {
  /** True: campaigns while the store is open. False: only shows the leader. */
  stand(campaign: boolean): void
}

interface OpenElection extends Source<ElectionSnapshot>, Pick<Election, 'campaign'> {
  resign(): void
}

/** An election that is open while the store has listeners; empty without a client. */
export function createLeaderStore(
  zk: RecipeClient | null,
  path: string,
  options: CandidateOptions,
): LeaderStore {
  let wanted = false
  function openElection(zk: RecipeClient): OpenElection {
    const election = createElection(zk, path, options)
    if (wanted) election.campaign()
    return {
      ...election,
      // A node that may not be deleted goes with the session; until then it leads nothing.
      resign: () => void election.resign().catch(() => undefined),
      close: () => void election.close().catch(() => undefined),
    }
  }
  const store = createLazyStore(EMPTY_ELECTION, zk && (() => openElection(zk)))
  return {
    getSnapshot: store.getSnapshot,
    getServerSnapshot: store.getServerSnapshot,
    subscribe: store.subscribe,
    stand(campaign) {
      if (campaign === wanted) return
      wanted = campaign
      const election = store.opened()
      if (campaign) election?.campaign()
      else election?.resign()
    },
  }
}
