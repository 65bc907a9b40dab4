import { createHmac, randomBytes } from 'node:crypto'

const KEY_BYTES = 32
/** Enough that no two sessions of an ensemble meet, and short, since a mark goes with each node of a view. */
const MARK_BYTES = 8

/**
 * How views name the owners of nodes. A session's id is not for others to see, its password can be computed from it; a
 * mark says whether two nodes have one owner and nothing else. Good for as long as the gateway runs, and only here.
 */
export class OwnerMarks {
  readonly #key = randomBytes(KEY_BYTES)

  /** @param sessionId 8 bytes */
  of(sessionId: Buffer): string {
    return createHmac('sha256', this.#key)
      .update(sessionId)
      .digest()
      .subarray(0, MARK_BYTES)
      .toString('base64url')
  }
}
