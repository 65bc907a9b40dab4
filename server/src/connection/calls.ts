import type { WireError } from 'zoogate-client/protocol'
import type { Identity } from '../access/authenticate.js'
import type { Limits } from '../limits/limits.js'
import { type CheckedCall, checkCall, errorReply, isOperation, replyTo } from '../session/call.js'
import type { WatchUse } from '../session/call-limits.js'
import type { Outcome } from '../session/operations.js'
import type { Metrics } from '../telemetry/metrics.js'
import { wireError } from '../wire/errors.js'
import type { RawCall } from '../wire/protocol.js'
import type { Outbox } from './outbox.js'

export interface CallsOptions {
  limits: Limits
  metrics: Pick<Metrics, 'answered' | 'limited'>
  outbox: Pick<Outbox, 'push'>
  /** The identity that the newest token of the page gives. */
  token: { readonly identity: Identity }
  session: {
    readonly watches: WatchUse
    run(call: CheckedCall, done: (outcome: Outcome<never>) => void): void
  }
  /** A reply costs the page its bytes, as a message that it sends does. */
  charge(bytes: number): void
}

/** The calls of one page: each is checked, run and answered exactly once. */
export class Calls {
  readonly #options: CallsOptions

  constructor(options: CallsOptions) {
    this.#options = options
  }

  run(raw: RawCall): void {
    const { limits, metrics, outbox, session, token, charge } = this.#options
    const { rights } = token.identity
    const call = checkCall(raw, { rights, limits, watches: session.watches })
    if ('error' in call) {
      if (call.limit !== undefined) metrics.limited(call.limit)
      if (isOperation(raw.op)) metrics.answered(raw.op, call.error.code)
      this.refuse(raw.id, call.error)
      return
    }
    session.run(call, (outcome) => {
      const reply = replyTo(call, outcome)
      metrics.answered(call.op, reply.type === 'reply' ? 'OK' : reply.error.code)
      charge(outbox.push(reply))
    })
  }

  /** A message that has an id, and is no message of the protocol. */
  refuseMalformed(id: number, message: string): void {
    this.refuse(id, wireError('BAD_REQUEST', { message }))
  }

  refuse(id: number, error: WireError): void {
    this.#options.charge(this.#options.outbox.push(errorReply(id, error)))
  }
}
