import type { WatchEventType, WireStat } from 'zoogate-client/protocol'
import type { FrameReader } from './frame-reader.js'
import type { AclEntry } from './request-fields.js'

/** What each operation gives, read straight from the frame. `sessionId` is the reading session's own, 8 bytes. */
export type Decode<T> = (frame: FrameReader, sessionId: Buffer) => T | PartRefusal

/** What a transaction gives of which nothing was done, because this part of it was refused. */
export class PartRefusal {
  readonly err: number
  /** Counted from 0. */
  readonly part: number

  constructor(err: number, part: number) {
    this.err = err
    this.part = part
  }
}

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

export const readAcl: Decode<{ acl: AclEntry[]; stat: WireStat }> = (frame, sessionId) => ({
  acl: frame.list(() => ({ perms: frame.int(), scheme: frame.text(), id: frame.text() })),
  stat: readStat(frame, sessionId),
})

export const readPaths: Decode<{ paths: string[] }> = (frame) => ({ paths: frame.texts() })

export const readIdentities: Decode<{ identities: { scheme: string; id: string }[] }> = (frame) => ({
  identities: frame.list(() => ({ scheme: frame.text(), id: frame.text() })),
})

/** A watch event, or null for one that is about the connection and names no node. */
export function readEvent(frame: FrameReader): { type: WatchEventType; path: string } | null {
  const type = EVENT_TYPES.get(frame.int())
  frame.int() // the connection's state: always connected, or there would be no event
  return type === undefined ? null : { type, path: frame.text() }
}
