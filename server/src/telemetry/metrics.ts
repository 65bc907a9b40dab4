import { Counter, Gauge, Registry } from 'prom-client'
import type { CloseCode, ErrorCode, Operation } from 'zoogate-client/protocol'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import type { LimitName } from '../limits/limits.js'

/** Figures of the shared views. */
export interface ViewReadings {
  /** Shared views; pages with equal views share one. */
  views: number
  /** Pages, counted once for each of their views. */
  subscribers: number
  /** Subscribers whose deltas are dropped now, because they read too slowly. */
  slow: number
  nodes: number
  watches: number
  bytes: number
}

/** Figures that are read when the metrics are rendered. */
export interface Readings {
  connections(): number
  unauthenticated(): number
  sessions(): number
  waitingToAttach(): number
  revocations(): number
  eventLoopLagMs(): number
  views(): ViewReadings
}

const CLOSE_NAMES = new Map<number, string>(
  Object.entries(CLOSE_CODES).map(([name, code]) => [code, name.toLowerCase()]),
)

/** The metrics of one gateway, in a registry of its own, so that one process can hold several gateways. */
export class Metrics {
  readonly registry = new Registry()
  readonly #attached = this.#counter(
    'zoogate_attached_total',
    'Sessions attached to the ensemble, created or resumed',
    'kind',
  )
  readonly #lost = this.#counter(
    'zoogate_ensemble_links_lost_total',
    'Links to the ensemble that broke or failed to connect, by cause',
    'cause',
  )
  readonly #closed = this.#counter(
    'zoogate_closed_total',
    'Connections that the gateway closed, by verdict',
    'code',
  )
  readonly #calls = this.#counter(
    'zoogate_calls_total',
    'Calls answered, by operation and result',
    'op',
    'result',
  )
  readonly #limited = this.#counter(
    'zoogate_limited_total',
    'Connections, sessions, messages and calls that met a limit, by limit',
    'limit',
  )
  readonly #jwksFetches = this.#counter(
    'zoogate_jwks_fetches_total',
    'Attempts to fetch the keys of tokens, by result',
    'result',
  )
  readonly #revoked = this.#counter(
    'zoogate_revoked_connections_total',
    'Connections that a revocation has ended',
  )
  readonly #viewDeltas = this.#counter(
    'zoogate_view_deltas_total',
    'Deltas of views, each encoded once for all pages of the view',
  )

  constructor(readings: Readings) {
    const { connections, unauthenticated, sessions, waitingToAttach, revocations, views } = readings
    this.#gauge('zoogate_connections', 'WebSockets open now', connections)
    this.#gauge('zoogate_unauthenticated', 'WebSockets whose hello is not accepted yet', unauthenticated)
    this.#gauge('zoogate_sessions', 'ZooKeeper sessions held now', sessions)
    this.#gauge('zoogate_attach_waiting', 'Sessions waiting for their turn to attach', waitingToAttach)
    this.#gauge('zoogate_revocations', 'Subjects whose earlier tokens are refused now', revocations)
    this.#gauge(
      'zoogate_event_loop_lag_seconds',
      'How late the event loop runs its timers, smoothed',
      () => readings.eventLoopLagMs() / 1000,
    )
    this.#gauge('zoogate_views', 'Shared views now; pages with equal views share one', () => views().views)
    this.#gauge(
      'zoogate_view_subscribers',
      'Pages with a view, counted once for each of their views',
      () => views().subscribers,
    )
    this.#gauge(
      'zoogate_view_slow_subscribers',
      'Subscribers whose deltas are dropped now, because they read too slowly',
      () => views().slow,
    )
    this.#gauge('zoogate_view_nodes', 'Nodes of all views', () => views().nodes)
    this.#gauge('zoogate_view_bytes', 'Estimate of the memory of all views', () => views().bytes)
    this.#gauge('zoogate_view_watches', 'Watches of the views on the ensemble', () => views().watches)
  }

  #counter<Label extends string>(name: string, help: string, ...labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] })
  }

  /** @param read is called when the metrics are rendered */
  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read())
      },
    })
  }

  attached(resumed: boolean): void {
    this.#attached.inc({ kind: resumed ? 'resumed' : 'created' })
  }

  linkLost(cause: string): void {
    this.#lost.inc({ cause })
  }

  closed(code: CloseCode): void {
    this.#closed.inc({ code: CLOSE_NAMES.get(code) ?? 'unknown' })
  }

  /** A delta of a view has been sent to its pages. */
  viewDelta(): void {
    this.#viewDeltas.inc()
  }

  answered(op: Operation, result: ErrorCode | 'OK'): void {
    this.#calls.inc({ op, result })
  }

  jwksFetched(ok: boolean): void {
    this.#jwksFetches.inc({ result: ok ? 'ok' : 'failed' })
  }

  connectionsRevoked(count: number): void {
    this.#revoked.inc(count)
  }

  limited(limit: LimitName): void {
    this.#limited.inc({ limit })
  }
}
