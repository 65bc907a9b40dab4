import { EVENT } from './protocol.js'
import type { Acl } from './records.js'

/** A watch notifies one connection: its watches end with it. */
export interface Watcher {
  /** @param acl of the node that the event is about: an event goes only to connections that may read the node. */
  notify(type: number, path: string, acl: readonly Acl[]): void
}

/** once: gone when it fires. recursive: for the node and all nodes below it, and never for "children changed". */
export type WatchMode = 'once' | 'persistent' | 'recursive'

/** A node that an event is about. It may be deleted. */
export interface WatchedNode {
  readonly path: string
  readonly acl: readonly Acl[]
}

/** One kind of watches. A watcher has at most one on a path: a later one replaces it, whatever its mode. */
export class WatchTable {
  readonly #byPath = new Map<string, Map<Watcher, WatchMode>>()

  get size(): number {
    let size = 0
    for (const watchers of this.#byPath.values()) size += watchers.size
    return size
  }

  add(path: string, watcher: Watcher, mode: WatchMode): void {
    const watchers = this.#byPath.get(path)
    if (watchers === undefined) this.#byPath.set(path, new Map([[watcher, mode]]))
    else watchers.set(watcher, mode)
  }

  /**
   * Notifies each watcher of this event once, but for those that were `notified` before.
   * @returns the watchers of this event
   */
  trigger(
    type: number,
    { path, acl }: WatchedNode,
    notified: ReadonlySet<Watcher> = new Set(),
  ): Set<Watcher> {
    const concerned = new Set<Watcher>()
    for (const [watcher, mode] of this.#byPath.get(path) ?? []) {
      if (mode === 'recursive') continue
      concerned.add(watcher)
      if (mode === 'once') this.remove(path, watcher)
    }
    if (type !== EVENT.CHILDREN_CHANGED) {
      for (const watcher of this.#recursiveAbove(path)) concerned.add(watcher)
    }
    for (const watcher of concerned) if (!notified.has(watcher)) watcher.notify(type, path, acl)
    return concerned
  }

  /** Whether any connection watches exactly this path. ZooKeeper checks nothing more. */
  covers(path: string): boolean {
    return this.#byPath.has(path)
  }

  /** @returns whether there was one. */
  remove(path: string, watcher: Watcher): boolean {
    const watchers = this.#byPath.get(path)
    if (watchers?.delete(watcher) !== true) return false
    if (watchers.size === 0) this.#byPath.delete(path)
    return true
  }

  removeAllOf(watcher: Watcher): void {
    for (const path of [...this.#byPath.keys()]) this.remove(path, watcher)
  }

  *#recursiveAbove(path: string): Iterable<Watcher> {
    for (let at = path; ; at = at.slice(0, at.lastIndexOf('/')) || '/') {
      for (const [watcher, mode] of this.#byPath.get(at) ?? []) if (mode === 'recursive') yield watcher
      if (at === '/' || !at.includes('/')) return
    }
  }
}

/** The watches of every connection. As in ZooKeeper, watches for data and for existence are one kind. */
export class Watches {
  readonly data = new WatchTable()
  readonly children = new WatchTable()

  /** A persistent watch is of both kinds, so that each kind notifies as it would alone. */
  addPersistent(path: string, watcher: Watcher, mode: WatchMode): void {
    this.data.add(path, watcher, mode)
    this.children.add(path, watcher, mode)
  }

  created(node: WatchedNode, parent: WatchedNode): void {
    this.data.trigger(EVENT.CREATED, node)
    this.children.trigger(EVENT.CHILDREN_CHANGED, parent)
  }

  /** A connection that watches both the data and the children of the node is notified once. */
  deleted(node: WatchedNode, parent: WatchedNode): void {
    const notified = this.data.trigger(EVENT.DELETED, node)
    this.children.trigger(EVENT.DELETED, node, notified)
    this.children.trigger(EVENT.CHILDREN_CHANGED, parent)
  }

  dataChanged(node: WatchedNode): void {
    this.data.trigger(EVENT.DATA_CHANGED, node)
  }

  removeAllOf(watcher: Watcher): void {
    this.data.removeAllOf(watcher)
    this.children.removeAllOf(watcher)
  }
}
