import type { NodeOperations } from '../operations/operations.js'
import type { ZoogateError } from '../session/errors.js'
import { createOwnNode } from './own-node.js'

/** This session's node in a room, brought to the newest wish. */
export interface Membership {
  /** The node's path; empty until it has a name. */
  path(): string
  /** The data that the node should have; null: there should be no node. */
  wanted(): string | null
  /**
   * Resolves with the transaction that fulfilled this wish or a later one. When it rejects, the state that was reached
   * before is wanted again.
   */
  want(data: string | null): Promise<bigint>
  /** The session has no node yet: creates it if one is wanted. */
  restore(): Promise<bigint>
  /** Views show the node from this transaction on; undefined while the node is not as wanted, or not wanted. */
  shownFrom(): bigint | undefined
}

interface Wish {
  readonly data: string | null
}

/** `choosePath` is called when the path is needed, until it resolves. */
export function createMembership(
  room: string,
  zk: NodeOperations,
  choosePath: () => Promise<string>,
): Membership {
  const node = createOwnNode(room, zk, choosePath)
  let wanted: Wish = { data: null }
  /** The last wish that was reached, in this session or an earlier one. */
  let standing = wanted
  /** The wish that the node fulfils now; null while that is not sure. */
  let reached: Wish | null = wanted
  let work: Promise<unknown> = Promise.resolve()

  async function advance(): Promise<bigint> {
    while (reached !== wanted) {
      const wish = wanted
      try {
        if (!(await node.step(wish.data))) continue
        reached = standing = wish
        break
      } catch (error) {
        if (node.learn(error as ZoogateError)) continue
        if (wanted === wish) wanted = standing
        throw error
      }
    }
    return node.writtenAt()
  }
  /** Wishes take turns. A turn whose wish was replaced, and fulfilled by an earlier turn, has nothing to do. */
  function enqueue(): Promise<bigint> {
    const turn = work.then(advance)
    work = turn.catch(() => undefined)
    return turn
  }
  return {
    path: node.path,
    wanted: () => wanted.data,
    want(data) {
      wanted = { data }
      return enqueue()
    },
    restore() {
      reached = null
      node.reset()
      return enqueue()
    },
    shownFrom: () => (reached === wanted && node.isThere() ? node.writtenAt() : undefined),
  }
}
