import type { CreateMode } from 'zoogate-client/protocol'
import type { AclEntry } from '../zookeeper/index.js'

// The access control list of a node that a page makes without giving one.

export const NODE_ACLS = ['open', 'creator', 'creator_read'] as const
export type NodeAcl = (typeof NODE_ACLS)[number]

const READ = 1
const CREATE = 4
const DELETE = 8
const ALL = 31

/** `auth` is whoever the link has proven to be; the server puts that in its place. */
const CREATOR: AclEntry = { perms: ALL, scheme: 'auth', id: '' }

const forAnyone = (perms: number): AclEntry => ({ perms, scheme: 'world', id: 'anyone' })

const OPEN = [forAnyone(ALL)]

/**
 * A container is a room of many, made by whoever comes first: everybody may enter and leave. In ZooKeeper leaving, too, is a
 * permission on the parent, so who may delete there is left to the rules of the gateway.
 */
const LISTS: Readonly<Record<NodeAcl, { node: readonly AclEntry[]; container: readonly AclEntry[] }>> = {
  open: { node: OPEN, container: OPEN },
  creator: { node: [CREATOR], container: [CREATOR, forAnyone(CREATE | DELETE)] },
  creator_read: { node: [CREATOR, forAnyone(READ)], container: [CREATOR, forAnyone(READ | CREATE | DELETE)] },
}

export function defaultAcl(nodeAcl: NodeAcl, mode: CreateMode | undefined): readonly AclEntry[] {
  return LISTS[nodeAcl][mode === 'container' ? 'container' : 'node']
}
