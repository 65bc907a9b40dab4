import type { WatchEventType, WireStat } from 'zoogate-client/protocol'
import { BadFrame, type FrameReader } from './frame-reader.js'
import { OP } from './wire-numbers.js'

/** What each operation gives, read straight from the frame. `sessionId` is the reading session's own, 8 bytes. */
export type Decode<T> = (frame: FrameReader, sessionId: Buffer) => T

const EVENT_TYPES: ReadonlyMap<number, WatchEventType> = new Map([
  [1, 'NodeCreated'],
  [2, 'NodeDeleted'],
  [3, 'NodeDataChanged'],
  [4, 'NodeChildrenChanged'],
])

export function readStat(frame: FrameReader, sessionId: Buffer): WireStat {
  const czxid = frame.hexLong()
  const mzxid = frame.hexLong()
  const ctime = frame.number()
  const mtime = frame.number()
  const version = frame.int()
  const cversion = frame.int()
  const aversion = frame.int()
  const owner = readOwner(frame, sessionId)
  const dataLength = frame.int()
  const numChildren = frame.int()
  const pzxid = frame.hexLong()
  return { czxid, mzxid, pzxid, ctime, mtime, version, cversion, aversion, dataLength, numChildren, owner }
}

/** Another session's id is no page's business: a session's password can be computed from it. */
function readOwner(frame: FrameReader, sessionId: Buffer): WireStat['owner'] {
  const high = frame.int()
  const low = frame.int()
  if (high === 0 && low === 0) return null
  return high === sessionId.readInt32BE(0) && low === sessionId.readInt32BE(4) ? 'mine' : 'other'
}

export const readCreated: Decode<{ path: string; stat: WireStat }> = (frame, sessionId) => ({
  path: frame.text(),
  stat: readStat(frame, sessionId),
})

export const readStatOnly: Decode<{ stat: WireStat }> = (frame, sessionId) => ({
  stat: readStat(frame, sessionId),
})

export const readData: Decode<{ data: Buffer; stat: WireStat }> = (frame, sessionId) => ({
  data: frame.bytes(),
  stat: readStat(frame, sessionId),
})

export const readChildren: Decode<{ children: string[]; stat: WireStat }> = (frame, sessionId) => ({
  children: frame.texts(),
  stat: readStat(frame, sessionId),
})

export const readNothing: Decode<Record<string, never>> = () => ({})

const MULTI_ERROR = -1

/**
 * The error inside the answer to a transaction of one check: a transaction that failed is answered with error 0 and
 * says so per operation. 0 where the check passed.
 */
export function readCheckError(frame: FrameReader): number {
  const type = frame.int()
  const done = frame.bool()
  frame.int() // the header's own error, which repeats the one of the body
  if (done) throw new BadFrame('a transaction answered without a result')
  if (type === OP.CHECK) return 0
  if (type === MULTI_ERROR) return frame.int()
  throw new BadFrame(`a result of type ${type} for a check`)
}

/** A watch event, or null for one that is about the connection and names no node. */
export function readEvent(frame: FrameReader): { type: WatchEventType; path: string } | null {
  const type = EVENT_TYPES.get(frame.int())
  frame.int() // the connection's state: always connected, or there would be no event
  return type === undefined ? null : { type, path: frame.text() }
}
