import { type ClientSnapshot, EMPTY_SESSION, type Store } from '../session/store.js'
import { EMPTY_VIEW, type ShowView, type ViewOptions, type ViewSnapshot } from '../views/view.js'

/** A source of snapshots from its opening until it is closed, such as a view. */
export interface Source<Snapshot> {
  getSnapshot(): Snapshot
  subscribe(listener: () => void): () => void
  close(): void
}

/** A store for `useSyncExternalStore` and the like. It costs nothing without a listener. */
export interface LazyStore<Snapshot> {
  getSnapshot(): Snapshot
  /** The initial snapshot, which a server renders. */
  getServerSnapshot(): Snapshot
  /** Returns the unsubscribe. */
  subscribe(listener: () => void): () => void
}

export interface OpeningStore<Snapshot, Opened> extends LazyStore<Snapshot> {
  /** The open source; null while none is open. */
  opened(): Opened | null
  /** Opens the source now. Null without a listener, and without a source. */
  open(): Opened | null
}

/**
 * A store whose source is open while it has listeners; with `openSource` null it stays empty. It may be made in a render
 * that is thrown away, and on a server.
 *
 * The source is opened a microtask after the first listener was added: a rendering server removes its listener before
 * that, and a page takes over the server's markup before anything in it can change. The source is closed a task after
 * the last listener was removed: a component that mounts again at once, as in React's StrictMode, or another one on
 * the same path keeps it open.
 */
export function createLazyStore<Snapshot, Opened extends Source<Snapshot>>(
  empty: Snapshot,
  openSource: (() => Opened) | null,
): OpeningStore<Snapshot, Opened> {
  const listeners = new Set<() => void>()
  let source: Opened | null = null

  function notify(): void {
    for (const listener of listeners) listener()
  }
  function open(): Opened | null {
    if (source || !openSource || listeners.size === 0) return source
    source = openSource()
    source.subscribe(notify)
    notify()
    return source
  }
  function closeIfUnused(): void {
    if (listeners.size > 0) return
    source?.close()
    source = null
  }

  return {
    getSnapshot: () => (source ? source.getSnapshot() : empty),
    getServerSnapshot: () => empty,
    subscribe(listener) {
      // A new function, so that a listener that was added twice is removed separately.
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

/** The part of a client that a view needs. */
export interface ViewClient {
  view: ShowView
}

/** A view that is open while the store has listeners; empty without a client. */
export function createViewStore(
  zk: ViewClient | null,
  path: string,
  { depth = 'children', data = false }: ViewOptions = {},
): LazyStore<ViewSnapshot> {
  return createLazyStore(EMPTY_VIEW, zk && (() => zk.view(path, { depth, data })))
}

/** The part of a client that its state needs. */
export type SessionStore = Pick<Store, 'subscribe' | 'getSnapshot' | 'getServerSnapshot'>

const empty = (): ClientSnapshot => EMPTY_SESSION
const NO_SESSION: SessionStore = {
  subscribe: () => () => undefined,
  getSnapshot: empty,
  getServerSnapshot: empty,
}

/** The client itself is the store; without a client the store is empty and never changes. */
export const sessionStoreOf = (zk: SessionStore | null): SessionStore => zk ?? NO_SESSION
