import { Counter, Gauge, Registry } from 'prom-client'
import type { CloseCode, ErrorCode, Operation } from 'zoogate-client/protocol'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import type { LimitName } from '../limits/limits.js'

/** Of the live views. */
export interface ViewReadings {
  /** Different ones. */
  views: number
  /** Pages, counted once for each view that they are shown. */
  subscribers: number
  /** Those of them that read too slowly now. */
  slow: number
  nodes: number
  watches: number
  bytes: number
}

/** What can be read off at any time. */
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

/** The gateway's own figures, in a registry of their own so that several gateways live in one process. */
export class Metrics {
  readonly registry = new Registry()
  readonly #attached: Counter<'kind'>
  readonly #lost: Counter<'cause'>
  readonly #closed: Counter<'code'>
  readonly #calls: Counter<'op' | 'result'>
  readonly #jwksFetches: Counter<'result'>
  readonly #revoked: Counter
  readonly #limited: Counter<'limit'>
  readonly #viewsTold: Counter

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
    gauge('zoogate_event_loop_lag_seconds', 'By how much what is due comes late, smoothed', () => {
      return readings.eventLoopLagMs() / 1000
    })
    this.#limited = new Counter({
      name: 'zoogate_limited_total',
      help: 'Connections, sessions, messages and calls that met a limit, by the name of its setting',
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
    gauge('zoogate_views', 'Different views shown now', () => readings.views().views)
    gauge(
      'zoogate_view_subscribers',
      'Pages that views are shown to, once for each view',
      () => readings.views().subscribers,
    )
    gauge(
      'zoogate_view_slow_subscribers',
      'Those that read too slowly to be told every change',
      () => readings.views().slow,
    )
    gauge('zoogate_view_nodes', 'Nodes of all views', () => readings.views().nodes)
    gauge('zoogate_view_bytes', 'About what all views take in memory', () => readings.views().bytes)
    gauge(
      'zoogate_view_watches',
      'Watches that the views have on the ensemble',
      () => readings.views().watches,
    )
    this.#attached = new Counter({
      name: 'zoogate_attached_total',
      help: 'Sessions attached to the ensemble: created, or taken up again',
      labelNames: ['kind'],
      registers,
    })
    this.#lost = new Counter({
      name: 'zoogate_ensemble_links_lost_total',
      help: 'Links to the ensemble that broke or could not be made, by cause',
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
    this.#viewsTold = new Counter({
      name: 'zoogate_view_deltas_total',
      help: 'Changes of views that their pages were told of, each encoded once',
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

  /** A view has changed, and its pages have been told. */
  viewTold(): void {
    this.#viewsTold.inc()
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
