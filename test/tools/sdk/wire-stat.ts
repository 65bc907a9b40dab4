import type { WireStat } from '../../../client-sdk/src/protocol.js'

export const WIRE_STAT: WireStat = {
  czxid: '0x12',
  mzxid: '0x12',
  pzxid: '0x100000000f',
  ctime: 1,
  mtime: 2,
  version: 3,
  cversion: 4,
  aversion: 5,
  dataLength: 6,
  numChildren: 7,
  owner: 'mine',
}
