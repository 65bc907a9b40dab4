/** Delays between attempts: the first after a loss only spreads a herd, later ones spare a broken ensemble. */
const FIRST_RETRY_SPREAD_MS = 100
const RETRY_BASE_MS = 200
/** Half of the shortest session timeout that an ensemble with the default tickTime gives. */
const RETRY_CAP_MS = 2_000

/**
 * Milliseconds until a lost session's next attempt to attach.
 * @param failures attempts that have failed since it was attached last
 * @param servers how many there are: a round over all of them goes without a pause
 */
export function retryDelayMs(failures: number, servers: number): number {
  if (failures === 0) return Math.random() * FIRST_RETRY_SPREAD_MS
  const rounds = Math.floor(failures / servers)
  if (failures % servers !== 0) return 0
  return Math.random() * Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** Math.min(rounds, 10))
}
