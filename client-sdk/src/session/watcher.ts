import type { GatewayMessage, WatchEventType, WatchLists } from '../protocol.js'
import type { Connection } from './connection.js'

/** What a one-shot watch tells: that something happened to the node at `path`, not what it is now. */
export interface WatchEvent {
  type: WatchEventType
  path: string
}

/** Called once, when the node changes. Dropped unheard when the session ends: set it anew at 'session'. */
export type Watcher = (event: WatchEvent) => void

/** The lists whose watches are gone once they have fired. */
export type WatchList = 'data' | 'exist' | 'child'

/** The one-shot watches of a session, in the lists that ZooKeeper keeps them in. */
export interface Watches {
  hold(list: WatchList, path: string, watcher: Watcher): void
  /** Calls everyone whom the event concerns, once, and forgets them. */
  fire(type: WatchEventType, path: string): void
  /** The paths that are held, as a resume names them. */
  lists(): WatchLists
  /** Is given every message of the session, also while it is being closed, before anybody else acts on it. */
  hear?(message: GatewayMessage, connection: Pick<Connection, 'send'>): void
}
