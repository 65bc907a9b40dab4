import { describe, expect, it } from 'vitest'
import type { Acl, CreateMode } from 'zoogate-client/protocol'
import { aclOf, fromAclEntries, type NodeAcl, toAclEntries } from '../../../../server/src/session/acl.js'

// The numbers are ZooKeeper's: read 1, write 2, create 4, delete 8, admin 16.
const CREATOR = { perms: 31, scheme: 'auth', id: '' }
const anyone = (perms: number) => ({ perms, scheme: 'world', id: 'anyone' })

const defaultAcl = (nodeAcl: NodeAcl, mode: CreateMode | undefined) => aclOf(undefined, nodeAcl, mode)

describe('an access control list', () => {
  const all: Acl = {
    scheme: 'world',
    id: 'anyone',
    permissions: ['read', 'write', 'create', 'delete', 'admin'],
  }
  const some: Acl = { scheme: 'digest', id: 'ada:x', permissions: ['write', 'admin'] }

  it('is on the wire to the ensemble a set of bits for each entry, and comes back as it was', () => {
    expect(toAclEntries([all, some])).toEqual([anyone(31), { perms: 18, scheme: 'digest', id: 'ada:x' }])
    expect(fromAclEntries(toAclEntries([all, some]))).toEqual([all, some])
    expect(fromAclEntries([anyone(0)])).toEqual([{ ...all, permissions: [] }])
  })

  it('stands as the page gives it, whatever the default is', () => {
    expect(aclOf([some], 'creator', 'container')).toEqual([{ perms: 18, scheme: 'digest', id: 'ada:x' }])
  })
})

describe('the default access control list', () => {
  it('lets every client do everything where nodes are open', () => {
    expect(defaultAcl('open', undefined)).toEqual([anyone(31)])
    expect(defaultAcl('open', 'container')).toEqual([anyone(31)])
  })

  it('is for the creator alone where nodes are the creator’s', () => {
    for (const mode of [undefined, 'persistent', 'ephemeral', 'ttl', 'ephemeral_sequential'] as const) {
      expect(defaultAcl('creator', mode)).toEqual([CREATOR])
    }
  })

  it('lets other clients read, and no more, with creator_read', () => {
    for (const mode of [undefined, 'persistent', 'ephemeral', 'ttl', 'ephemeral_sequential'] as const) {
      expect(defaultAcl('creator_read', mode)).toEqual([CREATOR, anyone(1)])
    }
  })

  it('lets every client create and delete children of a container, and neither change nor own it', () => {
    expect(defaultAcl('creator', 'container')).toEqual([CREATOR, anyone(4 + 8)])
    expect(defaultAcl('creator_read', 'container')).toEqual([CREATOR, anyone(1 + 4 + 8)])
  })
})
