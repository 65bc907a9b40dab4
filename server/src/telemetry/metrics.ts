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
  readonly #attached: Counter<'kind'>
  readonly #lost: Counter<'cause'>
  readonly #closed: Counter<'code'>
  readonly #calls: Counter<'op' | 'result'>
  readonly #jwksFetches: Counter<'result'>
  readonly #revoked: Counter
  readonly #limited: Counter<'limit'>
  readonly #viewDeltas: Counter

  constructor(readings: Readings) {
    const registers = [this.registry]
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read())
        },
      })
    gauge('zoogate_connections', 'WebSockets open now', () => readings.connections())
    gauge('zoogate_unauthenticated', 'WebSockets whose hello is not accepted yet', () =>
      readings.unauthenticated(),
    )
    gauge('zoogate_sessions', 'ZooKeeper sessions held now', () => readings.sessions())
    gauge('zoogate_attach_waiting', 'Sessions waiting for their turn to attach', () =>
      readings.waitingToAttach(),
    )
    gauge('zoogate_revocations', 'Subjects whose earlier tokens are refused now', () =>
      readings.revocations(),
    )
    gauge('zoogate_event_loop_lag_seconds', 'How late the event loop runs its timers, smoothed', () => {
      return readings.eventLoopLagMs() / 1000
    })
    this.#limited = new Counter({
      name: 'zoogate_limited_total',
      help: 'Connections, sessions, messages and calls that met a limit, by limit',
      labelNames: ['limit'],
      registers,
    })
    this.#jwksFetches = new Counter({
      name: 'zoogate_jwks_fetches_total',
      help: 'Attempts to fetch the keys of tokens, by result',
      labelNames: ['result'],
      registers,
    })
    this.#revoked = new Counter({
      name: 'zoogate_revoked_connections_total',
      help: 'Connections that a revocation has ended',
      registers,
    })
    gauge('zoogate_views', 'Shared views now; pages with equal views share one', () => readings.views().views)
    gauge(
      'zoogate_view_subscribers',
      'Pages with a view, counted once for each of their views',
      () => readings.views().subscribers,
    )
    gauge(
      'zoogate_view_slow_subscribers',
      'Subscribers whose deltas are dropped now, because they read too slowly',
      () => readings.views().slow,
    )
    gauge('zoogate_view_nodes', 'Nodes of all views', () => readings.views().nodes)
    gauge('zoogate_view_bytes', 'Estimate of the memory of all views', () => readings.views().bytes)
    gauge('zoogate_view_watches', 'Watches of the views on the ensemble', () => readings.views().watches)
    this.#attached = new Counter({
      name: 'zoogate_attached_total',
      help: 'Sessions attached to the ensemble, created or resumed',
      labelNames: ['kind'],
      registers,
    })
    this.#lost = new Counter({
      name: 'zoogate_ensemble_links_lost_total',
      help: 'Links to the ensemble that broke or failed to connect, by cause',
      labelNames: ['cause'],
      registers,
    })
    this.#closed = new Counter({
      name: 'zoogate_closed_total',
      help: 'Connections that the gateway closed, by verdict',
      labelNames: ['code'],
      registers,
    })
    this.#calls = new Counter({
      name: 'zoogate_calls_total',
      help: 'Calls answered, by operation and result',
      labelNames: ['op', 'result'],
      registers,
    })
    this.#viewDeltas = new Counter({
      name: 'zoogate_view_deltas_total',
      help: 'Deltas of views, each encoded once for all pages of the view',
      registers,
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
