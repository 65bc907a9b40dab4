import { describe, expect, it } from 'vitest'
import { defaultAcl } from '../../../../server/src/session/node-acl.js'

// The numbers are ZooKeeper's: read 1, write 2, create 4, delete 8, admin 16.
const CREATOR = { perms: 31, scheme: 'auth', id: '' }
const anyone = (perms: number) => ({ perms, scheme: 'world', id: 'anyone' })

describe('the access control list of a node for which the page gives none', () => {
  it('lets everybody do everything where nodes are open', () => {
    expect(defaultAcl('open', undefined)).toEqual([anyone(31)])
    expect(defaultAcl('open', 'container')).toEqual([anyone(31)])
  })

  it('is for its maker alone where nodes are the creator’s', () => {
    for (const mode of [undefined, 'persistent', 'ephemeral', 'ttl', 'ephemeral_sequential'] as const) {
      expect(defaultAcl('creator', mode)).toEqual([CREATOR])
    }
  })

  it('lets the others read, and no more, where the creator shares that', () => {
    for (const mode of [undefined, 'persistent', 'ephemeral', 'ttl', 'ephemeral_sequential'] as const) {
      expect(defaultAcl('creator_read', mode)).toEqual([CREATOR, anyone(1)])
    }
  })

  it('of a container lets everybody make and delete its children, and neither change nor own it', () => {
    expect(defaultAcl('creator', 'container')).toEqual([CREATOR, anyone(4 + 8)])
    expect(defaultAcl('creator_read', 'container')).toEqual([CREATOR, anyone(1 + 4 + 8)])
  })
})
