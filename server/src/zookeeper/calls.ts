import type { HexLong, Outcome } from 'zoogate-client/protocol'
import { ERR, outcomeOfAnswer } from './codec/error-codes.js'
import { BadFrame, type FrameReader } from './codec/frames.js'
import { LAST_XID } from './codec/numbers.js'
import { type Decode, PartRefusal } from './codec/replies.js'
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

/** The xids of requests: from 1, and 1 again after the largest, because negative ones mean something else. */
export class Xids {
  #last: number

  constructor(last = 0) {
    this.#last = last
  }

  next(): number {
    this.#last = this.#last >= LAST_XID ? 1 : this.#last + 1
    return this.#last
  }
}

/** One request that was sent and is not answered yet. */
export class Call<T> {
  readonly xid: number
  /** Null for a request that sets no watch. */
  readonly watchPath: string | null
  next: AnyCall | null = null
  /** Of the reply, once it has been read. */
  err = 0
  readonly #operation: Operation<T>
  readonly #callback: Callback<T>
  #result: CallResult<T> | null = null

  constructor(xid: number, operation: Operation<T>, watchPath: string | null, callback: Callback<T>) {
    this.xid = xid
    this.watchPath = watchPath
    this.#operation = operation
    this.#callback = callback
  }

  /** Reads the reply and keeps the result for `settle`. A bad frame throws before the callback has run. */
  read(frame: FrameReader, zxid: HexLong, headerError: number, sessionId: Buffer): void {
    if (headerError !== 0) {
      this.err = headerError
      this.#result = { err: headerError, zxid, outcome: outcomeOfAnswer(headerError) }
      return
    }
    const value = this.#operation.decode(frame, sessionId)
    if (value instanceof PartRefusal) {
      this.err = value.err
      this.#result = { err: value.err, zxid, outcome: 'not_executed', part: value.part }
    } else {
      this.#result = { err: 0, zxid, value }
    }
  }

  /** Adds the watch that the server has set along with its reply. */
  noteWatch(watches: OutstandingWatches): void {
    if (this.watchPath === null) return
    const { watches: onSuccess, watchesMissing } = this.#operation
    const list = this.err === 0 ? onSuccess : this.err === ERR.NO_NODE ? watchesMissing : undefined
    if (list !== undefined) watches.add(this.watchPath, list)
  }

  /** Calls back with the result that was read, or else with this error, which ended the wait. */
  settle(errIfUnanswered: number): void {
    try {
      this.#callback(this.#result ?? { err: errIfUnanswered, zxid: null, outcome: 'unknown' })
    } catch (error) {
      throwLater(error)
    }
  }
}

/** A call of any operation. */
export type AnyCall = Pick<
  Call<never>,
  'xid' | 'watchPath' | 'next' | 'err' | 'read' | 'noteWatch' | 'settle'
>

/** The calls that wait for their replies. Replies come in the order of the requests. */
export class CallsInFlight {
  /** For reading only. A plain field, because it is read for every request. */
  count = 0
  #first: AnyCall | null = null
  #last: AnyCall | null = null

  push(call: AnyCall): void {
    if (this.#last === null) this.#first = call
    else this.#last.next = call
    this.#last = call
    this.count++
  }

  /**
   * Has the call that this reply must be for read it, and takes that call out of flight.
   * @throws BadFrame if another call is due first or none is, or if the call cannot read the frame; it stays in flight then.
   */
  answer(xid: number, frame: FrameReader, zxid: HexLong, err: number, sessionId: Buffer): AnyCall {
    const call = this.#first
    if (call === null || call.xid !== xid) {
      const due = call === null ? 'nothing was asked' : `the next one due is ${call.xid}`
      throw new BadFrame(`an answer to request ${xid}, but ${due}`)
    }
    call.read(frame, zxid, err, sessionId)
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
    for (; call !== null; call = call.next) call.settle(err)
  }
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
