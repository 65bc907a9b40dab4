import type { WatchLists } from 'zoogate-client/protocol'
import { type JuteRecord, jute } from '../package.js'
import { type CreateFlags, createType, hasTtl, OP, XID } from './numbers.js'

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
