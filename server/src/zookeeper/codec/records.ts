import type { HexLong, WatchEventType, WatchLists, WireStat } from 'zoogate-client/protocol'
import { type JuteRecord, jute } from '../package.js'
import type { FrameReader } from './frames.js'
import { type CreateFlags, createType, EVENT, hasTtl, OP, XID } from './numbers.js'

// The requests of operations as they are written, and below them the results as they are read.
//
// Every request is a whole frame: int length, int xid, int type, fields. The xid is 0 until the request is sent.

/** One entry of an access control list, in ZooKeeper's wire terms: `perms` is a bit set, see PERMISSION. */
export interface AclEntry {
  perms: number
  scheme: string
  id: string
}

const NO_XID = 0

/** Offset of the xid in a request's frame. */
export const XID_AT = 4

// ---- Requests of the hot path, each written straight into one buffer of its exact size. The package's generic records
// would cost several times more than all other steps of a request. ----

const FRAME_HEADER_BYTES = 12
const INT_BYTES = 4
const LONG_BYTES = 8

/** exists, getData and getChildren2. */
export function encodeRead(type: number, path: string, watch: boolean): Buffer {
  const frame = startFrame(type, path, Buffer.byteLength(path), 1)
  frame[frame.length - 1] = watch ? 1 : 0
  return frame
}

export function encodeDelete(path: string, version: number): Buffer {
  const frame = startFrame(OP.DELETE, path, Buffer.byteLength(path), INT_BYTES)
  frame.writeInt32BE(version, frame.length - INT_BYTES)
  return frame
}

export function encodeSetData(path: string, data: Buffer, version: number): Buffer {
  const pathBytes = Buffer.byteLength(path)
  const frame = startFrame(OP.SET_DATA, path, pathBytes, INT_BYTES + data.length + INT_BYTES)
  data.copy(frame, frame.writeInt32BE(data.length, FRAME_HEADER_BYTES + INT_BYTES + pathBytes))
  frame.writeInt32BE(version, frame.length - INT_BYTES)
  return frame
}

export function encodeCreate(
  path: string,
  data: Buffer,
  acl: readonly AclEntry[],
  flags: CreateFlags,
  ttlMs: number,
): Buffer {
  const pathBytes = Buffer.byteLength(path)
  const ttlBytes = hasTtl(flags) ? LONG_BYTES : 0
  const restBytes = INT_BYTES + data.length + aclBytes(acl) + INT_BYTES + ttlBytes
  const frame = startFrame(createType(flags), path, pathBytes, restBytes)
  const afterLength = frame.writeInt32BE(data.length, FRAME_HEADER_BYTES + INT_BYTES + pathBytes)
  const afterAcl = putAcl(frame, afterLength + data.copy(frame, afterLength), acl)
  const afterFlags = frame.writeInt32BE(flags, afterAcl)
  if (ttlBytes > 0) frame.writeBigInt64BE(BigInt(ttlMs), afterFlags)
  return frame
}

/** A frame with its length, header and path written, and room for `restBytes` more. */
function startFrame(type: number, path: string, pathBytes: number, restBytes: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + INT_BYTES + pathBytes + restBytes)
  frame.writeInt32BE(frame.length - INT_BYTES, 0)
  frame.writeInt32BE(NO_XID, XID_AT)
  frame.writeInt32BE(type, 8)
  frame.write(path, frame.writeInt32BE(pathBytes, FRAME_HEADER_BYTES), pathBytes, 'utf8')
  return frame
}

/** Writes the list at `start` and returns the offset behind it. */
function putAcl(frame: Buffer, start: number, acl: readonly AclEntry[]): number {
  let at = frame.writeInt32BE(acl.length, start)
  for (const { perms, scheme, id } of acl) {
    at = putText(frame, frame.writeInt32BE(perms, at), scheme)
    at = putText(frame, at, id)
  }
  return at
}

function putText(frame: Buffer, at: number, text: string): number {
  const bytes = Buffer.byteLength(text)
  return frame.writeInt32BE(bytes, at) + frame.write(text, at + INT_BYTES, bytes, 'utf8')
}

function aclBytes(acl: readonly AclEntry[]): number {
  let bytes = INT_BYTES
  for (const { scheme, id } of acl) bytes += 3 * INT_BYTES + Buffer.byteLength(scheme) + Buffer.byteLength(id)
  return bytes
}

// ---- Requests that are rare, with the package's records. ----

/** The same bytes each time. */
export const PING = withRecord(XID.PING, OP.PING, null)

/** The type of an auth packet; ZooKeeper knows no other. */
const AUTH_TYPE = 0

export function encodeAuth(scheme: string, auth: Buffer): Buffer {
  return withRecord(XID.AUTH, OP.AUTH, new jute.protocol.AuthPacket(AUTH_TYPE, scheme, auth))
}

export function encodeCloseSession(): Buffer {
  return withRecord(NO_XID, OP.CLOSE_SESSION, null)
}

export function encodeGetAcl(path: string): Buffer {
  return withRecord(NO_XID, OP.GET_ACL, new jute.protocol.GetACLRequest(path))
}

export function encodeSetAcl(path: string, acl: readonly AclEntry[], version: number): Buffer {
  const records = acl.map(({ perms, scheme, id }) => new jute.data.ACL(perms, new jute.data.Id(scheme, id)))
  return withRecord(NO_XID, OP.SET_ACL, new jute.protocol.SetACLRequest(path, records, version))
}

function withRecord(xid: number, type: number, record: JuteRecord | null): Buffer {
  return new jute.Request(new jute.protocol.RequestHeader(xid, type), record).toBuffer()
}

// ---- Requests that are rare and newer than the package, field by field. ----

export function encodeRequest(type: number, ...fields: Buffer[]): Buffer {
  const body = Buffer.concat([int(NO_XID), int(type), ...fields])
  return Buffer.concat([int(body.length), body])
}

/**
 * Sets these watches again, and asks for the events of the one-shot ones since `relativeZxid`. Servers before 3.6 know
 * neither lasting watches nor the request that names them.
 */
export function encodeSetWatches(relativeZxid: Buffer, watches: Required<WatchLists>): Buffer {
  const { data, exist, child, persistent, recursive } = watches
  const oneShot = [relativeZxid, texts(data), texts(exist), texts(child)]
  const isEarlierForm = persistent.length === 0 && recursive.length === 0
  const frame = isEarlierForm
    ? encodeRequest(OP.SET_WATCHES, ...oneShot)
    : encodeRequest(OP.SET_WATCHES2, ...oneShot, texts(persistent), texts(recursive))
  frame.writeInt32BE(XID.SET_WATCHES, XID_AT)
  return frame
}

export function int(value: number): Buffer {
  const field = Buffer.allocUnsafe(4)
  field.writeInt32BE(value)
  return field
}

/** A whole number from 0 to 2⁵³ − 1. */
export function long(value: number): Buffer {
  const field = Buffer.allocUnsafe(8)
  field.writeBigInt64BE(BigInt(value))
  return field
}

export function bool(value: boolean): Buffer {
  return Buffer.of(value ? 1 : 0)
}

export function bytes(value: Buffer): Buffer {
  return Buffer.concat([int(value.length), value])
}

export function text(value: string): Buffer {
  return bytes(Buffer.from(value, 'utf8'))
}

export function texts(values: readonly string[]): Buffer {
  return Buffer.concat([int(values.length), ...values.map(text)])
}

export function acl(entries: readonly AclEntry[]): Buffer {
  const fields = entries.flatMap(({ perms, scheme, id }) => [int(perms), text(scheme), text(id)])
  return Buffer.concat([int(entries.length), ...fields])
}

// ---- Results, each read straight from the frame. ----

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
