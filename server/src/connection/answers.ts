import type { Operation, WireError } from 'zoogate-client/protocol'
import type { Answer } from '../session/operations.js'
import type { Metrics } from '../telemetry/metrics.js'
import { wireError } from '../wire/errors.js'
import type { Parsed } from '../wire/protocol.js'
import type { Outbox } from './outbox.js'

/** What a page's calls are answered. Each answer costs the page its bytes, as what it sends does. */
export class Answers {
  readonly #outbox: Outbox
  readonly #metrics: Metrics
  readonly #charge: (bytes: number) => void

  constructor(outbox: Outbox, metrics: Metrics, charge: (bytes: number) => void) {
    this.#outbox = outbox
    this.#metrics = metrics
    this.#charge = charge
  }

  give(op: Operation, answer: Answer): void {
    this.#metrics.answered(op, answer.type === 'reply' ? 'OK' : answer.error.code)
    this.#charge(this.#outbox.push(answer))
  }

  /** A call that is not looked at any further. */
  refuse(id: number, error: WireError): void {
    this.#charge(this.#outbox.push({ type: 'error', id, error }))
  }

  /** A message that is no call, but has an id. */
  refuseMalformed({ id, problem: message, limit }: Parsed & { kind: 'answerable' }): void {
    if (limit !== undefined) this.#metrics.limited(limit)
    this.refuse(id, wireError(limit === undefined ? 'BAD_REQUEST' : 'TOO_LARGE', { message }))
  }
}
