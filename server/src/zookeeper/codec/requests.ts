import { jute } from '../package.js'
import { type CreateFlags, createType, hasTtl, OP, XID } from './numbers.js'
import type { AclEntry } from './request-fields.js'

// The requests of the hot path, each written straight into one buffer of its exact size. The package's generic records
// cost several times what everything else on a request's way costs.

const FRAME_HEADER_BYTES = 12
const INT_BYTES = 4
const LONG_BYTES = 8

/** The same bytes each time. */
export const PING = new jute.Request(new jute.protocol.RequestHeader(XID.PING, OP.PING), null).toBuffer()

/** exists, getData and getChildren2. */
export function encodeRead(xid: number, type: number, path: string, watch: boolean): Buffer {
  const frame = startFrame(xid, type, path, Buffer.byteLength(path), 1)
  frame[frame.length - 1] = watch ? 1 : 0
  return frame
}

export function encodeDelete(xid: number, path: string, version: number): Buffer {
  const frame = startFrame(xid, OP.DELETE, path, Buffer.byteLength(path), INT_BYTES)
  frame.writeInt32BE(version, frame.length - INT_BYTES)
  return frame
}

export function encodeSetData(xid: number, path: string, data: Buffer, version: number): Buffer {
  const pathBytes = Buffer.byteLength(path)
  const frame = startFrame(xid, OP.SET_DATA, path, pathBytes, INT_BYTES + data.length + INT_BYTES)
  data.copy(frame, frame.writeInt32BE(data.length, FRAME_HEADER_BYTES + INT_BYTES + pathBytes))
  frame.writeInt32BE(version, frame.length - INT_BYTES)
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
  const restBytes = INT_BYTES + data.length + aclBytes(acl) + INT_BYTES + ttlBytes
  const frame = startFrame(xid, createType(flags), path, pathBytes, restBytes)
  const afterLength = frame.writeInt32BE(data.length, FRAME_HEADER_BYTES + INT_BYTES + pathBytes)
  const afterAcl = putAcl(frame, afterLength + data.copy(frame, afterLength), acl)
  const afterFlags = frame.writeInt32BE(flags, afterAcl)
  if (ttlBytes > 0) frame.writeBigInt64BE(BigInt(ttlMs), afterFlags)
  return frame
}

/** A frame with its length, header and path written, and room for `restBytes` more. */
function startFrame(xid: number, type: number, path: string, pathBytes: number, restBytes: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + INT_BYTES + pathBytes + restBytes)
  frame.writeInt32BE(frame.length - INT_BYTES, 0)
  frame.writeInt32BE(xid, 4)
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
