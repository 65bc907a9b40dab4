import type { Watcher, Watches } from '../session/watcher.js'

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
