import type { WireStat } from '../protocol.js'

/** ZooKeeper's Stat of a node. */
export interface Stat extends Omit<WireStat, 'czxid' | 'mzxid' | 'pzxid'> {
  /** The transaction that created the node. */
  czxid: bigint
  /** The transaction that last changed its data. */
  mzxid: bigint
  /** The transaction that last changed its list of children. */
  pzxid: bigint
}

export function readStat(stat: WireStat): Stat {
  return { ...stat, czxid: BigInt(stat.czxid), mzxid: BigInt(stat.mzxid), pzxid: BigInt(stat.pzxid) }
}
