import type { HexLong, WatchEventType } from 'zoogate-client/protocol'
import { OwnSession, type OwnSessionListener } from '../session/own-session.js'
import type { SessionServices } from '../session/services.js'
import {
  type AttachedSession,
  type Callback,
  type CallResult,
  type EnsembleLink,
  ERR,
  type NodeReading,
} from '../zookeeper/index.js'
import { type ReadLane, ReadWindow } from './read-window.js'
import { NO_ZXID } from './view-tree.js'

/** Enough to keep a server busy over the round trip; a fifth of the requests that it queues for all its clients. */
const READS_UNDER_WAY = 200

export interface SourceEvent {
  /** AccessChanged: not an event of the server; a setACL has passed through this gateway. */
  type: WatchEventType | 'AccessChanged'
  /** The ensemble's path. */
  path: string
}

/** A view as the source knows it. */
export interface Watching {
  readonly path: string
  /** From now on reads are answered, and each change at the path or below has an event. Earlier changes have none. */
  sourceAttached(): void
  /** Reads under way have failed; no event comes before `sourceAttached`. */
  sourceLost(): void
  sourceEvent(event: SourceEvent): void
}

type GetNode = (path: string, callback: Callback<NodeReading>) => void

/** Reads of one view, in turn with the reads of others; with one-shot watches where the server has no lasting ones. */
export interface SourceReads {
  readonly hasLastingWatches: boolean
  getNode: GetNode
  /** Calls `turn` this number of times, now or later, each time when one more node may be read; `turn` reads it at once. */
  getNodes(count: number, turn: (get: GetNode) => void): void
  getChildren(path: string, callback: Callback<{ children: string[] }>): void
  /** Answers for a node that may not be read, too. */
  exists(path: string, callback: Callback<{ stat: { numChildren: number } }>): void
  /** Answered when the server has caught up with the leader. */
  sync(path: string, callback: Callback<object>): void
  /** Drops the reads that wait. */
  end(): void
}

/**
 * Where views come from: a ZooKeeper session of the gateway's own, without any identity, so that every page could read what
 * it reads. It is open while a view is shown.
 */
export class ViewSource implements OwnSessionListener {
  readonly #ensemble: SessionServices
  readonly #views = new Map<string, Set<Watching>>()
  /** Paths on which the session has a lasting watch. */
  readonly #watched = new Set<string>()
  readonly #window = new ReadWindow(READS_UNDER_WAY)
  /** Null while no view is shown. */
  #session: OwnSession | null = null
  #zxid: HexLong = NO_ZXID
  /** Servers before 3.6 have no lasting watches: there each read of a node sets a one-shot watch. */
  #watches: 'lasting' | 'one-shot' = 'lasting'
  #closed: Promise<void> = Promise.resolve()
  #aclChanges = this.#newAclChanges()

  constructor(ensemble: SessionServices) {
    this.#ensemble = ensemble
  }

  /** The newest zxid of any reply: the events of every change up to it have come. */
  get zxid(): HexLong {
    return this.#zxid
  }

  get hasLastingWatches(): boolean {
    return this.#watches === 'lasting'
  }

  get watchCount(): number {
    return this.#session?.link.watchCount ?? 0
  }

  add(view: Watching): void {
    const others = this.#views.get(view.path)
    if (others) others.add(view)
    else this.#views.set(view.path, new Set([view]))
    if (this.#session === null) this.#open()
    else if (this.#session.isAttached) {
      this.#watchViews()
      view.sourceAttached()
    }
  }

  remove(view: Watching): void {
    const views = this.#views.get(view.path)
    if (!views?.delete(view) || views.size > 0) return
    this.#views.delete(view.path)
    if (this.#views.size === 0) this.#close()
    else if (this.#session?.isAttached) this.#watchViews()
  }

  /** A setACL of this node has passed through this gateway. Servers send no event for it. */
  aclChanged(path: string): void {
    const isShown = this.#viewsOver(path).length > 0
    // Without a link the views read everything anew anyway.
    if (isShown && this.#session?.isAttached) this.#aclChanges.add(path)
  }

  /** Resolves when the session of earlier views is closed, or the ensemble has not confirmed it in time. */
  closed(): Promise<void> {
    return this.#closed
  }

  /** Tries another server, because the replies of this one make no sense. The link is lost first. */
  leaveServer(): void {
    this.#session?.link.leaveServer()
  }

  /** For one reading, which ends them. */
  newReads(): SourceReads {
    const lane = this.#window.lane()
    const isLasting = this.hasLastingWatches
    return {
      hasLastingWatches: isLasting,
      getNode: (path, callback) =>
        this.#read(lane, callback, (link, done) => link.getNode(path, !isLasting, done)),
      getNodes: (count, turn) => {
        const link = this.#session?.link
        if (!link) return
        const get: GetNode = (path, callback) =>
          link.getNode(path, !isLasting, (result) => this.#answered(result, callback))
        // One closure for all, so that thousands of waiting reads take hardly any memory.
        const read = () => turn(get)
        for (let left = count; left > 0; left -= 1) lane.enter(read)
      },
      getChildren: (path, callback) =>
        this.#read(lane, callback, (link, done) => link.getChildren(path, !isLasting, done)),
      exists: (path, callback) =>
        this.#read(lane, callback, (link, done) => link.exists(path, !isLasting, done)),
      sync: (path, callback) => this.#read(lane, callback, (link, done) => link.sync(path, done)),
      end: () => lane.end(),
    }
  }

  /** @param lane null for a request that goes before all reads */
  #read<T>(
    lane: ReadLane | null,
    callback: Callback<T>,
    start: (link: EnsembleLink, callback: Callback<T>) => void,
  ): void {
    const link = this.#session?.link
    if (!link) return
    const read = () => start(link, (result) => this.#answered(result, callback))
    if (lane) lane.enter(read)
    else this.#window.enterAhead(read)
  }

  #answered<T>(result: CallResult<T>, callback: Callback<T>): void {
    if (result.zxid !== null) this.#zxid = result.zxid
    // First, so that the reads which this reply leads to go behind the ones that wait already.
    this.#window.leave()
    callback(result)
  }

  // ---- events of the session ----

  sessionAttached({ zxid }: AttachedSession, isNew: boolean): void {
    if (isNew) this.#watched.clear()
    this.#zxid = zxid
    this.#watchViews()
    this.#forEach((view) => view.sourceAttached())
  }

  sessionLost(): void {
    this.#forEach((view) => view.sourceLost())
  }

  sessionEvent(event: SourceEvent): void {
    for (const view of this.#viewsOver(event.path)) view.sourceEvent(event)
  }

  /** Never called: the session has no identity. */
  sessionRefused(): void {}

  #open(): void {
    const { limits } = this.#ensemble
    this.#session = new OwnSession({
      ensemble: this.#ensemble,
      listener: this,
      name: 'views',
      sessionOptions: () => ({
        // A server that knows less than pages have been shown will not do.
        lastZxid: this.#zxid,
        // The largest view's list of children, each with the longest name.
        maxReplyBytes: limits.maxViewNodes * limits.maxPathLength + limits.maxDataBytes,
      }),
    })
    this.#session.open()
  }

  #close(): void {
    this.#closed = this.#session?.close() ?? this.#closed
    this.#session = null
    this.#watches = 'lasting'
    // The next sync of the old ones has no session to be sent over, and would never be answered.
    this.#aclChanges = this.#newAclChanges()
  }

  #newAclChanges(): AclChanges {
    return new AclChanges(
      (path, synced) => this.#read(null, synced, (link, done) => link.sync(path, done)),
      (path) => this.sessionEvent({ type: 'AccessChanged', path }),
    )
  }

  // ---- watches ----

  /** After each loss the link restores its watches; this covers the views that have come and gone meanwhile. */
  #watchViews(): void {
    if (!this.hasLastingWatches) return
    for (const path of this.#watched) if (!this.#views.has(path)) this.#unwatch(path)
    for (const path of this.#views.keys()) if (!this.#watched.has(path)) this.#watch(path)
  }

  #watch(path: string): void {
    this.#watched.add(path)
    const answered = ({ err }: CallResult<object>) => {
      if (err === 0) return
      this.#watched.delete(path)
      if (err === ERR.UNIMPLEMENTED) this.#watches = 'one-shot'
      // A server that does not know the request hangs up as well. The views read everything anew from the next server.
      this.leaveServer()
    }
    // Before the reads: a change between a read and the watch would have no event.
    this.#read(null, answered, (link, done) => link.addWatch(path, true, done))
  }

  #unwatch(path: string): void {
    this.#watched.delete(path)
    // A failure does no harm: the link does not restore the watch, and its events find no view.
    const answered = () => undefined
    this.#read(null, answered, (link, done) => link.removeWatch(path, true, done))
  }

  #viewsOver(path: string): Watching[] {
    const views: Watching[] = []
    for (let above = path; ; above = above.slice(0, Math.max(1, above.lastIndexOf('/')))) {
      views.push(...(this.#views.get(above) ?? []))
      if (above === '/') return views
    }
  }

  #forEach(call: (view: Watching) => void): void {
    for (const view of [...this.#views.values()].flatMap((views) => [...views])) call(view)
  }
}

/**
 * After a setACL through this gateway: syncs the view session's server, then has the views read the node anew. There is one
 * sync at a time, however many lists change meanwhile.
 */
export class AclChanges {
  readonly #sync: (path: string, synced: () => void) => void
  readonly #changed: (path: string) => void
  /** Paths that wait for the next sync. */
  #paths = new Set<string>()
  /** Paths that the sync under way covers; null while there is none. */
  #syncing: ReadonlySet<string> | null = null

  /**
   * @param sync calls back once, also where it fails: then the link is lost, and the views read everything anew anyway
   * @param changed the server knows the new list
   */
  constructor(sync: (path: string, synced: () => void) => void, changed: (path: string) => void) {
    this.#sync = sync
    this.#changed = changed
  }

  add(path: string): void {
    this.#paths.add(path)
    if (this.#syncing === null) this.#next(path)
  }

  #next(path: string): void {
    this.#syncing = this.#paths
    this.#paths = new Set()
    this.#sync(path, () => this.#synced())
  }

  #synced(): void {
    const paths = this.#syncing ?? []
    this.#syncing = null
    for (const path of paths) this.#changed(path)
    const [next] = this.#paths
    if (next !== undefined) this.#next(next)
  }
}
