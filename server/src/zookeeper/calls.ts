import type { HexLong, Outcome } from 'zoogate-client/protocol'
import { ERR, outcomeOfAnswer } from './codec/error-codes.js'
import { BadFrame, type FrameReader } from './codec/frame-reader.js'
import { type Decode, PartRefusal } from './codec/replies.js'
import type { OneShotList, OutstandingWatches } from './watches.js'

/**
 * `zxid` is null where the ensemble did not answer. `err` is ZooKeeper's number; `errorCodeOf` names it. `part` is the one
 * of a transaction that was refused, counted from 0.
 */
export type CallResult<T> =
  | { err: 0; zxid: HexLong; value: T }
  | { err: number; zxid: HexLong | null; outcome: Outcome; part?: number }

export type Callback<T> = (result: CallResult<T>) => void

/** What the answers to one kind of request mean. */
export interface Operation<T> {
  decode: Decode<T>
  /** The list that a watch stands in once the request has succeeded. */
  watches?: OneShotList
  /** The same where the node is missing. */
  watchesMissing?: OneShotList
}

/** One request that was sent and is not answered yet. */
export class Call<T> {
  readonly xid: number
  next: AnyCall | null = null
  readonly #operation: Operation<T>
  /** Null for a request that sets no watch. */
  readonly #watchPath: string | null
  readonly #callback: Callback<T>
  #result: CallResult<T> | null = null

  constructor(xid: number, operation: Operation<T>, watchPath: string | null, callback: Callback<T>) {
    this.xid = xid
    this.#operation = operation
    this.#watchPath = watchPath
    this.#callback = callback
  }

  /**
   * Reads the answer and keeps it; nobody has been told when the frame turns out to be bad.
   * Returns the error number that counts.
   */
  read(frame: FrameReader, zxid: HexLong, headerError: number, sessionId: Buffer): number {
    if (headerError !== 0) {
      this.#result = { err: headerError, zxid, outcome: outcomeOfAnswer(headerError) }
    } else {
      const value = this.#operation.decode(frame, sessionId)
      this.#result =
        value instanceof PartRefusal
          ? { err: value.err, zxid, outcome: 'not_executed', part: value.part }
          : { err: 0, zxid, value }
    }
    return this.#result.err
  }

  /** Notes the watch that the server has set along with its answer. */
  noteWatch(watches: OutstandingWatches, err: number): void {
    if (this.#watchPath === null) return
    const { watches: onSuccess, watchesMissing } = this.#operation
    const list = err === 0 ? onSuccess : err === ERR.NO_NODE ? watchesMissing : undefined
    if (list !== undefined) watches.add(this.#watchPath, list)
  }

  /** Tells the caller: what was read, or else that this error ended the wait. */
  settle(errIfUnanswered: number): void {
    callOut(this.#callback, this.#result ?? { err: errIfUnanswered, zxid: null, outcome: 'unknown' })
  }
}

/** A call of whatever result. */
export type AnyCall = Pick<Call<never>, 'xid' | 'next' | 'read' | 'noteWatch' | 'settle'>

/** The calls that wait for their answers, which come in the order of the requests. */
export class CallsInFlight {
  #first: AnyCall | null = null
  #last: AnyCall | null = null
  #count = 0

  get count(): number {
    return this.#count
  }

  push(call: AnyCall): void {
    if (this.#last === null) this.#first = call
    else this.#last.next = call
    this.#last = call
    this.#count++
  }

  /**
   * The call that this answer must be for; it stays in flight.
   * @throws BadFrame when another one is to be answered first, or none is.
   */
  expect(xid: number): AnyCall {
    if (this.#first?.xid === xid) return this.#first
    const awaited = this.#first === null ? 'nothing was asked' : `the next one due is ${this.#first.xid}`
    throw new BadFrame(`an answer to request ${xid}, but ${awaited}`)
  }

  dropFirst(): void {
    if (this.#first === null) return
    this.#first = this.#first.next
    if (this.#first === null) this.#last = null
    this.#count--
  }

  /** Ends the wait of all of them, in their order. */
  failAll(err: number): void {
    let call = this.#first
    this.#first = null
    this.#last = null
    this.#count = 0
    for (; call !== null; call = call.next) call.settle(err)
  }
}

/**
 * Runs somebody else's code in the middle of a chunk of answers. What it throws must be loud, but must neither lose the
 * rest of the chunk nor the link: it is thrown again on its own.
 */
export function callOut<T>(callee: (argument: T) => void, argument: T): void {
  try {
    callee(argument)
  } catch (error) {
    setImmediate(() => {
      throw error
    })
  }
}
