import type { Clock } from './clock.js'
import { parentOf } from './node-path.js'
import { type Session, Sessions } from './sessions.js'
import { CONTAINER_OWNER, type Stamp, Tree, ttlOf, type Undo } from './tree.js'
import { type WatchedNode, Watches } from './watches.js'

const EPOCH_BITS = 32n

/** One transaction: how to undo its changes so far, and the watches to trigger once it is complete. */
export class Change implements Stamp {
  readonly zxid: bigint
  readonly time: number
  readonly #undo: Undo[] = []
  readonly #announcements: (() => void)[] = []

  constructor(zxid: bigint, time: number) {
    this.zxid = zxid
    this.time = time
  }

  did(undo: Undo, announce: () => void = () => {}): void {
    this.#undo.push(undo)
    this.#announcements.push(announce)
  }

  commit(): void {
    for (const announce of this.#announcements) announce()
  }

  rollBack(): void {
    for (const undo of this.#undo.reverse()) undo()
  }
}

/** The state that all servers share: nodes, watches, sessions and the number of the last transaction. */
export class EnsembleState {
  readonly clock: Clock
  readonly tree: Tree
  readonly watches = new Watches()
  readonly sessions: Sessions
  #zxid = 0n

  constructor(clock: Clock, tickTimeMs: number) {
    this.clock = clock
    this.tree = new Tree(clock.wallTime())
    this.sessions = new Sessions(clock, tickTimeMs)
  }

  /** Of the last transaction, whether it succeeded or not. */
  get zxid(): bigint {
    return this.#zxid
  }

  /** A new leader counts the lower half of the zxid from 0 again. */
  startEpoch(): void {
    this.#zxid = ((this.#zxid >> EPOCH_BITS) + 1n) << EPOCH_BITS
  }

  /** Takes the next zxid; a transaction that fails uses it up, too. If `make` throws, its changes are undone. */
  transact<T>(make: (change: Change) => T): T {
    const change = new Change(++this.#zxid, this.clock.wallTime())
    try {
      const result = make(change)
      change.commit()
      return result
    } catch (error) {
      change.rollBack()
      throw error
    }
  }

  /** A node that exists, as watches need it. */
  watchedNode(path: string): WatchedNode {
    return { path, acl: this.tree.get(path).acl }
  }

  removeNode(path: string, change: Change): void {
    const { acl } = this.tree.get(path)
    const parent = this.watchedNode(parentOf(path))
    change.did(this.tree.remove(path, change), () => this.watches.deleted({ path, acl }, parent))
  }

  openSession(server: number, timeoutMs: number): Session {
    return this.transact(() => this.sessions.open(server, timeoutMs))
  }

  /** Its ephemeral nodes go with it. */
  endSession(id: bigint): void {
    this.sessions.remove(id)
    this.transact((change) => {
      for (const path of this.tree.ephemeralsOf(id)) this.removeNode(path, change)
    })
  }

  /** Deletes containers that had children and have none now, and childless nodes past their time to live. */
  sweep(): void {
    const now = this.clock.wallTime()
    const due = [...this.tree.entries()].filter(([, node]) => {
      if (node.children.size > 0) return false
      const ttlMs = ttlOf(node)
      return ttlMs !== null
        ? now - node.mtime > ttlMs
        : node.owner === CONTAINER_OWNER && node.childrenCreated > 0
    })
    for (const [path] of due) this.transact((change) => this.removeNode(path, change))
  }
}
