import { isUtf8 } from 'node:buffer'
import type { Acl, CreateMode, NodeData, Permission } from 'zoogate-client/protocol'
import type { AclEntry, CreateFlags } from '../zookeeper/index.js'

// What stands in nodes, between the wire to the page and the wire to the ensemble.

const PERMISSION_BITS: Record<Permission, number> = { read: 1, write: 2, create: 4, delete: 8, admin: 16 }
const PERMISSIONS = Object.entries(PERMISSION_BITS) as [Permission, number][]

export const CREATE_FLAGS: Record<CreateMode, CreateFlags> = {
  persistent: 0,
  ephemeral: 1,
  persistent_sequential: 2,
  ephemeral_sequential: 3,
  container: 4,
  ttl: 5,
  ttl_sequential: 6,
}

export function toBytes(data: NodeData | undefined): Buffer {
  if (data === undefined) return Buffer.alloc(0)
  return typeof data === 'string' ? Buffer.from(data, 'utf8') : Buffer.from(data.base64, 'base64')
}

export function fromBytes(data: Buffer): NodeData {
  return isUtf8(data) ? data.toString('utf8') : { base64: data.toString('base64') }
}

/** How many bytes the node will hold, without making them. */
export function byteLength(data: NodeData | undefined): number {
  if (data === undefined) return 0
  return typeof data === 'string' ? Buffer.byteLength(data) : Buffer.byteLength(data.base64, 'base64')
}

export function toAclEntries(acl: Acl[]): readonly AclEntry[] {
  return acl.map(({ scheme, id, permissions }) => ({
    scheme,
    id,
    perms: permissions.reduce((bits, permission) => bits | PERMISSION_BITS[permission], 0),
  }))
}

export function fromAclEntries(entries: readonly AclEntry[]): Acl[] {
  return entries.map(({ scheme, id, perms }) => ({
    scheme,
    id,
    permissions: PERMISSIONS.filter(([, bit]) => (perms & bit) !== 0).map(([permission]) => permission),
  }))
}
