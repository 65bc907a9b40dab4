import type { HexLong, WatchEventType, WireStat } from 'zoogate-client/protocol'
import type { FrameReader } from './frames.js'
import { EVENT } from './numbers.js'
import type { AclEntry } from './requests.js'

/** Reads the result of an operation straight from the frame. `sessionId` is the reading session's own, 8 bytes. */
export type Decode<T> = (frame: FrameReader, sessionId: Buffer) => T | PartRefusal

/** The result of a transaction of which nothing was done, because this part was refused. */
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
  [EVENT.CREATED, 'NodeCreated'],
  [EVENT.DELETED, 'NodeDeleted'],
  [EVENT.DATA_CHANGED, 'NodeDataChanged'],
  [EVENT.CHILDREN_CHANGED, 'NodeChildrenChanged'],
])

export function readStat(frame: FrameReader, sessionId: Buffer): WireStat {
  const czxid = frame.hexLong()
  const mzxid = frame.hexLong()
  const ctime = frame.number()
  const mtime = frame.number()
  const version = frame.int()
  const cversion = frame.int()
  const aversion = frame.int()
  const ownerHigh = frame.int()
  const ownerLow = frame.int()
  const dataLength = frame.int()
  const numChildren = frame.int()
  const pzxid = frame.hexLong()
  const isMine = ownerHigh === sessionId.readInt32BE(0) && ownerLow === sessionId.readInt32BE(4)
  // A page never gets another session's id: the session's password can be computed from it.
  const owner = ownerHigh === 0 && ownerLow === 0 ? null : isMine ? 'mine' : 'other'
  return { czxid, mzxid, pzxid, ctime, mtime, version, cversion, aversion, dataLength, numChildren, owner }
}

const CVERSION_AND_AVERSION_BYTES = 8
const NO_OWNER = Buffer.alloc(8)

/** A node: everything that tells one state of it from another, and its owner. */
export interface NodeReading {
  /** A view into the received chunk: copy it to keep it for long. */
  data: Buffer
  czxid: HexLong
  mzxid: HexLong
  /** Milliseconds since the epoch. */
  ctime: number
  /** Milliseconds since the epoch. */
  mtime: number
  version: number
  /** The id of the session that owns the node, 8 bytes that no page may see; null for a node that is not ephemeral. */
  owner: Buffer | null
  numChildren: number
}

export const readNode: Decode<NodeReading> = (frame) => {
  const data = frame.bytes()
  const czxid = frame.hexLong()
  const mzxid = frame.hexLong()
  const ctime = frame.number()
  const mtime = frame.number()
  const version = frame.int()
  frame.fixed(CVERSION_AND_AVERSION_BYTES)
  const owner = frame.fixed(NO_OWNER.length)
  frame.int() // the length of the data
  const numChildren = frame.int()
  frame.hexLong() // the newest change of the list of children
  return {
    data,
    czxid,
    mzxid,
    ctime,
    mtime,
    version,
    owner: NO_OWNER.equals(owner) ? null : owner,
    numChildren,
  }
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
  frame.int() // the connection's state: connected, or else no event could come
  return type === undefined ? null : { type, path: frame.text() }
}
