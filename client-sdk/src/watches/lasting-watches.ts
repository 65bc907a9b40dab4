import type { WatchEventType } from '../protocol.js'
import type { MakeCall } from '../session/calls.js'
import type { ZoogateError } from '../session/errors.js'
import type { Store } from '../session/store.js'
import { RENEWABLE } from '../session/verdict.js'
import type { Watches } from '../session/watcher.js'
import { createWatches } from './one-shot-watches.js'
import { createWatchStream, type WatchEvents, type WatchStream } from './watch-stream.js'

export interface WatchOptions {
  /**
   * Watches every node below the path as well. Then there is no NodeChildrenChanged: the children's own events say it.
   * @default false
   */
  recursive?: boolean
  /** Aborting it leaves the watch: the iteration finishes. */
  signal?: AbortSignal
  /**
   * How many events may wait to be taken, at least 1. When one more comes, all are dropped and a `resync` replaces them.
   * @default 1_000
   */
  maxQueued?: number
}

/** Sets a watch that stays until the iteration is left. */
export type Watch = (path: string, options?: WatchOptions) => WatchEvents

interface LastingWatch {
  readonly key: string
  readonly path: string
  readonly recursive: boolean | undefined
  readonly streams: Set<WatchStream>
  /** `asked`: addWatch is on its way, or waits for a connection. `set`: the gateway has it, until the session ends. */
  state: 'asked' | 'set'
}

/** Enough for a burst of changes in one tick; a page that lags further is better off reading anew. */
const DEFAULT_MAX_QUEUED = 1_000

export interface LastingWatches {
  readonly watch: Watch
  /** Makes the watches of a new session: its own one-shot watches, and the lasting ones. */
  createWatches(): Watches
}

/** The watches of a client that outlive their events, its connections and its sessions. */
export function createLastingWatches(call: MakeCall, on: Store['on']): LastingWatches {
  const held: Held = new Map()
  /** Of the session that was made last. */
  let newest: Watches
  /** Of the session that was opened last. During a renewal the next session is made but not open yet. */
  let opened: Watches
  /**
   * Asks the gateway for the watch while it is held, then for its removal, unless a newer watch holds the path.
   * Without a deadline: it waits for a connection as long as the events are wanted.
   */
  function ask(watch: LastingWatch): void {
    const { key, path, recursive } = watch
    const holder = held.get(key)
    if (holder && holder !== watch) return
    watch.state = 'asked'
    call(holder ? 'addWatch' : 'removeWatch', path, { recursive, timeoutMs: Infinity }, () => {
      watch.state = 'set'
    }).catch((error: ZoogateError) => {
      if (error.code === 'CONNECTION_LOSS') ask(watch)
      // When a session has expired, CLOSED has handled the watch. A watch that could not be removed went with its session.
      else if (held.get(key) === watch && error.code !== RENEWABLE) {
        // close() during a renewal: the caller knows, so the iteration finishes without an error.
        finish(watch, newest !== opened && error.code === 'SESSION_CLOSED' ? undefined : error)
      }
    })
  }
  function finish({ key, streams }: LastingWatch, error?: ZoogateError): void {
    held.delete(key)
    for (const stream of streams) stream.end(error)
  }

  on('state', ({ state }) => {
    for (const watch of held.values()) {
      if (state === 'CLOSED') (newest === opened ? finish : ask)(watch)
      else for (const stream of watch.streams) state === 'CONNECTED' ? stream.catchUp() : stream.miss()
    }
    if (state === 'CONNECTING') opened = newest
  })

  return {
    watch(path, { recursive, signal, maxQueued = DEFAULT_MAX_QUEUED } = {}) {
      const key = `${!!recursive} ${path}`
      const watch = held.get(key) ?? { key, path, recursive, streams: new Set(), state: 'asked' }
      const { streams } = watch
      const stream = createWatchStream(
        path,
        maxQueued,
        () => {
          streams.delete(stream)
          if (streams.size > 0 || held.get(key) !== watch) return
          held.delete(key)
          ask(watch)
        },
        signal,
      )
      streams.add(stream)
      if (signal?.aborted) stream.events.return()
      else if (streams.size === 1) {
        held.set(key, watch)
        ask(watch)
      }
      return stream.events
    },
    createWatches() {
      // A session that is being closed can still bring events.
      newest = withLasting(held, (session) => session === newest)
      return newest
    },
  }
}

type Held = Map<string, LastingWatch>

/** The watches of one session: one-shot watches of its own, and the lasting ones while the session is the newest. */
function withLasting(held: Held, isNewest: (session: Watches) => boolean): Watches {
  const oneShot = createWatches()
  const session: Watches = {
    ...oneShot,
    fire(type, path) {
      oneShot.fire(type, path)
      if (!isNewest(session)) return
      for (const watch of held.values()) {
        if (watch.state !== 'set' || !concerns(type, path, watch)) continue
        for (const stream of watch.streams) stream.feed({ type, path })
      }
    },
    lists() {
      const lists = oneShot.lists()
      for (const { path, recursive, state } of held.values()) {
        const list = recursive ? 'recursive' : 'persistent'
        if (state === 'set') lists[list] = [...(lists[list] ?? []), path]
      }
      return lists
    },
  }
  return session
}

const concerns = (type: WatchEventType, at: string, { path, recursive }: LastingWatch): boolean =>
  recursive ? type !== 'NodeChildrenChanged' && `${at}/`.startsWith(path.replace(/\/?$/, '/')) : at === path
