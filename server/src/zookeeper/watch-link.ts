import type { WireStat } from 'zoogate-client/protocol'
import { Call, type Callback, type CallResult, type Operation } from './calls.js'
import { ERR } from './codec/error-codes.js'
import { ADD_WATCH_MODE, OP, REMOVE_WATCHES_TYPE } from './codec/numbers.js'
import {
  type NodeReading,
  readChildren,
  readData,
  readNode,
  readNothing,
  readStatOnly,
} from './codec/replies.js'
import { encodeRequest, int, text } from './codec/request-fields.js'
import { encodeRead } from './codec/requests.js'
import { SessionLink } from './session-link.js'
import { CHILD, DATA, EXIST, type LastingList, PERSISTENT, RECURSIVE } from './watches.js'

export type Nothing = Record<string, never>

const EXISTS: Operation<{ stat: WireStat }> = { decode: readStatOnly, watches: DATA, watchesMissing: EXIST }
const GET_DATA: Operation<{ data: Buffer; stat: WireStat }> = { decode: readData, watches: DATA }
const GET_NODE: Operation<NodeReading> = { decode: readNode, watches: DATA }
const GET_CHILDREN: Operation<{ children: string[]; stat: WireStat }> = {
  decode: readChildren,
  watches: CHILD,
}
const CHANGE_WATCH: Operation<Nothing> = { decode: readNothing }

/**
 * A session's link with the reads that set one-shot watches, and with lasting watches. watches.ts says which of them are
 * on the server.
 *
 * A lasting watch counts from the moment in which its request is sent, and no more from the moment in which its removal
 * is: a server works on the requests of a session in their order, so that what is sent afterwards meets it so.
 */
export abstract class WatchLink extends SessionLink {
  /** -101 where there is no node; a watch is set all the same. */
  exists(path: string, watch: boolean, callback: Callback<{ stat: WireStat }>): void {
    this.#read(OP.EXISTS, EXISTS, path, watch, callback)
  }

  /** `data` is a view into what was received: copy it to keep it for long. */
  getData(path: string, watch: boolean, callback: Callback<{ data: Buffer; stat: WireStat }>): void {
    this.#read(OP.GET_DATA, GET_DATA, path, watch, callback)
  }

  /** As `getData`, for whoever has to tell the owners of nodes apart. */
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

  /**
   * Sets a watch that stays until it is removed: for what happens to the node and to the list of its children, or with
   * `recursive` for what happens to the node and to all below it. The node need not exist. -6 before ZooKeeper 3.6.
   */
  addWatch(path: string, recursive: boolean, callback: Callback<Nothing>): void {
    const xid = this.admit(callback)
    if (xid === 0) return
    const list = recursive ? RECURSIVE : PERSISTENT
    const isNew = this.watches.add(path, list)
    this.#change(xid, encodeAddWatch(xid, path, this.#strongest(path)), (result) => {
      if (result.err !== 0 && isNew) this.#forget(path, list)
      callback(result)
    })
  }

  /** Removes what `addWatch` has set. Passes also where there is no such watch; one-shot watches of the path stay. */
  removeWatch(path: string, recursive: boolean, callback: Callback<Nothing>): void {
    const list = recursive ? RECURSIVE : PERSISTENT
    const other = recursive ? PERSISTENT : RECURSIVE
    if (this.watches.has(path, other)) this.#removeOneOfTwo(path, list, other, callback)
    else this.#removeAll(path, list, callback)
  }

  #read<T>(type: number, operation: Operation<T>, path: string, watch: boolean, callback: Callback<T>): void {
    const xid = this.admit(callback)
    if (xid === 0) return
    const stoodFor = watch && this.watches.isStoodFor(path)
    const done: Callback<T> = (result) => {
      this.attend(path)
      callback(result)
    }
    this.send(
      encodeRead(xid, type, path, watch && !stoodFor),
      new Call(xid, operation, watch ? path : null, stoodFor ? done : callback),
    )
  }

  /** The server forgets every watch of the path, one-shot ones too; those are set again after its answer. */
  #removeAll(path: string, list: LastingList, callback: Callback<Nothing>): void {
    const xid = this.admit(callback)
    if (xid === 0) return
    this.watches.remove(path, list)
    this.#change(xid, encodeRemoveWatches(xid, path, REMOVE_WATCHES_TYPE.ANY), (result) => {
      this.attend(path)
      callback(passed(result, ERR.NO_WATCHER))
    })
  }

  /**
   * Servers before 3.9 have but one of the two, and setting the one that stays makes sure which. Later ones have both,
   * and can remove just one; earlier ones answer that they do not know what is meant.
   */
  #removeOneOfTwo(path: string, list: LastingList, other: LastingList, callback: Callback<Nothing>): void {
    const first = this.admit(callback)
    if (first === 0) return
    const second = this.admit(callback)
    if (second === 0) return
    this.watches.remove(path, list)
    let kept: CallResult<Nothing> | null = null
    this.#change(first, encodeAddWatch(first, path, other), (result) => {
      kept = result
    })
    const type = list === RECURSIVE ? REMOVE_WATCHES_TYPE.RECURSIVE : REMOVE_WATCHES_TYPE.PERSISTENT
    this.#change(second, encodeRemoveWatches(second, path, type), (result) => {
      const done = passed(result, ERR.NO_WATCHER, ERR.MARSHALLING_ERROR)
      callback(kept === null || kept.err === 0 ? done : kept)
    })
  }

  #change(xid: number, frame: Buffer, callback: Callback<Nothing>): void {
    this.send(frame, new Call(xid, CHANGE_WATCH, null, callback))
  }

  #forget(path: string, list: LastingList): void {
    this.watches.remove(path, list)
    this.attend(path)
  }

  #strongest(path: string): LastingList {
    return this.watches.has(path, RECURSIVE) ? RECURSIVE : PERSISTENT
  }
}

function encodeAddWatch(xid: number, path: string, list: LastingList): Buffer {
  const mode = list === RECURSIVE ? ADD_WATCH_MODE.RECURSIVE : ADD_WATCH_MODE.PERSISTENT
  return encodeRequest(xid, OP.ADD_WATCH, text(path), int(mode))
}

function encodeRemoveWatches(xid: number, path: string, type: number): Buffer {
  return encodeRequest(xid, OP.REMOVE_WATCHES, text(path), int(type))
}

/** These errors of an answer mean that nothing was left to be done. */
function passed(result: CallResult<Nothing>, ...errors: number[]): CallResult<Nothing> {
  if (result.zxid === null || !errors.includes(result.err)) return result
  return { err: 0, zxid: result.zxid, value: {} }
}
