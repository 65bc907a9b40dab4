import type { WatchEventType } from '../protocol.js'
import type { ZoogateError } from '../session/errors.js'

/**
 * What a lasting watch tells. `resync`, with the watch's own path: events are missing here, so read again what you
 * show. The watch is set by then, and tells of everything that happens after that reading.
 */
export interface LastingWatchEvent {
  type: WatchEventType | 'resync'
  path: string
}

/** The events of one lasting watch. `break` in a `for await` leaves the watch, and so does `return()`. */
export interface WatchEvents extends AsyncIterableIterator<LastingWatchEvent, undefined, undefined> {
  /** Leaves the watch; what has not been taken is dropped. */
  return(): Promise<IteratorResult<LastingWatchEvent, undefined>>
}

/** An iterator and the end that feeds it. */
export interface WatchStream {
  readonly events: WatchEvents
  tell(event: LastingWatchEvent): void
  /** Events are missing here. Said once, if nothing comes between. */
  resync(): void
  /** Nothing comes any more; with an error the iteration fails, else it finishes, after what is queued. */
  end(error?: ZoogateError): void
}

type Result = IteratorResult<LastingWatchEvent, undefined>

/** At most `maxQueued` events wait; one more, and a `resync` takes the place of all. `onEnd` is called once. */
export function createWatchStream(path: string, maxQueued: number, onEnd: () => void): WatchStream {
  /** Always this one: two in a row would say no more. */
  const gap: LastingWatchEvent = { type: 'resync', path }
  /** An error is the last of it. */
  let queued: (LastingWatchEvent | ZoogateError)[] = []
  /** One for each next() that came too early. */
  const waiting: ((result: Result | Promise<Result>) => void)[] = []
  let isEnded = false

  // Settles here and now: a reply that came before the event has settled its promise already.
  function serve(): void {
    while (waiting[0] && (queued[0] || isEnded)) {
      const value = queued.shift()
      waiting.shift()?.(value instanceof Error ? Promise.reject(value) : ({ value, done: !value } as Result))
    }
  }
  function tell(event: LastingWatchEvent): void {
    if (isEnded || queued.at(-1) === event) return
    if (queued.length < maxQueued) queued.push(event)
    else queued = [gap]
    serve()
  }
  function end(error?: ZoogateError): void {
    if (isEnded) return
    isEnded = true
    if (error) queued.push(error)
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
  return {
    events,
    tell,
    resync: () => tell(gap),
    end,
  }
}
