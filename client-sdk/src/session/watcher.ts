import type { WatchEventType, WatchLists } from '../protocol.js'

/** The event of a one-shot watch: the node at `path` changed. The new state has to be read. */
export interface WatchEvent {
  type: WatchEventType
  path: string
}

/** Called once, when the node changes. The end of the session drops it without a call: set it anew at 'session'. */
export type Watcher = (event: WatchEvent) => void

/** The lists of one-shot watches. */
export type WatchList = 'data' | 'exist' | 'child'

/** The one-shot watches of a session, in the lists that ZooKeeper keeps them in. */
export interface Watches {
  hold(list: WatchList, path: string, watcher: Watcher): void
  /** Calls each watcher of the event once, and drops it. */
  fire(type: WatchEventType, path: string): void
  /** The watched paths, as a resume names them. */
  lists(): WatchLists
}
