import { OP } from './wire-numbers.js'

/**
 * 0 persistent, 1 ephemeral, 2 persistent sequential, 3 ephemeral sequential, 4 container, 5 with a time to live,
 * 6 sequential with a time to live. The last two need `zookeeper.extendedTypesEnabled`, else they end with -6.
 */
export type CreateFlags = 0 | 1 | 2 | 3 | 4 | 5 | 6

const CONTAINER = 4
const TTL = 5

/** Whether a time to live goes with these flags. */
export function hasTtl(flags: CreateFlags): boolean {
  return flags >= TTL
}

/** Which of ZooKeeper's three create requests these flags need. */
export function createType(flags: CreateFlags): number {
  if (flags >= TTL) return OP.CREATE_TTL
  return flags === CONTAINER ? OP.CREATE_CONTAINER : OP.CREATE2
}
