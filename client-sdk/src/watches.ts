import type { WatchEventType, WatchLists } from './protocol.js'

/** What a one-shot watch tells: that something happened to the node at `path`, not what it is now. */
export interface WatchEvent {
  type: WatchEventType
  path: string
}

/** Called once, when the node changes. Dropped unheard when the session ends: set it anew at 'session'. */
export type Watcher = (event: WatchEvent) => void

export type WatchList = keyof WatchLists

/** The one-shot watches of a session, in the lists that ZooKeeper keeps them in. */
export class Watches {
  readonly #lists = {
    data: new Map<string, Set<Watcher>>(),
    exist: new Map<string, Set<Watcher>>(),
    child: new Map<string, Set<Watcher>>(),
  }

  add(list: WatchList, path: string, watcher: Watcher): void {
    const watchers = this.#lists[list].get(path) ?? new Set()
    this.#lists[list].set(path, watchers.add(watcher))
  }

  /** Calls everyone whom the event concerns, once, and forgets them. */
  fire(type: WatchEventType, path: string): void {
    const { data, exist, child } = this.#lists
    const lists = type === 'NodeChildrenChanged' ? [child] : [data, exist]
    if (type === 'NodeDeleted') lists.push(child)
    const concerned = new Set(lists.flatMap((list) => [...(list.get(path) ?? [])]))
    for (const list of lists) list.delete(path)
    // In a microtask: whoever awaits a reply that came before the event in the same frame continues first,
    // and a watcher that throws becomes an uncaught error without disturbing anything here.
    for (const watcher of concerned) queueMicrotask(() => watcher({ type, path }))
  }

  paths(): WatchLists {
    const { data, exist, child } = this.#lists
    return { data: [...data.keys()], exist: [...exist.keys()], child: [...child.keys()] }
  }
}
