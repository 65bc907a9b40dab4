import { gone, openLease, pageClock } from './lease.js'
import { onAbort, PATIENT, probe, type RecipeClient, untilAnswered } from './repeated-calls.js'

/** A lock that is held. */
export interface Held {
  /** The path of the lock's own node. */
  readonly path: string
  /**
   * Grows from each holder to the next: send it along with each request that the lock protects, and let the other side
   * refuse a smaller number than it has seen. No other means protects against a page that sleeps while it holds.
   * It is the zxid that created the own node.
   */
  readonly fencingToken: bigint
  /**
   * Aborted once, when the lock is lost or may soon be: when the ensemble was not heard for two thirds of the session
   * timeout (reason CONNECTION_LOSS), when another client has deleted the node (NO_NODE), and when the session has ended
   * (SESSION_EXPIRED, SESSION_CLOSED and so on). The reason is a ZoogateError. `release` does not abort it.
   */
  readonly signal: AbortSignal
  /** Whether it is still held, by the clock of this moment: to be read before each step that the lock protects. */
  readonly isHeld: boolean
  /**
   * Releases the lock; the next contender gets it. Resolves when the node is deleted, also after the lock was lost.
   * Rejects when the node may not be deleted.
   */
  release(): Promise<void>
  /** `release`, where the runtime knows the symbol. */
  [Symbol.asyncDispose](): Promise<void>
}

/** The first node of a queue. */
export interface HeldNode {
  path: string
  /** Aborted, with a reason, when the session has ended. */
  session: AbortSignal
  /** Deletes the node. Called once, on release or loss. */
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
  /** Notices a change of the node at once; the lease would find out later. */
  const look = (signal: AbortSignal) =>
    untilAnswered(() => zk.exists(path, { ...PATIENT, signal, watch: nodeOnChange }), signal)
  const nodeOnChange = () => {
    lease.doubt()
    // When this read fails, the lease's own probe fails too.
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
  // This promise is not awaited; release() gives the error to its caller.
  onAbort(lease.lost, () => leave().catch(() => undefined))
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
