// The times and shares of the recipes. A file of constants without imports, so that the build writes the numbers into the
// code.

/** The pause after RATE_LIMITED and THROTTLED: rates are counted per second. */
export const SLOW_DOWN_MS = 1_000
/** The longest wait before another attempt: the time of some writes, so that the pages get out of step. */
export const OUT_OF_STEP_MS = 50
/** Before standing again after another client has deleted the node: it may delete each new one. */
export const STAND_AGAIN_MS = 1_000
/**
 * The share of the session timeout for which a proof is good. A session lives at least for its timeout after the leader
 * has heard of it. The leader hears late from the other servers: half a tick late, and a timeout is two ticks or more;
 * and it may know only the page's previous sign of life, a quarter of the timeout older. A third covers the larger delay.
 */
export const GOOD_FOR = 2 / 3
/** When the next proof is requested, as a share of the session timeout: early enough for a link that is away for a while. */
export const RENEWED_AFTER = 1 / 4
