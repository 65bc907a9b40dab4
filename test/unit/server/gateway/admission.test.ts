import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../../../server/src/config/limit-settings.js'
import { Admission } from '../../../../server/src/gateway/admission.js'

function admission(limits: object = {}, trustedProxies: string[] = []) {
  const told: string[] = []
  const clock = { now: 0 }
  const entrance = new Admission({
    limits: { ...DEFAULT_LIMITS, ...limits },
    trustedProxies,
    limited: (limit) => told.push(limit),
    now: () => clock.now,
  })
  return { entrance, told, clock }
}

class Peer extends EventEmitter {
  destroyed = 0
  constructor(readonly remoteAddress: string) {
    super()
  }
  destroy(): void {
    this.destroyed += 1
  }
  get socket(): Socket {
    return this as unknown as Socket
  }
}

function connect({ entrance }: { entrance: Admission }, address: string): Peer {
  const peer = new Peer(address)
  entrance.connected(peer.socket)
  return peer
}

const request = (peer: Peer, forwarded?: string | string[]) =>
  ({
    socket: peer.socket,
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage

describe('connections that have not asked for a WebSocket yet', () => {
  it('are so many for one address, until they ask or are gone', () => {
    const place = admission({ maxUnauthenticatedPerAddress: 2 })
    const [first, second, third] = ['a', 'b', 'c'].map(() => connect(place, '127.0.0.1')) as [
      Peer,
      Peer,
      Peer,
    ]
    expect([first, second, third].map(({ destroyed }) => destroyed)).toEqual([0, 0, 1])
    expect(place.told).toEqual(['maxUnauthenticatedPerAddress'])
    expect(connect(place, '127.0.0.2').destroyed).toBe(0)
    place.entrance.upgrading(request(first), first.socket)
    expect(connect(place, '127.0.0.1').destroyed).toBe(0)
    second.emit('close')
    expect(connect(place, '127.0.0.1').destroyed).toBe(0)
    expect(connect(place, '127.0.0.1').destroyed).toBe(1)
  })

  it('make room for new ones, the oldest first', () => {
    const place = admission({ maxUnauthenticated: 2 })
    const peers = ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map((address) => connect(place, address))
    expect(peers.map(({ destroyed }) => destroyed)).toEqual([1, 0, 0])
    expect(place.told).toEqual(['maxUnauthenticated'])
    expect(place.entrance.unauthenticated).toBe(0)
  })

  it('are not counted where they come from a trusted proxy, nor for a server of somebody else', () => {
    const place = admission({ maxUnauthenticatedPerAddress: 1 }, ['127.0.0.1'])
    expect([1, 2, 3].map(() => connect(place, '127.0.0.1').destroyed)).toEqual([0, 0, 0])
    const peer = new Peer('127.0.0.9')
    expect(place.entrance.upgrading(request(peer), peer.socket)).toBe('127.0.0.9')
  })
})

describe('an upgrade', () => {
  it('counts for whom a trusted proxy tells, in one header or several', () => {
    const { entrance } = admission({}, ['127.0.0.1'])
    const peer = new Peer('127.0.0.1')
    const count = (forwarded?: string | string[]) => entrance.upgrading(request(peer, forwarded), peer.socket)
    expect(count()).toBe('127.0.0.1')
    expect(count('203.0.113.1')).toBe('203.0.113.1')
    expect(count(['198.51.100.1', '203.0.113.2'])).toBe('203.0.113.2')
  })

  it('is refused by 503 where all WebSockets are taken, and costs the address nothing', () => {
    const { entrance, told } = admission({ maxConnections: 2, connectBurst: 1 })
    expect(entrance.refusal('a', 2)).toEqual({ status: '503 Service Unavailable', retryAfterS: 5 })
    expect(told).toEqual(['maxConnections'])
    expect(entrance.refusal('a', 1)).toBeNull()
  })

  it('is refused by 429 past the rate of the address, with the seconds to wait', () => {
    const { entrance, told, clock } = admission({ connectBurst: 1, maxConnectsPerSecond: 4 })
    expect(entrance.refusal('a', 0)).toBeNull()
    expect(entrance.refusal('a', 0)).toEqual({ status: '429 Too Many Requests', retryAfterS: 1 })
    expect(told).toEqual(['maxConnectsPerSecond'])
    expect(entrance.refusal('b', 0)).toBeNull()
    clock.now = 250
    expect(entrance.refusal('a', 0)).toBeNull()
  })

  it('is refused by 429 while the address has all its places, and no longer', () => {
    const { entrance, told } = admission({ maxUnauthenticatedPerAddress: 1 })
    const { leave } = entrance.opened('a', () => undefined)
    expect(entrance.unauthenticated).toBe(1)
    expect(entrance.refusal('a', 0)).toEqual({ status: '429 Too Many Requests', retryAfterS: 1 })
    expect(told).toEqual(['maxUnauthenticatedPerAddress'])
    expect(entrance.refusal('b', 0)).toBeNull()
    leave()
    expect(entrance.refusal('a', 0)).toBeNull()
  })
})

describe('an open WebSocket without an accepted hello', () => {
  it('goes when all of them together have sent too much and it has sent most', () => {
    const { entrance, told } = admission({ maxUnauthenticatedBytes: 100_000 })
    const gone: string[] = []
    entrance.opened('a', () => gone.push('a')).heard(1_000)
    entrance.opened('b', () => gone.push('b')).heard(60_000)
    expect(told).toEqual([])
    entrance.opened('c', () => gone.push('c')).heard(50_000)
    expect([gone, told]).toEqual([['b'], ['maxUnauthenticatedBytes']])
    expect(entrance.unauthenticated).toBe(2)
  })

  it('goes when all places are taken and it has waited longest', () => {
    const { entrance, told } = admission({ maxUnauthenticated: 1 })
    const gone: string[] = []
    entrance.opened('a', () => gone.push('a'))
    entrance.opened('b', () => gone.push('b'))
    expect([gone, told]).toEqual([['a'], ['maxUnauthenticated']])
  })
})
