import type { HexLong, Outcome } from 'zoogate-client/protocol'
import { ERR, outcomeOfAnswer } from './codec/error-codes.js'
import { BadFrame, type FrameReader } from './codec/frames.js'
import { LAST_XID } from './codec/numbers.js'
import { type Decode, PartRefusal, XID_AT } from './codec/records.js'
import type { OneShotList, OutstandingWatches } from './watches.js'

/**
 * `zxid` is null if the ensemble did not answer. `err` is ZooKeeper's number; `errorCodeOf` names it. `part` is the part of
 * a transaction that was refused, counted from 0.
 */
export type CallResult<T> =
  | { err: 0; zxid: HexLong; value: T }
  | { err: number; zxid: HexLong | null; outcome: Outcome; part?: number }

export type Callback<T> = (result: CallResult<T>) => void

/** How the replies to one kind of request are read. */
export interface Operation<T> {
  decode: Decode<T>
  /** The list that a watch stands in once the request has succeeded. */
  watches?: OneShotList
  /** The list that a watch stands in if the node is missing. */
  watchesMissing?: OneShotList
}

/** One request that was sent. */
export interface Call {
  readonly xid: number
  readonly operation: Operation<unknown>
  /** Null for a request that sets no watch. */
  readonly watchPath: string | null
  /** Null until the reply has been read. */
  result: CallResult<unknown> | null
  next: Call | null
  callback(result: CallResult<unknown>): void
}

/** The calls that wait for their replies. Replies come in the order of the requests. */
export class CallsInFlight {
  /** For reading only. A plain field, because it is read for every request. */
  count = 0
  #lastXid: number
  #first: Call | null = null
  #last: Call | null = null

  constructor(lastXid = 0) {
    this.#lastXid = lastXid
  }

  /** Numbers the request and waits for its reply. xids begin at 1 again after the largest: negative ones mean something else. */
  add<T>(frame: Buffer, operation: Operation<T>, watchPath: string | null, callback: Callback<T>): void {
    const xid = this.#lastXid >= LAST_XID ? 1 : this.#lastXid + 1
    this.#lastXid = xid
    frame.writeInt32BE(xid, XID_AT)
    const call: Call = { xid, operation, watchPath, result: null, next: null, callback }
    if (this.#last === null) this.#first = call
    else this.#last.next = call
    this.#last = call
    this.count++
  }

  /**
   * Reads the reply for the call that it must be for, and takes that call out of flight. The callback has not run.
   * @throws BadFrame if another call is due first or none is, or if the frame cannot be read; the call stays in flight.
   */
  answer(xid: number, frame: FrameReader, zxid: HexLong, err: number, sessionId: Buffer): Call {
    const call = this.#first
    if (call === null || call.xid !== xid) {
      const due = call === null ? 'nothing was asked' : `the next one due is ${call.xid}`
      throw new BadFrame(`an answer to request ${xid}, but ${due}`)
    }
    const value = err === 0 ? call.operation.decode(frame, sessionId) : null
    if (err !== 0) call.result = { err, zxid, outcome: outcomeOfAnswer(err) }
    else if (!(value instanceof PartRefusal)) call.result = { err: 0, zxid, value }
    else call.result = { err: value.err, zxid, outcome: 'not_executed', part: value.part }
    this.#first = call.next
    if (call.next === null) this.#last = null
    this.count--
    return call
  }

  /** Ends all of them, in their order. */
  failAll(err: number): void {
    let call = this.#first
    this.#first = null
    this.#last = null
    this.count = 0
    for (; call !== null; call = call.next) settle(call, err)
  }
}

/** Calls back with the result that was read, or else with this error, which ended the wait. */
export function settle(call: Call, errIfUnanswered: number): void {
  try {
    call.callback(call.result ?? { err: errIfUnanswered, zxid: null, outcome: 'unknown' })
  } catch (error) {
    throwLater(error)
  }
}

/** Adds the watch that the server has set along with this error number. */
export function noteWatch(watches: OutstandingWatches, { watchPath, operation }: Call, err: number): void {
  const list = err === 0 ? operation.watches : err === ERR.NO_NODE ? operation.watchesMissing : undefined
  if (watchPath !== null && list !== undefined) watches.add(watchPath, list)
}

/**
 * Throws an error of a callback or a listener on its own. It must be loud, but it must cost neither the link nor the rest
 * of the chunk of replies in which the callback ran.
 */
export function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}
