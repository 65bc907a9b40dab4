import type { HexLong, WatchEventType } from 'zoogate-client/protocol'
import { OwnSession, type OwnSessionListener } from '../session/own-session.js'
import type { SessionServices } from '../session/services.js'
import type { AttachedSession, Callback, CallResult, EnsembleLink, NodeReading } from '../zookeeper/index.js'
import { AccessNews } from './access-news.js'
import { type ReadLane, ReadWindow } from './read-window.js'
import { NO_ZXID } from './zxid.js'

/** Enough to keep a server busy over the round trip; a fifth of what it queues for all its clients. */
const READS_UNDER_WAY = 200
const UNIMPLEMENTED = -6

export interface SourceEvent {
  /** AccessChanged: not the server's word; the gateway has seen that a node has got another access control list. */
  type: WatchEventType | 'AccessChanged'
  /** The ensemble's. */
  path: string
}

/** A view as the source knows it. */
export interface Watching {
  readonly path: string
  /** From now on reads are answered, and everything that happens at the path or below is told. What was before is lost. */
  sourceAttached(): void
  /** Reads under way have failed; nothing is told any more. */
  sourceLost(): void
  sourceEvent(event: SourceEvent): void
}

type GetNode = (path: string, callback: Callback<NodeReading>) => void

/** Reads that take turns with those of others; with one-shot watches where there are no lasting ones. */
export interface SourceReads {
  readonly hasLastingWatches: boolean
  getNode: GetNode
  /** Calls `turn` so many times, now or later, each time when a node may be asked for, which it does at once. */
  getNodes(count: number, turn: (get: GetNode) => void): void
  getChildren(path: string, callback: Callback<{ children: string[] }>): void
  /** Tells of a node also where nobody may read it. */
  exists(path: string, callback: Callback<{ stat: { numChildren: number } }>): void
  /** Answered when the server has caught up with the leader. */
  sync(path: string, callback: Callback<object>): void
  /** What has not been asked yet is not asked any more. */
  end(): void
}

/**
 * Where views come from: a ZooKeeper session of the gateway's own, without any identity, so that every page could read what
 * it reads. It is open while a view is shown.
 */
export class ViewSource implements OwnSessionListener {
  readonly #ensemble: SessionServices
  readonly #views = new Map<string, Set<Watching>>()
  /** Paths on which the link has a lasting watch. */
  readonly #watched = new Set<string>()
  /** Null while no view is shown. */
  #session: OwnSession | null = null
  #zxid: HexLong = NO_ZXID
  #window = new ReadWindow(READS_UNDER_WAY)
  /** Servers before 3.6 have no lasting watches: each node gets one-shot ones, as often as it is read. */
  #watches: 'lasting' | 'one-shot' = 'lasting'
  #closed: Promise<void> = Promise.resolve()
  readonly #accessNews = new AccessNews(
    (path, synced) => this.#read(null, synced, (link, done) => link.sync(path, done)),
    (path) => this.#tellOf({ type: 'AccessChanged', path }),
  )

  constructor(ensemble: SessionServices) {
    this.#ensemble = ensemble
  }

  /** The newest zxid of any answer: whatever happened up to it has been told. */
  get zxid(): HexLong {
    return this.#zxid
  }

  get hasLastingWatches(): boolean {
    return this.#watches === 'lasting'
  }

  get watchCount(): number {
    return this.#session?.link.watchCount ?? 0
  }

  /** Tells this view from now on what becomes of its path. */
  add(view: Watching): void {
    const others = this.#views.get(view.path)
    if (others) others.add(view)
    else this.#views.set(view.path, new Set([view]))
    if (this.#session === null) this.#open()
    else if (this.#session.isAttached) {
      this.#watchWhatIsShown()
      view.sourceAttached()
    }
  }

  remove(view: Watching): void {
    const views = this.#views.get(view.path)
    if (!views?.delete(view) || views.size > 0) return
    this.#views.delete(view.path)
    if (this.#views.size === 0) this.#close()
    else if (this.#session?.isAttached) this.#watchWhatIsShown()
  }

  /** The node has got another access control list, of which servers tell nobody. */
  accessChanged(path: string): void {
    const isShown = this.#viewsOver(path).length > 0
    // Without a link everything will be read anew.
    if (isShown && this.#session?.isAttached) this.#accessNews.changed(path)
  }

  /** Resolves when the session of views that are not shown any more is closed, or its end not confirmed in time. */
  closed(): Promise<void> {
    return this.#closed
  }

  /** Its server's answers make no sense: another one may do better. Ends as a loss. */
  leaveServer(): void {
    this.#session?.link.leaveServer()
  }

  /** For the reads of one reading, which end with it. */
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
        // One for all, so that thousands of reads which wait take next to nothing.
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

  /** @param lane null for what goes ahead of all reads */
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
    // First, so that what this answer leads to is asked behind what waits already.
    this.#window.leave()
    callback(result)
  }

  // ---- what the session tells ----

  sessionAttached({ zxid }: AttachedSession, isNew: boolean): void {
    if (isNew) this.#watched.clear()
    this.#zxid = zxid
    this.#watchWhatIsShown()
    this.#tellAll((view) => view.sourceAttached())
  }

  sessionLost(): void {
    this.#tellAll((view) => view.sourceLost())
  }

  sessionEvent(event: SourceEvent): void {
    this.#tellOf(event)
  }

  /** It has no identity that could be refused. */
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
        // As many children as a view may have, each with the longest name.
        maxReplyBytes: limits.maxViewNodes * limits.maxPathLength + limits.maxDataBytes,
      }),
    })
    this.#session.open()
  }

  #close(): void {
    this.#closed = this.#session?.close() ?? this.#closed
    this.#session = null
    this.#watches = 'lasting'
  }

  // ---- watches ----

  /** The link sets its watches again by itself after each loss; this is for what has come and gone meanwhile. */
  #watchWhatIsShown(): void {
    if (!this.hasLastingWatches) return
    for (const path of this.#watched) if (!this.#views.has(path)) this.#unwatch(path)
    for (const path of this.#views.keys()) if (!this.#watched.has(path)) this.#watch(path)
  }

  #watch(path: string): void {
    this.#watched.add(path)
    const answered = ({ err }: CallResult<object>) => {
      if (err === 0) return
      this.#watched.delete(path)
      if (err === UNIMPLEMENTED) this.#watches = 'one-shot'
      // A server that does not know the request hangs up as well. Everything is read anew from the next one.
      this.leaveServer()
    }
    // Ahead of the reads, or what happens between the two would be told to nobody.
    this.#read(null, answered, (link, done) => link.addWatch(path, true, done))
  }

  #unwatch(path: string): void {
    this.#watched.delete(path)
    // Whatever comes of it: the link sets it no more, and events of a view that nobody shows are told to nobody.
    const answered = () => undefined
    this.#read(null, answered, (link, done) => link.removeWatch(path, true, done))
  }

  #tellOf(event: SourceEvent): void {
    for (const view of this.#viewsOver(event.path)) view.sourceEvent(event)
  }

  #viewsOver(path: string): Watching[] {
    const views: Watching[] = []
    for (let above = path; ; above = parentOf(above)) {
      views.push(...(this.#views.get(above) ?? []))
      if (above === '/') return views
    }
  }

  #tellAll(tell: (view: Watching) => void): void {
    for (const view of [...this.#views.values()].flatMap((views) => [...views])) tell(view)
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')))
}
