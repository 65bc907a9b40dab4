import type { HexLong } from 'zoogate-client/protocol'

/** Before everything that ever happened. */
export const NO_ZXID: HexLong = '0x0'

/** Whether `zxid` stands for something later than `other`. Both as servers' answers give them, without leading zeros. */
export function isNewer(zxid: HexLong, other: HexLong): boolean {
  return zxid.length === other.length ? zxid > other : zxid.length > other.length
}

/** A page may write the same number in several ways. */
export function normalZxid(zxid: HexLong): HexLong {
  return `0x${BigInt(zxid).toString(16)}`
}
