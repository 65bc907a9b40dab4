import type { WireStat } from 'zoogate-client/protocol'
import { Call, type Callback, type Operation } from './calls.js'
import { encodeMulti, type MultiPart, type MultiPartResult, readMulti } from './codec/multi.js'
import type { CreateFlags } from './codec/numbers.js'
import { OP } from './codec/numbers.js'
import {
  readAcl,
  readCreated,
  readIdentities,
  readNothing,
  readPaths,
  readStatOnly,
} from './codec/replies.js'
import { type AclEntry, acl, encodeRequest, int, text } from './codec/request-fields.js'
import { encodeCreate, encodeDelete, encodeSetData } from './codec/requests.js'
import { type Nothing, WatchLink } from './watch-link.js'

const CREATE: Operation<{ path: string; stat: WireStat }> = { decode: readCreated }
const DELETE: Operation<Nothing> = { decode: readNothing }
const SET_DATA: Operation<{ stat: WireStat }> = { decode: readStatOnly }
const GET_ACL: Operation<{ acl: AclEntry[]; stat: WireStat }> = { decode: readAcl }
const SET_ACL: Operation<{ stat: WireStat }> = { decode: readStatOnly }
const SYNC: Operation<Nothing> = { decode: readNothing }
const GET_EPHEMERALS: Operation<{ paths: string[] }> = { decode: readPaths }
const WHO_AM_I: Operation<{ identities: { scheme: string; id: string }[] }> = { decode: readIdentities }
const MULTI: Operation<{ results: MultiPartResult[] }> = { decode: readMulti }

/**
 * A session's link with the operations. Each calls back exactly once: at once with -4 when the link is not attached and
 * with -127 when too much is under way, both not executed; else when the answer comes or cannot come any more.
 * Paths are the ensemble's; a version of -1 matches any.
 */
export class EnsembleLink extends WatchLink {
  /** `ttlMs`, 1 to 1,099,511,627,775, goes with the flags 5 and 6 only. */
  create(
    path: string,
    data: Buffer,
    acl: readonly AclEntry[],
    flags: CreateFlags,
    callback: Callback<{ path: string; stat: WireStat }>,
    ttlMs = 0,
  ): void {
    this.#call(CREATE, (xid) => encodeCreate(xid, path, data, acl, flags, ttlMs), callback)
  }

  delete(path: string, version: number, callback: Callback<Nothing>): void {
    this.#call(DELETE, (xid) => encodeDelete(xid, path, version), callback)
  }

  setData(path: string, data: Buffer, version: number, callback: Callback<{ stat: WireStat }>): void {
    this.#call(SET_DATA, (xid) => encodeSetData(xid, path, data, version), callback)
  }

  getACL(path: string, callback: Callback<{ acl: AclEntry[]; stat: WireStat }>): void {
    this.#call(GET_ACL, (xid) => encodeRequest(xid, OP.GET_ACL, text(path)), callback)
  }

  /** `version` is the node's `aversion`. */
  setACL(
    path: string,
    entries: readonly AclEntry[],
    version: number,
    callback: Callback<{ stat: WireStat }>,
  ): void {
    const encode = (xid: number) => encodeRequest(xid, OP.SET_ACL, text(path), acl(entries), int(version))
    this.#call(SET_ACL, encode, callback)
  }

  /** Answered when the server has caught up with what the leader knew. Any path will do, also of no node. */
  sync(path: string, callback: Callback<Nothing>): void {
    this.#call(SYNC, (xid) => encodeRequest(xid, OP.SYNC, text(path)), callback)
  }

  /** The session's own ephemeral nodes whose paths begin with `prefix`, a text: '/a' finds '/a/b' and '/ab'. */
  getEphemerals(prefix: string, callback: Callback<{ paths: string[] }>): void {
    this.#call(GET_EPHEMERALS, (xid) => encodeRequest(xid, OP.GET_EPHEMERALS, text(prefix)), callback)
  }

  /** Whom the server takes this link for. -6 before ZooKeeper 3.7. */
  whoAmI(callback: Callback<{ identities: { scheme: string; id: string }[] }>): void {
    this.#call(WHO_AM_I, (xid) => encodeRequest(xid, OP.WHO_AM_I), callback)
  }

  /** All parts or none. The results are in the order of the parts; an error names its part where one was refused. */
  multi(parts: readonly MultiPart[], callback: Callback<{ results: MultiPartResult[] }>): void {
    this.#call(MULTI, (xid) => encodeMulti(xid, parts), callback)
  }

  /** Passes (0) only over the link that holds the session now: a server refuses it, or hangs up, over a stale one. */
  checkRoot(callback: Callback<{ results: MultiPartResult[] }>): void {
    this.multi([{ op: 'check', path: '/', version: -1 }], callback)
  }

  #call<T>(operation: Operation<T>, encode: (xid: number) => Buffer, callback: Callback<T>): void {
    const xid = this.admit(callback)
    if (xid !== 0) this.send(encode(xid), new Call(xid, operation, null, callback))
  }
}
