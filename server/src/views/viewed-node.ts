import type { HexLong, ViewNode } from 'zoogate-client/protocol'
import { fromBytes } from '../session/node-values.js'
import type { OwnerMarks } from '../session/owner-marks.js'
import type { NodeReading } from '../zookeeper/index.js'

/** One node as views keep it: what decides who has to be told of it, and what is told. */
export interface ViewedNode {
  readonly czxid: HexLong
  readonly mzxid: HexLong
  /** The node as it stands in messages, as JSON: encoded once, however many pages are told. */
  readonly json: string
}

/** @param withData whether the view shows the data, or only how long it is */
export function viewedNode(reading: NodeReading, withData: boolean, marks: OwnerMarks): ViewedNode {
  const { data, owner, czxid, ctime, mzxid, mtime, version } = reading
  const node: ViewNode = [
    withData ? fromBytes(data) : data.length,
    owner && marks.of(owner),
    czxid,
    ctime,
    mzxid,
    mtime,
    version,
  ]
  const untouched: ViewNode = [node[0], node[1], czxid, ctime, czxid, ctime, 0]
  while (node.length > LEAST_FIELDS && node.at(-1) === untouched[node.length - 1]) node.pop()
  return { czxid, mzxid, json: JSON.stringify(node) }
}

const LEAST_FIELDS = 4
