import type { Connection } from './connection.js'
import type { GatewayMessage, WatchEventType, WatchLists } from './protocol.js'

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

export function createWatches(): Watches {
  const data: Paths = new Map()
  const exist: Paths = new Map()
  const child: Paths = new Map()
  const lists = { data, exist, child }
  return {
    hold(list, path, watcher) {
      lists[list].set(path, (lists[list].get(path) ?? new Set()).add(watcher))
    },
    fire(type, path) {
      const concerned = new Set<Watcher>()
      for (const list of [data, exist, child]) {
        if (type !== 'NodeDeleted' && (type === 'NodeChildrenChanged') !== (list === child)) continue
        for (const watcher of list.get(path) ?? []) concerned.add(watcher)
        list.delete(path)
      }
      // In a microtask: whoever awaits a reply that came before the event in the same frame continues first,
      // and a watcher that throws becomes an uncaught error without disturbing anything here.
      for (const watcher of concerned) queueMicrotask(() => watcher({ type, path }))
    },
    lists: () => ({ data: [...data.keys()], exist: [...exist.keys()], child: [...child.keys()] }),
  }
}

type Paths = Map<string, Set<Watcher>>
