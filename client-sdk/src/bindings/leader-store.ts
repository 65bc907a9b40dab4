import type { RecipeClient } from '../recipes/client.js'
import { createElection, type Election, type ElectionSnapshot } from '../recipes/election.js'
import type { QueueLayout } from '../recipes/queue.js'
import { createLazyStore, type LazyStore, type Source } from './lazy-store.js'
import { UNSEEN_ELECTION } from './unseen.js'

/** Who may stand, and as whom. */
export interface CandidateOptions {
  /**
   * What everybody sees of this candidate when it leads, such as its name.
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
  /** Takes part for as long as the store is open, from then on or from now on; false: only looks who leads. */
  stand(campaign: boolean): void
}

interface OpenElection extends Source<ElectionSnapshot>, Pick<Election, 'campaign'> {
  resign(): void
}

/** An election as long as somebody looks at it; without a client, one that nobody leads. */
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
      // Who may not delete its node leads nobody any more, and the node goes with the session.
      resign: () => void election.resign().catch(() => undefined),
      close: () => void election.close().catch(() => undefined),
    }
  }
  const store = createLazyStore(UNSEEN_ELECTION, zk && (() => openElection(zk)))
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
