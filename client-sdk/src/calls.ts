import { ZoogateError } from './errors.js'
import { type Limits, Pending } from './pending.js'
import type { Call, ErrorCode, Operation, Operations, Results, WireError } from './protocol.js'

/** An operation's fields; JSON leaves out those that are undefined. */
export type Fields<O extends Operation> = { [Name in keyof Operations[O]]: Operations[O][Name] | undefined }

/** Sends a call; false when it is larger than the gateway reads. */
export type Send = (call: Call) => boolean

/** Operations that change something: after these, "sent but not answered" means "may have happened". */
const WRITES: readonly Operation[] = ['create', 'delete', 'setData']

/** Failures after which the same call may well succeed. */
const PASSING: readonly ErrorCode[] = ['CONNECTION_LOSS', 'SESSION_EXPIRED', 'RATE_LIMITED', 'TIMED_OUT']

interface Entry {
  readonly call: Call
  readonly pending: Pending<unknown>
  readonly read: (result: never) => unknown
  sent: boolean
}

/** The calls of one session that have no answer yet, in their order. Each is sent at most once and ends once. */
export class Calls {
  readonly #maxQueued: number
  readonly #entries = new Map<number, Entry>()
  /** Null while calls wait. */
  #send: Send | null = null
  #lastId = 0

  constructor(maxQueued: number) {
    this.#maxQueued = maxQueued
  }

  /** `read` turns the wire's result into the caller's; it runs before anything that arrived later is looked at. */
  add<O extends Operation, T>(
    op: O,
    fields: Fields<O>,
    limits: Limits,
    read: (result: Results[O]) => T,
  ): Promise<T> {
    const id = ++this.#lastId
    const pending = new Pending<T>(limits, (code, message) => this.#fail(id, code, message))
    const call = { type: 'call', id, op, ...fields } as unknown as Call
    this.#entries.set(id, { call, pending: pending as Pending<unknown>, read, sent: false })
    pending.start()
    if (!this.#send && this.#entries.size > this.#maxQueued) {
      this.#fail(id, 'RATE_LIMITED', 'maxQueuedCalls wait already: await some first')
    }
    this.#transmit(id)
    return pending.promise
  }

  /** The session is attached: sends what waits, then everything as it is made. */
  flow(send: Send): void {
    this.#send = send
    for (const id of this.#entries.keys()) this.#transmit(id)
  }

  /** The link broke: what was sent fails, and what comes now waits. */
  interrupt(message: string): void {
    if (this.#send) this.failAll('CONNECTION_LOSS', message)
    this.#send = null
  }

  failAll(code: ErrorCode, message: string): void {
    for (const id of this.#entries.keys()) this.#fail(id, code, message)
  }

  /** An answer to a call that has ended meanwhile is dropped; so in `reject`. */
  resolve(id: number, result: Results[Operation]): void {
    const entry = this.#entries.get(id)
    entry?.pending.resolve(entry.read(result as never))
    this.#entries.delete(id)
  }

  reject(id: number, error: WireError): void {
    this.#entries.get(id)?.pending.reject(new ZoogateError(error.code, error.message, error))
    this.#entries.delete(id)
  }

  #transmit(id: number): void {
    const entry = this.#entries.get(id)
    if (!entry || !this.#send) return
    entry.sent = this.#send(entry.call)
    if (!entry.sent) this.#fail(id, 'TOO_LARGE', 'larger than the gateway takes: send less')
  }

  #fail(id: number, code: ErrorCode, message: string): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    this.#entries.delete(id)
    const { op, path } = entry.call
    const isUnknown = entry.sent && WRITES.includes(op)
    entry.pending.reject(
      new ZoogateError(code, `${op} ${path}: ${message}${isUnknown ? '; it may have been executed' : ''}`, {
        path,
        outcome: isUnknown ? 'unknown' : 'not_executed',
        retryable: !isUnknown && PASSING.includes(code),
      }),
    )
  }
}
