import type { WireStat } from 'zoogate-client/protocol'
import { Attachment } from './attachment.js'
import type { Callback, CallResult, Operation } from './calls.js'
import { ERR } from './codec/error-codes.js'
import { encodeMulti, type MultiPart, type MultiPartResult, readMulti } from './codec/multi.js'
import { ADD_WATCH_MODE, type CreateFlags, OP, REMOVE_WATCHES_TYPE } from './codec/numbers.js'
import {
  type AclEntry,
  encodeCreate,
  encodeDelete,
  encodeGetAcl,
  encodeRead,
  encodeRequest,
  encodeSetAcl,
  encodeSetData,
  int,
  type NodeReading,
  readAcl,
  readChildren,
  readCreated,
  readData,
  readIdentities,
  readNode,
  readNothing,
  readPaths,
  readStatOnly,
  text,
} from './codec/records.js'
import type { Exchange } from './exchange.js'
import type { LinkOptions, LinkState } from './link-options.js'
import {
  CHILD,
  DATA,
  EXIST,
  type LastingList,
  type OutstandingWatches,
  PERSISTENT,
  RECURSIVE,
} from './watches.js'

type Nothing = Record<string, never>

const CREATE: Operation<{ path: string; stat: WireStat }> = { decode: readCreated }
const WITH_STAT: Operation<{ stat: WireStat }> = { decode: readStatOnly }
const WITHOUT_RESULT: Operation<Nothing> = { decode: readNothing }
const GET_ACL: Operation<{ acl: AclEntry[]; stat: WireStat }> = { decode: readAcl }
const GET_EPHEMERALS: Operation<{ paths: string[] }> = { decode: readPaths }
const WHO_AM_I: Operation<{ identities: { scheme: string; id: string }[] }> = { decode: readIdentities }
const MULTI: Operation<{ results: MultiPartResult[] }> = { decode: readMulti }
const EXISTS: Operation<{ stat: WireStat }> = { decode: readStatOnly, watches: DATA, watchesMissing: EXIST }
const GET_DATA: Operation<{ data: Buffer; stat: WireStat }> = { decode: readData, watches: DATA }
const GET_NODE: Operation<NodeReading> = { decode: readNode, watches: DATA }
const GET_CHILDREN: Operation<{ children: string[]; stat: WireStat }> = {
  decode: readChildren,
  watches: CHILD,
}

/**
 * One ZooKeeper session's link to the ensemble. `Attachment` finds a server and holds the states, `Exchange` sends requests
 * and reads replies, `OutstandingWatches` knows which watches the server keeps.
 *
 * Each operation calls back exactly once: at once with -4 if the link is not attached and with -127 if too many calls are in
 * flight, both not executed; else when the answer comes or cannot come any more. Paths are the ensemble's; a version of -1
 * matches any.
 *
 * A lasting watch counts from the moment its request is sent until the moment its removal is sent. A server carries out the
 * requests of a session in their order, so a later request finds the watch set, or removed.
 */
export class EnsembleLink {
  readonly #attachment: Attachment
  readonly #exchange: Exchange
  readonly #watches: OutstandingWatches

  constructor(options: LinkOptions) {
    this.#attachment = new Attachment(options)
    this.#exchange = this.#attachment.exchange
    this.#watches = this.#exchange.watches
  }

  get linkState(): LinkState {
    return this.#attachment.state
  }

  /** One-shot watches that are set and have not fired, and lasting ones. */
  get watchCount(): number {
    return this.#watches.count
  }

  /** Bytes of their paths on the wire. */
  get watchBytes(): number {
    return this.#watches.bytes
  }

  // ---- the session ----

  /**
   * Makes one attempt on the next server, which ends in exactly one call of the listener: attached, lost or final.
   * @throws Error unless the link is idle.
   */
  attach(): void {
    this.#attachment.attach()
  }

  /**
   * The page was heard, which entitles its session to live on. Sends a ping at the end of the tick unless a request
   * goes out in it or a ping is under way.
   */
  heartbeat(): void {
    this.#exchange.heartbeat()
  }

  /**
   * Leaves the server for the next one, for example from a read-only server for one with a quorum. Ends like any other loss,
   * with `linkLost`. Does nothing while no server has accepted the session.
   */
  leaveServer(): void {
    this.#attachment.leaveServer()
  }

  /**
   * Final: leaves the session open on the ensemble and forgets it. Written requests are still sent; calls in flight fail with
   * CONNECTION_LOSS; the listener hears no more.
   */
  detach(): void {
    this.#attachment.detach()
  }

  /**
   * Final: closes the session on the ensemble, after the answers to earlier requests. A link that is not attached
   * makes at most one attempt for it. `done(true)`: the ensemble has confirmed it, or there was no session;
   * `done(false)`: not confirmed in time, the session ends by its timeout at the latest. Never called before this
   * method returns. The listener hears no more.
   */
  closeSession(done: (closed: boolean) => void): void {
    this.#attachment.closeSession(done)
  }

  // ---- writes ----

  /** `ttlMs`, 1 to 1,099,511,627,775, goes with the flags 5 and 6 only. */
  create(
    path: string,
    data: Buffer,
    acl: readonly AclEntry[],
    flags: CreateFlags,
    callback: Callback<{ path: string; stat: WireStat }>,
    ttlMs = 0,
  ): void {
    this.#exchange.call(encodeCreate(path, data, acl, flags, ttlMs), CREATE, callback)
  }

  delete(path: string, version: number, callback: Callback<Nothing>): void {
    this.#exchange.call(encodeDelete(path, version), WITHOUT_RESULT, callback)
  }

  setData(path: string, data: Buffer, version: number, callback: Callback<{ stat: WireStat }>): void {
    this.#exchange.call(encodeSetData(path, data, version), WITH_STAT, callback)
  }

  /** `version` is the node's `aversion`. */
  setACL(
    path: string,
    entries: readonly AclEntry[],
    version: number,
    callback: Callback<{ stat: WireStat }>,
  ): void {
    this.#exchange.call(encodeSetAcl(path, entries, version), WITH_STAT, callback)
  }

  /** All parts or none. The results are in the order of the parts; an error names the part that was refused. */
  multi(parts: readonly MultiPart[], callback: Callback<{ results: MultiPartResult[] }>): void {
    this.#exchange.call(encodeMulti(parts), MULTI, callback)
  }

  /** Passes (0) only over the link that holds the session now: a server refuses it, or hangs up, over a stale one. */
  checkRoot(callback: Callback<{ results: MultiPartResult[] }>): void {
    this.multi([{ op: 'check', path: '/', version: -1 }], callback)
  }

  // ---- reads ----

  /** -101 if there is no node; a watch is set all the same. */
  exists(path: string, watch: boolean, callback: Callback<{ stat: WireStat }>): void {
    this.#read(OP.EXISTS, EXISTS, path, watch, callback)
  }

  /** `data` is a view into the received chunk: copy it to keep it for long. */
  getData(path: string, watch: boolean, callback: Callback<{ data: Buffer; stat: WireStat }>): void {
    this.#read(OP.GET_DATA, GET_DATA, path, watch, callback)
  }

  /** As `getData`, with the session that owns the node. */
  getNode(path: string, watch: boolean, callback: Callback<NodeReading>): void {
    this.#read(OP.GET_DATA, GET_NODE, path, watch, callback)
  }

  /** The children's names, in no order. */
  getChildren(
    path: string,
    watch: boolean,
    callback: Callback<{ children: string[]; stat: WireStat }>,
  ): void {
    this.#read(OP.GET_CHILDREN2, GET_CHILDREN, path, watch, callback)
  }

  getACL(path: string, callback: Callback<{ acl: AclEntry[]; stat: WireStat }>): void {
    this.#exchange.call(encodeGetAcl(path), GET_ACL, callback)
  }

  /** Answered when the server has caught up with the leader. Any path will do; the node need not exist. */
  sync(path: string, callback: Callback<Nothing>): void {
    this.#exchange.call(encodeRequest(OP.SYNC, text(path)), WITHOUT_RESULT, callback)
  }

  /** Paths of the session's own ephemeral nodes that begin with the text `prefix`: '/a' finds '/a/b' and '/ab'. */
  getEphemerals(prefix: string, callback: Callback<{ paths: string[] }>): void {
    this.#exchange.call(encodeRequest(OP.GET_EPHEMERALS, text(prefix)), GET_EPHEMERALS, callback)
  }

  /** The identities that the server gives this link. -6 before ZooKeeper 3.7. */
  whoAmI(callback: Callback<{ identities: { scheme: string; id: string }[] }>): void {
    this.#exchange.call(encodeRequest(OP.WHO_AM_I), WHO_AM_I, callback)
  }

  // ---- lasting watches ----

  /**
   * Sets a watch that stays until it is removed: for the node and the list of its children, or with `recursive` for the
   * node and all nodes below it. The node need not exist. -6 before ZooKeeper 3.6.
   */
  addWatch(path: string, recursive: boolean, callback: Callback<Nothing>): void {
    const list = recursive ? RECURSIVE : PERSISTENT
    const strongest = recursive || this.#watches.has(path, RECURSIVE) ? RECURSIVE : PERSISTENT
    let isNew = false
    const sent = this.#exchange.call(encodeAddWatch(path, strongest), WITHOUT_RESULT, (result) => {
      if (result.err !== 0 && isNew) {
        this.#watches.remove(path, list)
        this.#exchange.restoreOneShots(path)
      }
      callback(result)
    })
    if (sent) isNew = this.#watches.add(path, list)
  }

  /** Removes what `addWatch` has set. Passes also if there is no such watch; one-shot watches of the path stay. */
  removeWatch(path: string, recursive: boolean, callback: Callback<Nothing>): void {
    const list = recursive ? RECURSIVE : PERSISTENT
    const other = recursive ? PERSISTENT : RECURSIVE
    if (this.#watches.has(path, other)) this.#removeOneOfTwo(path, list, other, callback)
    else this.#removeAll(path, list, callback)
  }

  /** The server forgets every watch of the path. The one-shot watches are set again after its answer. */
  #removeAll(path: string, list: LastingList, callback: Callback<Nothing>): void {
    const frame = encodeRemoveWatches(path, REMOVE_WATCHES_TYPE.ANY)
    const sent = this.#exchange.call(frame, WITHOUT_RESULT, (result) => {
      if (result.zxid !== null) this.#exchange.restoreOneShots(path)
      callback(passed(result, ERR.NO_WATCHER))
    })
    if (sent) this.#watches.remove(path, list)
  }

  /**
   * Servers before 3.9 have only one of the two, and setting the one that stays makes sure which. Later servers have both,
   * and can remove one of them; earlier ones answer that they do not know the request's type.
   */
  #removeOneOfTwo(path: string, list: LastingList, other: LastingList, callback: Callback<Nothing>): void {
    let kept: CallResult<Nothing> | null = null
    let sent = false
    sent = this.#exchange.call(encodeAddWatch(path, other), WITHOUT_RESULT, (result) => {
      kept = result
      if (!sent) callback(result)
    })
    if (!sent) return
    this.#watches.remove(path, list)
    const type = list === RECURSIVE ? REMOVE_WATCHES_TYPE.RECURSIVE : REMOVE_WATCHES_TYPE.PERSISTENT
    this.#exchange.follow(encodeRemoveWatches(path, type), WITHOUT_RESULT, (result) => {
      const done = passed(result, ERR.NO_WATCHER, ERR.MARSHALLING_ERROR)
      callback(kept === null || kept.err === 0 ? done : kept)
    })
  }

  /** A lasting watch covers a one-shot watch of its path, which then stays with the link. See watches.ts. */
  #read<T>(type: number, operation: Operation<T>, path: string, watch: boolean, callback: Callback<T>): void {
    const covered = watch && this.#watches.isCovered(path)
    const frame = encodeRead(type, path, watch && !covered)
    const done = covered ? this.#restoringFirst(path, callback) : callback
    this.#exchange.call(frame, operation, done, watch ? path : null)
  }

  #restoringFirst<T>(path: string, callback: Callback<T>): Callback<T> {
    return (result) => {
      this.#exchange.restoreOneShots(path)
      callback(result)
    }
  }
}

function encodeAddWatch(path: string, list: LastingList): Buffer {
  const mode = list === RECURSIVE ? ADD_WATCH_MODE.RECURSIVE : ADD_WATCH_MODE.PERSISTENT
  return encodeRequest(OP.ADD_WATCH, text(path), int(mode))
}

function encodeRemoveWatches(path: string, type: number): Buffer {
  return encodeRequest(OP.REMOVE_WATCHES, text(path), int(type))
}

/** These errors of an answer mean that nothing was left to be done. */
function passed(result: CallResult<Nothing>, ...errors: number[]): CallResult<Nothing> {
  if (result.zxid === null || !errors.includes(result.err)) return result
  return { err: 0, zxid: result.zxid, value: {} }
}
