import type { ErrorCode, Outcome } from '../protocol.js'

export interface ErrorDetails {
  path?: string | undefined
  retryable?: boolean | undefined
  outcome?: Outcome | undefined
  number?: number
  part?: number
  cause?: unknown
}

/** The error of a call or of `connect()`. `code` is stable; `message` is for people and may change. */
export class ZoogateError extends Error {
  declare readonly code: ErrorCode
  /** The path of the node that the error is about; undefined when it is about no node. */
  declare readonly path: string | undefined
  /** Whether the same call, made again later on the same session, is safe and may succeed. */
  declare readonly retryable: boolean
  /** `not_executed`: nothing happened. `unknown`: a write may have happened; look before repeating it. */
  declare readonly outcome: Outcome
  /** ZooKeeper's error number, where `code` is UNKNOWN. */
  declare readonly number: number | undefined
  /** The part of a multi that failed, counted from 0. The other parts were not executed because of it. */
  declare readonly part: number | undefined

  constructor(code: ErrorCode, message: string, details?: ErrorDetails) {
    super(message)
    Object.assign(this, { name: 'ZoogateError', code, retryable: false, outcome: 'not_executed' }, details)
  }
}
