import type { WireStat } from 'zoogate-client/protocol'
import { Call, type Callback, type Operation } from './calls.js'
import { readCheckError, readChildren, readCreated, readData, readNothing, readStatOnly } from './replies.js'
import {
  type AclEntry,
  type CreateFlags,
  encodeCheckRoot,
  encodeCreate,
  encodeDelete,
  encodeRead,
  encodeSetData,
} from './requests.js'
import { SessionLink } from './session-link.js'
import { CHILD, DATA, EXIST } from './watches.js'
import { OP } from './wire-numbers.js'

type Nothing = Record<string, never>

const CREATE: Operation<{ path: string; stat: WireStat }> = { decode: readCreated }
const DELETE: Operation<Nothing> = { decode: readNothing }
const EXISTS: Operation<{ stat: WireStat }> = { decode: readStatOnly, watches: DATA, watchesMissing: EXIST }
const GET_DATA: Operation<{ data: Buffer; stat: WireStat }> = { decode: readData, watches: DATA }
const SET_DATA: Operation<{ stat: WireStat }> = { decode: readStatOnly }
const GET_CHILDREN: Operation<{ children: string[]; stat: WireStat }> = {
  decode: readChildren,
  watches: CHILD,
}
const CHECK_ROOT: Operation<Nothing> = { decode: readNothing, readError: readCheckError }

/**
 * A session's link with the operations. Each calls back exactly once: at once with -4 when the link is not attached and
 * with -127 when too much is under way, both not executed; else when the answer comes or cannot come any more.
 * Paths are the ensemble's; a version of -1 matches any.
 */
export class EnsembleLink extends SessionLink {
  create(
    path: string,
    data: Buffer,
    acl: readonly AclEntry[],
    flags: CreateFlags,
    callback: Callback<{ path: string; stat: WireStat }>,
  ): void {
    const xid = this.admit(callback)
    if (xid !== 0) this.send(encodeCreate(xid, path, data, acl, flags), new Call(xid, CREATE, null, callback))
  }

  delete(path: string, version: number, callback: Callback<Nothing>): void {
    const xid = this.admit(callback)
    if (xid !== 0) this.send(encodeDelete(xid, path, version), new Call(xid, DELETE, null, callback))
  }

  /** -101 where there is no node; a watch is set all the same. */
  exists(path: string, watch: boolean, callback: Callback<{ stat: WireStat }>): void {
    this.#read(OP.EXISTS, EXISTS, path, watch, callback)
  }

  /** `data` is a view into what was received: copy it to keep it for long. */
  getData(path: string, watch: boolean, callback: Callback<{ data: Buffer; stat: WireStat }>): void {
    this.#read(OP.GET_DATA, GET_DATA, path, watch, callback)
  }

  setData(path: string, data: Buffer, version: number, callback: Callback<{ stat: WireStat }>): void {
    const xid = this.admit(callback)
    if (xid !== 0) this.send(encodeSetData(xid, path, data, version), new Call(xid, SET_DATA, null, callback))
  }

  /** The children's names, in no order. */
  getChildren(
    path: string,
    watch: boolean,
    callback: Callback<{ children: string[]; stat: WireStat }>,
  ): void {
    this.#read(OP.GET_CHILDREN2, GET_CHILDREN, path, watch, callback)
  }

  /** Passes (0) only over the link that holds the session now: a server refuses it, or hangs up, over a stale one. */
  checkRoot(callback: Callback<Nothing>): void {
    const xid = this.admit(callback)
    if (xid !== 0) this.send(encodeCheckRoot(xid), new Call(xid, CHECK_ROOT, null, callback))
  }

  #read<T>(type: number, operation: Operation<T>, path: string, watch: boolean, callback: Callback<T>): void {
    const xid = this.admit(callback)
    if (xid !== 0)
      this.send(encodeRead(xid, type, path, watch), new Call(xid, operation, watch ? path : null, callback))
  }
}
