import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAX_HEAD_BYTES, RequestGate } from '../../../../server/src/gateway/request-gate.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A socket, as far as the gate uses it. */
class Peer extends EventEmitter {
  readonly told: string[] = []
  unshift(head: Buffer): void {
    this.told.push(`unshift ${head.toString('latin1')}`)
  }
  end(text: string): void {
    this.told.push(text.split('\r\n', 1)[0] as string)
    this.emit('finish')
  }
  destroy(): void {
    this.told.push('destroy')
    this.emit('close')
  }
  says(text: string): this {
    this.emit('data', Buffer.from(text, 'latin1'))
    return this
  }
}

const WITHIN_MS = 1_000

function enter(): Peer {
  const peer = new Peer()
  const gate = new RequestGate({
    withinMs: WITHIN_MS,
    pass: () => peer.told.push('pass'),
    late: () => peer.told.push('late'),
  })
  gate.enter(peer as unknown as Socket)
  return peer
}

const HEAD = 'GET /zoogate HTTP/1.1\r\nHost: a\r\n\r\n'

describe('the gate before the parser of requests', () => {
  it('lets a head through as it came, and has nothing to do with the socket any more', () => {
    const peer = enter().says(HEAD)
    expect(peer.told).toEqual([`unshift ${HEAD}`, 'pass'])
    expect(peer.eventNames()).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('puts a head together that comes in pieces', () => {
    const peer = enter()
    for (const letter of HEAD) peer.says(letter)
    expect(peer.told).toEqual([`unshift ${HEAD}`, 'pass'])
  })

  it.each([
    ['a second request', HEAD],
    ['a body', 'x'],
    ['frames that do not wait for the answer', '\x81\x00'],
  ])('lets %s behind the head go nowhere', (_, behind) => {
    expect(enter().says(HEAD + behind).told).toEqual([`unshift ${HEAD}`, 'pass'])
  })

  it.each([
    ['an empty line before it, behind which the parser would wait for more', `\r\n\r\n${HEAD}`],
    ['something that is no request', '\x16\x03\x01'],
    ['a method in small letters', 'get / HTTP/1.1\r\n\r\n'],
    ['what comes before the letters', '@GET / HTTP/1.1\r\n\r\n'],
    ['what comes behind the letters', '[GET / HTTP/1.1\r\n\r\n'],
  ])('answers 400 to %s, and ends the socket', (_, text) => {
    const peer = enter().says(text)
    expect(peer.told).toEqual(['HTTP/1.1 400 Bad Request', 'destroy'])
    // Whoever is turned away may break off, which ends nothing but its own socket.
    expect(peer.emit('error', new Error('ECONNRESET'))).toBe(true)
  })

  it('takes methods of any letters for the parser to judge', () => {
    expect(enter().says('A / HTTP/1.1\r\n\r\n').told).toContain('pass')
    expect(enter().says('Z / HTTP/1.1\r\n\r\n').told).toContain('pass')
  })

  it('answers 431 to a head that is longer than the parser takes', () => {
    const start = 'GET / HTTP/1.1\r\nX: '
    const peer = enter().says(start.padEnd(MAX_HEAD_BYTES, 'x'))
    expect(peer.told).toEqual([])
    peer.says('x')
    expect(peer.told).toEqual(['HTTP/1.1 431 Request Header Fields Too Large', 'destroy'])
  })

  it('answers 408 to a head that does not end in time, however busy it is', () => {
    const peer = enter().says('G')
    vi.advanceTimersByTime(WITHIN_MS - 1)
    peer.says('ET')
    expect(peer.told).toEqual([])
    vi.advanceTimersByTime(1)
    expect(peer.told).toEqual(['late', 'HTTP/1.1 408 Request Timeout', 'destroy'])
    peer.says(' / HTTP/1.1\r\n\r\n')
    expect(peer.told).toHaveLength(3)
  })

  it('ends a socket whose other side has said its last word before the end of a head', () => {
    const peer = enter().says('GET')
    peer.emit('end')
    expect(peer.told).toEqual(['destroy'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('forgets a socket that breaks', () => {
    const peer = enter()
    peer.emit('error', new Error('ECONNRESET'))
    peer.emit('close')
    expect([peer.told, peer.eventNames()]).toEqual([[], []])
    expect(vi.getTimerCount()).toBe(0)
  })
})
