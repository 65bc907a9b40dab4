import type { RecipeClient } from './client.js'
import { pageClock } from './clock.js'
import { gone, openLease } from './lease.js'
import { PATIENT, untilAnswered } from './patience.js'
import { probe } from './probe.js'

/** A lock that is held. */
export interface Held {
  /** The own node's path. */
  readonly path: string
  /**
   * Grows from each holder to the next: send it along with everything that the lock protects, and let the other side
   * refuse what comes with a smaller one than it has seen. Nothing else helps a page that sleeps while it holds.
   * It is the zxid that created the own node.
   */
  readonly fencingToken: bigint
  /**
   * Aborted once when the lock is lost, or may be before long: when nothing was heard from the ensemble for two thirds
   * of the session timeout (reason CONNECTION_LOSS), when somebody else has deleted the node (NO_NODE), and when the
   * session has ended (SESSION_EXPIRED, SESSION_CLOSED and so on). The reason is a ZoogateError. `release` does not abort it.
   */
  readonly signal: AbortSignal
  /** Whether it is held still, by the clock of this moment: to be asked before each step that the lock protects. */
  readonly isHeld: boolean
  /**
   * Gives the lock to the next one. It is not held from now on; resolves when the node is gone. Also after it was lost,
   * though nothing but the waiting is left to do then. Rejects when the node may not be deleted.
   */
  release(): Promise<void>
  /** `release`, where the runtime knows the symbol. */
  [Symbol.asyncDispose](): Promise<void>
}

/** What a node that is the first in its queue is held by. */
export interface HeldNode {
  path: string
  /** Aborted, with a reason, when the session has ended. */
  session: AbortSignal
  /** Deletes the node; called once, when it is released or lost. */
  leave(): Promise<void>
}

/**
 * Holds the node once it is proven to be there.
 *
 * @param waiting ends the waiting for that
 * @throws NO_NODE when it is not
 */
export async function holdNode(zk: RecipeClient, node: HeldNode, waiting: AbortSignal): Promise<Held> {
  const { path, session } = node
  const lease = await openLease(
    {
      prove: (signal) => probe((options) => zk.delete(path, { ...options, signal })),
      timeoutMs: () => zk.session?.timeoutMs ?? 0,
      session,
      clock: pageClock,
      path,
    },
    waiting,
  )
  /** Tells as soon as something happens to the node; the lease would find out later. */
  const look = (signal: AbortSignal) =>
    untilAnswered(() => zk.exists(path, { ...PATIENT, signal, watch: nodeOnChange }), signal)
  const nodeOnChange = () => {
    lease.doubt()
    // Where looking fails, so does the lease.
    if (lease.isGood()) look(session).catch(lease.doubt)
  }
  const stat = await look(waiting).catch((error) => {
    lease.end()
    throw error
  })
  if (stat === null) {
    lease.end()
    throw gone(path)
  }

  let left: Promise<void> | null = null
  const leave = () => {
    lease.end()
    left ??= node.leave()
    return left
  }
  // Nobody waits for this one, and release() tells the error to who asks.
  const lostOnAbort = () => leave().catch(() => undefined)
  lease.lost.addEventListener('abort', lostOnAbort)
  if (lease.lost.aborted) lostOnAbort()
  return {
    path,
    fencingToken: stat.czxid,
    signal: lease.lost,
    get isHeld() {
      return lease.isGood()
    },
    release: leave,
    ...(Symbol.asyncDispose && { [Symbol.asyncDispose]: leave }),
  }
}
