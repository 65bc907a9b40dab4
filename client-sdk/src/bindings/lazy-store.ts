/** Something that shows what is there from being opened until it is closed, such as a view. */
export interface Source<Snapshot> {
  getSnapshot(): Snapshot
  subscribe(listener: () => void): () => void
  close(): void
}

/** A store as `useSyncExternalStore` and its like take it, which costs nothing while nobody listens. */
export interface LazyStore<Snapshot> {
  getSnapshot(): Snapshot
  /** What a server renders. */
  getServerSnapshot(): Snapshot
  /** Returns the unsubscribe. */
  subscribe(listener: () => void): () => void
}

export interface OpeningStore<Snapshot, Opened> extends LazyStore<Snapshot> {
  /** Null while nothing is open. */
  opened(): Opened | null
  /** Opens it now, if somebody listens; null if nobody does, or if there is nothing to open. */
  open(): Opened | null
}

/**
 * A store of what `openSource` opens (null: nothing, ever), for as long as somebody listens. It may be made in a render
 * that is thrown away, and on a server.
 *
 * It opens a microtask after the first has begun to listen: a server that renders listens no longer than that, and a
 * page takes over the server's markup before anything in it can change. It closes a task after the last has stopped:
 * who mounts again at once, as React's StrictMode does, or mounts another component on the same path, keeps it open.
 */
export function createLazyStore<Snapshot, Opened extends Source<Snapshot>>(
  unseen: Snapshot,
  openSource: (() => Opened) | null,
): OpeningStore<Snapshot, Opened> {
  const listeners = new Set<() => void>()
  let source: Opened | null = null

  function tell(): void {
    for (const listener of listeners) listener()
  }
  function open(): Opened | null {
    if (source || !openSource || listeners.size === 0) return source
    source = openSource()
    source.subscribe(tell)
    tell()
    return source
  }
  function closeIfUnused(): void {
    if (listeners.size > 0) return
    source?.close()
    source = null
  }

  return {
    getSnapshot: () => (source ? source.getSnapshot() : unseen),
    getServerSnapshot: () => unseen,
    subscribe(listener) {
      // A function of its own, so that a listener that is given twice ends separately.
      const listen = () => listener()
      listeners.add(listen)
      queueMicrotask(open)
      return () => {
        listeners.delete(listen)
        setTimeout(closeIfUnused)
      }
    },
    opened: () => source,
    open,
  }
}
