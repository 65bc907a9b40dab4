import { type CreateFlags, createType, hasTtl, OP } from './numbers.js'
import type { AclEntry } from './request-fields.js'

// The requests of the hot path, each written straight into one buffer of its exact size. The package's generic records
// cost several times what everything else on a request's way costs.

const FRAME_HEADER_BYTES = 12
const INT_BYTES = 4
const LONG_BYTES = 8

export const PING = startFrame(0, 0, 0)
PING.writeInt32BE(-2, 4)
PING.writeInt32BE(OP.PING, 8)

/** exists, getData and getChildren2. */
export function encodeRead(xid: number, type: number, path: string, watch: boolean): Buffer {
  const pathBytes = Buffer.byteLength(path)
  const frame = startFrame(xid, type, INT_BYTES + pathBytes + 1)
  frame[putText(frame, FRAME_HEADER_BYTES, path, pathBytes)] = watch ? 1 : 0
  return frame
}

export function encodeDelete(xid: number, path: string, version: number): Buffer {
  const pathBytes = Buffer.byteLength(path)
  const frame = startFrame(xid, OP.DELETE, INT_BYTES + pathBytes + INT_BYTES)
  frame.writeInt32BE(version, putText(frame, FRAME_HEADER_BYTES, path, pathBytes))
  return frame
}

export function encodeSetData(xid: number, path: string, data: Buffer, version: number): Buffer {
  const pathBytes = Buffer.byteLength(path)
  const frame = startFrame(xid, OP.SET_DATA, INT_BYTES + pathBytes + INT_BYTES + data.length + INT_BYTES)
  const afterPath = putText(frame, FRAME_HEADER_BYTES, path, pathBytes)
  frame.writeInt32BE(version, putBytes(frame, afterPath, data))
  return frame
}

export function encodeCreate(
  xid: number,
  path: string,
  data: Buffer,
  acl: readonly AclEntry[],
  flags: CreateFlags,
  ttlMs: number,
): Buffer {
  const pathBytes = Buffer.byteLength(path)
  const ttlBytes = hasTtl(flags) ? LONG_BYTES : 0
  const bodyBytes = INT_BYTES + pathBytes + INT_BYTES + data.length + aclBytes(acl) + INT_BYTES + ttlBytes
  const frame = startFrame(xid, createType(flags), bodyBytes)
  const afterData = putBytes(frame, putText(frame, FRAME_HEADER_BYTES, path, pathBytes), data)
  const afterFlags = frame.writeInt32BE(flags, putAcl(frame, afterData, acl))
  if (ttlBytes > 0) frame.writeBigInt64BE(BigInt(ttlMs), afterFlags)
  return frame
}

function startFrame(xid: number, type: number, bodyBytes: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + bodyBytes)
  frame.writeInt32BE(FRAME_HEADER_BYTES - INT_BYTES + bodyBytes, 0)
  frame.writeInt32BE(xid, 4)
  frame.writeInt32BE(type, 8)
  return frame
}

// Each of these writes one field at `at` and returns the offset behind it.

function putText(frame: Buffer, at: number, text: string, bytes: number): number {
  frame.writeInt32BE(bytes, at)
  return at + INT_BYTES + frame.write(text, at + INT_BYTES, bytes, 'utf8')
}

function putBytes(frame: Buffer, at: number, bytes: Buffer): number {
  frame.writeInt32BE(bytes.length, at)
  return at + INT_BYTES + bytes.copy(frame, at + INT_BYTES)
}

function putAcl(frame: Buffer, start: number, acl: readonly AclEntry[]): number {
  let at = frame.writeInt32BE(acl.length, start)
  for (const { perms, scheme, id } of acl) {
    at = frame.writeInt32BE(perms, at)
    at = putText(frame, at, scheme, Buffer.byteLength(scheme))
    at = putText(frame, at, id, Buffer.byteLength(id))
  }
  return at
}

function aclBytes(acl: readonly AclEntry[]): number {
  let bytes = INT_BYTES
  for (const { scheme, id } of acl) bytes += 3 * INT_BYTES + Buffer.byteLength(scheme) + Buffer.byteLength(id)
  return bytes
}
