import { jute } from '../package.js'
import { OP } from './numbers.js'

// Requests that are rare, so that the time that it takes to write them does not matter: with the package's records if it
// has them, else field by field.

/** One entry of an access control list, in ZooKeeper's wire terms: `perms` is a bit set, 31 means all. */
export interface AclEntry {
  perms: number
  scheme: string
  id: string
}

/** A whole frame: length, header, fields. */
export function encodeRequest(xid: number, type: number, ...fields: Buffer[]): Buffer {
  const body = Buffer.concat([int(xid), int(type), ...fields])
  return Buffer.concat([int(body.length), body])
}

export function encodeGetAcl(xid: number, path: string): Buffer {
  const header = new jute.protocol.RequestHeader(xid, OP.GET_ACL)
  return new jute.Request(header, new jute.protocol.GetACLRequest(path)).toBuffer()
}

export function encodeSetAcl(xid: number, path: string, acl: readonly AclEntry[], version: number): Buffer {
  const records = acl.map(({ perms, scheme, id }) => new jute.data.ACL(perms, new jute.data.Id(scheme, id)))
  const header = new jute.protocol.RequestHeader(xid, OP.SET_ACL)
  return new jute.Request(header, new jute.protocol.SetACLRequest(path, records, version)).toBuffer()
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
