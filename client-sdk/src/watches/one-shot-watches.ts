import type { Watcher, Watches } from '../session/watcher.js'

type Paths = Map<string, Set<Watcher>>

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
        list.get(path)?.forEach((watcher) => {
          concerned.add(watcher)
        })
        list.delete(path)
      }
      // In a microtask: code that awaits a reply from before the event in the same frame continues first, and a watcher
      // that throws becomes an uncaught error without disturbing the session.
      for (const watcher of concerned) queueMicrotask(() => watcher({ type, path }))
    },
    lists: () => ({
      data: [...data.keys()],
      exist: [...exist.keys()],
      child: [...child.keys()],
    }),
  }
}
