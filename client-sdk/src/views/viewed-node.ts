import { readContent } from '../operations/node-data.js'
import type { ViewNode } from '../protocol.js'
import type { ViewedNode } from './view.js'

/** `mark` is that of the page's own session. */
export function readViewedNode(wire: ViewNode, mark: string): ViewedNode {
  const [data, owner, czxid, ctime, mzxid = czxid, mtime = ctime, version = 0] = wire
  const isCounted = typeof data === 'number'
  const content = readContent(isCounted ? '' : data)
  const stat = {
    czxid: BigInt(czxid),
    mzxid: BigInt(mzxid),
    ctime,
    mtime,
    version,
    dataLength: isCounted ? data : content.data.length,
    owner: owner === null ? null : owner === mark ? ('mine' as const) : ('other' as const),
  }
  return Object.freeze({ ...content, stat: Object.freeze(stat) })
}

/** Whether both are one node in one state. */
export const isSameNode = ({ stat: a }: ViewedNode, { stat: b }: ViewedNode): boolean =>
  a.mzxid === b.mzxid && a.czxid === b.czxid && a.owner === b.owner
