import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import { createEvents } from '../../../../client-sdk/src/session/events.js'
import { catchUncaughtErrors } from '../../../tools/sdk/caught-errors.js'

afterEach(() => vi.unstubAllGlobals())

it('listeners of one type are called in order until they unsubscribe', () => {
  const events = createEvents<{ a: number; b: string }>()
  const heard: unknown[] = []
  const stop = events.on('a', (event) => heard.push(['first', event]))
  events.on('a', (event) => heard.push(['second', event]))
  events.on('b', (event) => heard.push(['b', event]))
  events.emit('a', 1)
  stop()
  events.emit('a', 2)
  events.emit('b', 'x')
  expect(heard).toEqual([
    ['first', 1],
    ['second', 1],
    ['second', 2],
    ['b', 'x'],
  ])
})

it('a listener that was added twice is called twice, and each ends by itself', () => {
  const events = createEvents<{ a: number }>()
  const listener = vi.fn()
  const stop = events.on('a', listener)
  events.on('a', listener)
  events.emit('a', 1)
  stop()
  events.emit('a', 2)
  expect(listener.mock.calls).toEqual([[1], [1], [2]])
})

it('a listener ends with its signal, and never begins with an aborted one', () => {
  const events = createEvents<{ a: number }>()
  const listener = vi.fn()
  const abort = new AbortController()
  events.on('a', listener, { signal: abort.signal })
  events.on('a', listener, { signal: AbortSignal.abort() })
  events.emit('a', 1)
  abort.abort()
  events.emit('a', 2)
  expect(listener.mock.calls).toEqual([[1]])
})

it('the error of a listener that throws stays uncaught, and the others are called', async () => {
  const { caught, stop } = catchUncaughtErrors()
  const events = createEvents<{ a: number }>()
  const heard: number[] = []
  events.on('a', () => {
    throw new Error('mine')
  })
  events.on('a', (event) => heard.push(event))
  events.emit('a', 1)
  await setImmediate()
  stop()
  expect([heard, caught]).toEqual([[1], [new Error('mine')]])
})
