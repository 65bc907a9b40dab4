import type { WatchEventType } from '../protocol.js'
import type { MakeCall } from '../session/calls.js'
import type { ZoogateError } from '../session/errors.js'
import type { Store } from '../session/store.js'
import { LOST } from '../session/verdict.js'
import type { Watches } from '../session/watcher.js'
import { createWatchStream, type WatchEvents, type WatchStream } from './watch-stream.js'
import { createWatches } from './watches.js'

export interface WatchOptions {
  /**
   * Watches every node below the path as well. Then there is no NodeChildrenChanged: the children tell of themselves.
   * @default false
   */
  recursive?: boolean
  /** Aborting it leaves the watch: the iteration finishes. */
  signal?: AbortSignal
  /**
   * How many events may wait to be taken, at least 1. When one more comes, all are dropped and a `resync` takes their place.
   * @default 1_000
   */
  maxQueued?: number
}

/** Sets a watch that stays until the iteration is left. */
export type Watch = (path: string, options?: WatchOptions) => WatchEvents

/** addWatch is on its way, or waits for a connection; then the gateway has the watch, until the session ends. */
type State = 'asked' | 'set'

interface LastingWatch {
  readonly key: string
  readonly path: string
  readonly recursive: boolean | undefined
  readonly streams: Set<WatchStream>
  state: State
}

/** Enough for a burst of changes in one tick; a page that lags further is better off reading anew. */
const DEFAULT_MAX_QUEUED = 1_000

const concerns = (type: WatchEventType, at: string, { path, recursive }: LastingWatch): boolean =>
  recursive ? type !== 'NodeChildrenChanged' && `${at}/`.startsWith(path.replace(/\/?$/, '/')) : at === path

export interface LastingWatches {
  readonly watch: Watch
  /** Makes a new session's watches: its own that fire once, and these. */
  createWatches(): Watches
}

/** The watches of a client that outlive their events, its connections and its sessions. */
export function createLastingWatches(call: MakeCall, on: Store['on']): LastingWatches {
  const held = new Map<string, LastingWatch>()
  /** Those that have missed events and were not told yet. */
  const behind = new Set<WatchStream>()
  /** Of the session that was made last. */
  let newest: Watches
  /** Of the session that was opened last. While another takes its place, that one is made but not open yet. */
  let opened: Watches

  function tellGaps(): void {
    for (const stream of behind) stream.resync()
    behind.clear()
  }

  /**
   * Tells the gateway what is wanted: the watch while it is held, then its removal, unless somebody has set it anew.
   * Without a deadline: it waits for a connection as long as somebody waits for the events.
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
      // When a session has expired, CLOSED has told already. What could not be removed went with its session.
      else if (held.get(key) === watch && error.code !== LOST) {
        // Whoever called close() as soon as a session had ended knows.
        finish(watch, newest !== opened && error.code === 'SESSION_CLOSED' ? undefined : error)
      }
    })
  }
  function finish({ key, streams }: LastingWatch, error?: ZoogateError): void {
    held.delete(key)
    for (const stream of streams) stream.end(error)
  }

  on('state', ({ state }) => {
    if (state === 'CONNECTED') tellGaps()
    for (const watch of held.values()) {
      if (state === 'CONNECTING') for (const stream of watch.streams) behind.add(stream)
      if (state === 'CLOSED') (newest === opened ? finish : ask)(watch)
    }
    if (state === 'CONNECTING') opened = newest
  })

  return {
    watch(path, { recursive, signal, maxQueued = DEFAULT_MAX_QUEUED } = {}) {
      const key = `${!!recursive} ${path}`
      const watch = held.get(key) ?? { key, path, recursive, streams: new Set(), state: 'asked' }
      const { streams } = watch
      const stream = createWatchStream(path, maxQueued, () => {
        signal?.removeEventListener('abort', leave)
        streams.delete(stream)
        if (streams.size > 0 || held.get(key) !== watch) return
        held.delete(key)
        ask(watch)
      })
      const leave = () => stream.events.return()
      signal?.addEventListener('abort', leave)
      streams.add(stream)
      if (signal?.aborted) leave()
      else if (streams.size === 1) {
        held.set(key, watch)
        ask(watch)
      }
      return stream.events
    },
    createWatches() {
      const oneShot = createWatches()
      const session: Watches = {
        ...oneShot,
        fire(type, path) {
          oneShot.fire(type, path)
          // A session that is being closed can still bring events.
          if (session !== newest) return
          tellGaps()
          for (const watch of held.values()) {
            if (watch.state !== 'set' || !concerns(type, path, watch)) continue
            for (const stream of watch.streams) stream.tell({ type, path })
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
      newest = session
      return session
    },
  }
}
