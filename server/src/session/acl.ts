import type { Acl, CreateMode, Permission } from 'zoogate-client/protocol'
import { type AclEntry, PERMISSION } from '../zookeeper/index.js'

// Access control lists: between the wire to the page and the wire to the ensemble, and for nodes whose page gives none.

const BITS: Record<Permission, number> = {
  read: PERMISSION.READ,
  write: PERMISSION.WRITE,
  create: PERMISSION.CREATE,
  delete: PERMISSION.DELETE,
  admin: PERMISSION.ADMIN,
}
const PERMISSIONS = Object.keys(BITS) as Permission[]

export function toAclEntries(acl: Acl[]): readonly AclEntry[] {
  return acl.map(({ scheme, id, permissions }) => ({
    scheme,
    id,
    perms: permissions.reduce((bits, permission) => bits | BITS[permission], 0),
  }))
}

export function fromAclEntries(entries: readonly AclEntry[]): Acl[] {
  return entries.map(({ scheme, id, perms }) => ({
    scheme,
    id,
    permissions: PERMISSIONS.filter((permission) => (perms & BITS[permission]) !== 0),
  }))
}

export const NODE_ACLS = ['open', 'creator', 'creator_read'] as const
/** The access control list of nodes whose page gives none; see the setting of this name. */
export type NodeAcl = (typeof NODE_ACLS)[number]

/** The server replaces `auth` by the identities of the link. */
const CREATOR: AclEntry = { perms: PERMISSION.ALL, scheme: 'auth', id: '' }

const forAnyone = (perms: number): AclEntry => ({ perms, scheme: 'world', id: 'anyone' })

const OPEN = [forAnyone(PERMISSION.ALL)]
const ENTER_AND_LEAVE = PERMISSION.CREATE | PERMISSION.DELETE

/**
 * A container is a room for many pages, made by the page that comes first: every page may enter and leave. In ZooKeeper leaving,
 * too, is a permission on the parent, so that the rules of the gateway decide which page may delete there.
 */
const LISTS: Readonly<Record<NodeAcl, { node: readonly AclEntry[]; container: readonly AclEntry[] }>> = {
  open: { node: OPEN, container: OPEN },
  creator: { node: [CREATOR], container: [CREATOR, forAnyone(ENTER_AND_LEAVE)] },
  creator_read: {
    node: [CREATOR, forAnyone(PERMISSION.READ)],
    container: [CREATOR, forAnyone(PERMISSION.READ | ENTER_AND_LEAVE)],
  },
}

/** The list of a node that a page creates. @param acl the list that the page gives, if any */
export function aclOf(
  acl: Acl[] | undefined,
  nodeAcl: NodeAcl,
  mode: CreateMode | undefined,
): readonly AclEntry[] {
  if (acl !== undefined) return toAclEntries(acl)
  return LISTS[nodeAcl][mode === 'container' ? 'container' : 'node']
}
