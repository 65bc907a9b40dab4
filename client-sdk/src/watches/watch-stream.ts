import type { WatchEventType } from '../protocol.js'
import type { ZoogateError } from '../session/errors.js'

/**
 * An event of a lasting watch. `resync`, with the watch's own path: events are missing here, so read again what you
 * show. The watch is set by then, and reports every change after that reading.
 */
export interface LastingWatchEvent {
  type: WatchEventType | 'resync'
  path: string
}

/** The events of one lasting watch. `break` in a `for await` leaves the watch, and so does `return()`. */
export interface WatchEvents extends AsyncIterableIterator<LastingWatchEvent, undefined, undefined> {
  /** Leaves the watch; events that wait are dropped. */
  return(): Promise<IteratorResult<LastingWatchEvent, undefined>>
}

/** A queue of events with an iterator. */
export interface WatchStream {
  readonly events: WatchEvents
  feed(event: LastingWatchEvent): void
  /** Events are missing from here on: a `resync` comes before the next event, and at `catchUp`. */
  miss(): void
  catchUp(): void
  /** No event follows: after the queued events the iteration fails with the error, or finishes without one. */
  end(error?: ZoogateError): void
}

type Result = IteratorResult<LastingWatchEvent, undefined>

/**
 * At most `maxQueued` events wait; when one more comes, a `resync` replaces them. `onEnd` is called once. Aborting `signal`
 * leaves the watch.
 */
export function createWatchStream(
  path: string,
  maxQueued: number,
  onEnd: () => void,
  signal?: AbortSignal,
): WatchStream {
  /** Always this object, so that two in a row are recognised. */
  const gap: LastingWatchEvent = { type: 'resync', path }
  /** An error is the last element. */
  let queued: (LastingWatchEvent | ZoogateError)[] = []
  /** One for each next() that waits for an event. */
  const waiting: ((result: Result | Promise<Result>) => void)[] = []
  let isBehind = false
  let isEnded = false

  // Settles here and now: a reply that came before the event has settled its promise already.
  function serve(): void {
    while (waiting[0] && (queued[0] || isEnded)) {
      const value = queued.shift()
      waiting.shift()?.(value instanceof Error ? Promise.reject(value) : ({ value, done: !value } as Result))
    }
  }
  function catchUp(): void {
    if (!isBehind) return
    isBehind = false
    feed(gap)
  }
  function feed(event: LastingWatchEvent): void {
    catchUp()
    if (isEnded || queued.at(-1) === event) return
    if (queued.length < maxQueued) queued.push(event)
    else queued = [gap]
    serve()
  }
  function end(error?: ZoogateError): void {
    if (isEnded) return
    isEnded = true
    if (error) queued.push(error)
    signal?.removeEventListener('abort', events.return)
    onEnd()
    serve()
  }
  const events: WatchEvents = {
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        serve()
      }),
    return() {
      queued = []
      end()
      return events.next()
    },
    [Symbol.asyncIterator]: () => events,
  }
  signal?.addEventListener('abort', events.return)
  return {
    events,
    feed,
    miss() {
      isBehind = true
    },
    catchUp,
    end,
  }
}
