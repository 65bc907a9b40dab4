import { describe, expect, it, vi } from 'vitest'
import { ZoogateError } from '../../../../client-sdk/src/session/errors.js'
import { createWatchStream, type LastingWatchEvent } from '../../../../client-sdk/src/watches/watch-stream.js'
import { rejection } from '../../../tools/sdk/playground.js'

const DONE = { value: undefined, done: true }
const event = (path: string): LastingWatchEvent => ({ type: 'NodeCreated', path })
const RESYNC = { type: 'resync', path: '/w' }

function stream(maxQueued = 10) {
  const onEnd = vi.fn()
  const made = createWatchStream('/w', maxQueued, onEnd)
  const next = () => made.events.next()
  const value = async () => (await next()).value
  const gap = () => {
    made.miss()
    made.catchUp()
  }
  return { ...made, gap, onEnd, next, value }
}

describe('the events of a watch', () => {
  it('come in their order, whether they or the next() came first', async () => {
    const { feed, next } = stream()
    const early = [next(), next()]
    for (const path of ['/1', '/2', '/3']) feed(event(path))
    const results = await Promise.all([...early, next()])
    expect(results).toEqual(['/1', '/2', '/3'].map((path) => ({ value: event(path), done: false })))
  })

  it('give way to one resync when more than maxQueued wait, and go on after it', async () => {
    const { feed, value } = stream(2)
    for (const path of ['/1', '/2', '/3']) feed(event(path))
    feed(event('/4'))
    expect([await value(), await value()]).toEqual([RESYNC, event('/4')])
  })

  it('never wait in greater number than maxQueued, however many come', async () => {
    const { feed, events, end } = stream(3)
    for (let count = 0; count < 1_000; count++) feed(event(`/${count}`))
    end()
    const taken: LastingWatchEvent[] = []
    for await (const one of events) taken.push(one)
    expect(taken.length).toBeLessThanOrEqual(3)
    expect(taken[0]).toEqual(RESYNC)
  })

  it('have one resync for two gaps that follow each other, and two where an event is between', async () => {
    const { feed, gap, value } = stream()
    gap()
    gap()
    feed(event('/1'))
    gap()
    expect([await value(), await value(), await value()]).toEqual([RESYNC, event('/1'), RESYNC])
  })
})

describe('the end of a watch', () => {
  it('comes after the queued events, and stays', async () => {
    const { feed, end, next, value, onEnd } = stream()
    feed(event('/1'))
    end()
    feed(event('/late'))
    end(new ZoogateError('NO_AUTH', 'late'))
    expect(await value()).toEqual(event('/1'))
    expect([await next(), await next()]).toEqual([DONE, DONE])
    expect(onEnd).toHaveBeenCalledOnce()
  })

  it('fails one next() with an error, and finishes later ones', async () => {
    const { end, next } = stream()
    const waiting = [rejection(next()), next()]
    const error = new ZoogateError('NO_AUTH', 'no')
    end(error)
    expect(await Promise.all(waiting)).toEqual([error, DONE])
  })

  it('drops the queued events by return(), also an error, and finishes a next() that waits', async () => {
    const { feed, end, events, next } = stream()
    feed(event('/1'))
    end(new ZoogateError('NO_AUTH', 'no'))
    expect([await events.return(), await next()]).toEqual([DONE, DONE])
    const other = stream()
    const waiting = other.next()
    other.events.return()
    expect(await waiting).toEqual(DONE)
    expect(other.onEnd).toHaveBeenCalledOnce()
  })
})
