import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { DEFAULT_LIMITS } from '../../../../server/src/config/limit-settings.js'
import { Admission, ConnectRate, type Seat, WaitingRoom } from '../../../../server/src/gateway/admission.js'
import { heapAfterCollection } from '../../../tools/heap.js'

function admission(limits: object = {}, trustedProxies: string[] = []) {
  const met: string[] = []
  const clock = { now: 0 }
  const entrance = new Admission({
    limits: { ...DEFAULT_LIMITS, ...limits },
    trustedProxies,
    limited: (limit) => met.push(limit),
    now: () => clock.now,
  })
  return { entrance, met, clock }
}

class Peer extends EventEmitter {
  destroyed = 0
  constructor(readonly remoteAddress: string) {
    super()
  }
  destroy(): void {
    this.destroyed += 1
  }
  sends(bytes: number): void {
    this.emit('data', Buffer.alloc(bytes))
  }
  get socket(): Socket {
    return this as unknown as Socket
  }
  get duplex(): Duplex {
    return this as unknown as Duplex
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
  it('count against the quota of their address until they ask or close', () => {
    const gate = admission({ maxUnauthenticatedPerAddress: 2 })
    const [first, second, third] = ['a', 'b', 'c'].map(() => connect(gate, '127.0.0.1')) as [Peer, Peer, Peer]
    expect([first, second, third].map(({ destroyed }) => destroyed)).toEqual([0, 0, 1])
    expect(gate.met).toEqual(['maxUnauthenticatedPerAddress'])
    expect(connect(gate, '127.0.0.2').destroyed).toBe(0)
    gate.entrance.upgrading(request(first), first.socket)
    expect(connect(gate, '127.0.0.1').destroyed).toBe(0)
    second.emit('close')
    expect(connect(gate, '127.0.0.1').destroyed).toBe(0)
    expect(connect(gate, '127.0.0.1').destroyed).toBe(1)
  })

  it('are evicted for new ones, the oldest first', () => {
    const gate = admission({ maxUnauthenticated: 2 })
    const peers = ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map((address) => connect(gate, address))
    expect(peers.map(({ destroyed }) => destroyed)).toEqual([1, 0, 0])
    expect(gate.met).toEqual(['maxUnauthenticated'])
    expect(gate.entrance.unauthenticated).toBe(0)
  })

  it('are not counted when they come from a trusted proxy or arrive at an embedding HTTP server', () => {
    const gate = admission({ maxUnauthenticatedPerAddress: 1 }, ['127.0.0.1'])
    expect([1, 2, 3].map(() => connect(gate, '127.0.0.1').destroyed)).toEqual([0, 0, 0])
    const peer = new Peer('127.0.0.9')
    expect(gate.entrance.upgrading(request(peer), peer.socket)).toBe('127.0.0.9')
  })
})

describe('an upgrade', () => {
  it('counts for the address that a trusted proxy forwards, in one header or several', () => {
    const { entrance } = admission({}, ['127.0.0.1'])
    const peer = new Peer('127.0.0.1')
    const count = (forwarded?: string | string[]) => entrance.upgrading(request(peer, forwarded), peer.socket)
    expect(count()).toBe('127.0.0.1')
    expect(count('203.0.113.1')).toBe('203.0.113.1')
    expect(count(['198.51.100.1', '203.0.113.2'])).toBe('203.0.113.2')
  })

  it('is refused with 503 when all connections are taken, at no cost for the rate of the address', () => {
    const { entrance, met } = admission({ maxConnections: 2, connectBurst: 1 })
    expect(entrance.refusal('a', 2)).toEqual({ status: '503 Service Unavailable', retryAfterS: 5 })
    expect(met).toEqual(['maxConnections'])
    expect(entrance.refusal('a', 1)).toBeNull()
  })

  it('is refused with 429 above the rate of its address, with the seconds to wait', () => {
    const { entrance, met, clock } = admission({ connectBurst: 1, maxConnectsPerSecond: 4 })
    expect(entrance.refusal('a', 0)).toBeNull()
    expect(entrance.refusal('a', 0)).toEqual({ status: '429 Too Many Requests', retryAfterS: 1 })
    expect(met).toEqual(['maxConnectsPerSecond'])
    expect(entrance.refusal('b', 0)).toBeNull()
    clock.now = 250
    expect(entrance.refusal('a', 0)).toBeNull()
  })

  it('is refused with 429 while its address has no free seat, and no longer', () => {
    const { entrance, met } = admission({ maxUnauthenticatedPerAddress: 1 })
    const leave = entrance.opened('a', new Peer('a').duplex, () => undefined)
    expect(entrance.unauthenticated).toBe(1)
    expect(entrance.refusal('a', 0)).toEqual({ status: '429 Too Many Requests', retryAfterS: 1 })
    expect(met).toEqual(['maxUnauthenticatedPerAddress'])
    expect(entrance.refusal('b', 0)).toBeNull()
    leave()
    expect(entrance.refusal('a', 0)).toBeNull()
  })
})

function open(entrance: Admission, address: string, gone: string[]): Peer {
  const peer = new Peer(address)
  entrance.opened(address, peer.duplex, () => gone.push(address))
  return peer
}

describe('an open WebSocket without an accepted hello', () => {
  it('is evicted when all of them have sent too many bytes and it has sent most', () => {
    const { entrance, met } = admission({ maxUnauthenticatedBytes: 100_000 })
    const gone: string[] = []
    open(entrance, 'a', gone).sends(1_000)
    open(entrance, 'b', gone).sends(60_000)
    expect(met).toEqual([])
    open(entrance, 'c', gone).sends(50_000)
    expect([gone, met]).toEqual([['b'], ['maxUnauthenticatedBytes']])
    expect(entrance.unauthenticated).toBe(2)
  })

  it('is evicted when all seats are taken and it has waited longest', () => {
    const { entrance, met } = admission({ maxUnauthenticated: 1 })
    const gone: string[] = []
    open(entrance, 'a', gone)
    open(entrance, 'b', gone)
    expect([gone, met]).toEqual([['a'], ['maxUnauthenticated']])
  })

  it('gives its seat back when its hello is accepted, and is counted no more', () => {
    const { entrance, met } = admission({ maxUnauthenticated: 1, maxUnauthenticatedBytes: 65_536 })
    const peer = new Peer('a')
    const leave = entrance.opened('a', peer.duplex, () => expect.unreachable())
    leave()
    leave()
    expect([entrance.unauthenticated, peer.listenerCount('data')]).toEqual([0, 0])
    open(entrance, 'b', [])
    peer.sends(1_000_000)
    expect(met).toEqual([])
  })
})

function connectRate(maxAddresses: number) {
  const clock = { now: 0 }
  return { clock, connects: new ConnectRate({ perSecond: 1, burst: 2 }, maxAddresses, () => clock.now) }
}

describe('the rate of connections', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('counts each address separately', () => {
    const { clock, connects } = connectRate(10)
    expect(['a', 'a', 'a', 'b'].map((address) => connects.visit(address))).toEqual([0, 0, 1_000, 0])
    clock.now = 1_000
    expect(['a', 'a', 'b', 'b'].map((address) => connects.visit(address))).toEqual([0, 1_000, 0, 0])
  })

  it('forgets the address that has not connected for longest, and no other', () => {
    const { connects } = connectRate(2)
    for (const address of ['a', 'a', 'b', 'b', 'a']) connects.visit(address)
    connects.visit('c')
    expect(connects.visit('a')).toBe(1_000)
    expect(connects.visit('b')).toBe(0)
  })

  it('uses a monotonic clock by default', () => {
    vi.useFakeTimers()
    const connects = new ConnectRate({ perSecond: 1, burst: 1 }, 10)
    expect([connects.visit('a'), connects.visit('a')]).toEqual([0, 1_000])
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(connects.visit('a')).toBe(1_000)
    vi.advanceTimersByTime(1_000)
    expect(connects.visit('a')).toBe(0)
  })
})

function room(seats: number, seatsPerAddress: number, bytes?: number) {
  const events: string[] = []
  const waiting = new WaitingRoom({
    seats,
    seatsPerAddress,
    ...(bytes !== undefined && { bytes }),
    crowded: (by) => events.push(`too many ${by}`),
  })
  const enter = (name: string, address = name) => {
    const seat = waiting.enter(address, () => events.push(`evict ${name}`))
    return {
      leave: () => waiting.leave(seat),
      sends: (bytes: number) => waiting.received(seat, bytes),
    }
  }
  return { waiting, events, enter }
}

describe('a waiting room', () => {
  it('has a quota of seats for one address, and gives a seat back when its client leaves', () => {
    const { waiting, enter } = room(10, 2)
    const { leave } = enter('1', 'a')
    expect(waiting.isFullFor('a')).toBe(false)
    enter('2', 'a')
    expect([waiting.isFullFor('a'), waiting.isFullFor('b')]).toEqual([true, false])
    leave()
    leave()
    expect([waiting.isFullFor('a'), waiting.size]).toEqual([false, 1])
    enter('3', 'a')
    expect(waiting.isFullFor('a')).toBe(true)
  })

  it('evicts the client that has waited longest when all seats are taken', () => {
    const { waiting, events, enter } = room(2, 2)
    const first = enter('1')
    enter('2')
    expect(events).toEqual([])
    enter('3')
    expect(events).toEqual(['too many seats', 'evict 1'])
    first.leave()
    expect(waiting.size).toBe(2)
    enter('4')
    expect(events.slice(2)).toEqual(['too many seats', 'evict 2'])
  })

  it('gives the seat of an evicted client back to its address once, also when that client leaves as it is evicted', () => {
    const waiting = new WaitingRoom({ seats: 1, seatsPerAddress: 1, crowded: () => undefined })
    const seat: Seat = waiting.enter('a', () => waiting.leave(seat))
    waiting.enter('b', () => undefined)
    expect([waiting.size, waiting.isFullFor('a'), waiting.isFullFor('b')]).toEqual([1, false, true])
  })

  it('evicts the client that has sent most when the bytes exceed the limit, with the overhead of each piece', () => {
    const { waiting, events, enter } = room(10, 10, 10_000)
    const [small, large] = [enter('small', 'a'), enter('large', 'a')]
    small.sends(1_000)
    large.sends(6_000)
    small.sends(1_000)
    // 8,000 bytes, and 512 for each of the three pieces.
    expect(events).toEqual([])
    small.sends(0)
    expect(events).toEqual(['too many bytes', 'evict large'])
    expect([waiting.size, waiting.isFullFor('a')]).toEqual([1, false])
    // Bytes of an evicted client do not count, although they still arrive.
    large.sends(1_000_000)
    enter('next', 'b').sends(5_000)
    expect(events).toHaveLength(2)
  })

  it('evicts the client that has waited longest where several have sent most, and none at the very limit', () => {
    const { events, enter } = room(10, 10, 3 * 1_512)
    const [first, second, third] = [enter('1'), enter('2'), enter('3')]
    for (const client of [third, second, first]) client.sends(1_000)
    expect(events).toEqual([])
    enter('4').sends(0)
    expect(events).toEqual(['too many bytes', 'evict 1'])
  })

  it('forgets the bytes of clients that leave', () => {
    const { events, enter } = room(10, 10, 10_000)
    const staying = enter('staying')
    for (let round = 0; round < 100; round += 1) {
      const client = enter(`passing ${round}`)
      client.sends(8_000)
      client.leave()
    }
    staying.sends(9_000)
    expect(events).toEqual([])
    staying.sends(0)
    expect(events).toEqual(['too many bytes', 'evict staying'])
  })

  it('keeps nothing of addresses whose clients have left', () => {
    const { waiting, enter } = room(10, 10)
    const before = heapAfterCollection()
    for (let at = 0; at < 50_000; at += 1) enter(`2001:db8:0:${at.toString(16)}::/64`).leave()
    expect(heapAfterCollection() - before).toBeLessThan(1_000_000)
    expect(waiting.size).toBe(0)
  })

  it('allows any number of bytes without a limit', () => {
    const { events, enter } = room(1, 1)
    enter('1').sends(Number.MAX_SAFE_INTEGER)
    expect(events).toEqual([])
  })
})
