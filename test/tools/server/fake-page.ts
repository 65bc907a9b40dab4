import type { GatewayMessage, ViewPoint, WireError } from 'zoogate-client/protocol'
import { ResumeTokens } from '../../../server/src/access/resume-token.js'
import { DEFAULT_LIMITS } from '../../../server/src/config/limit-settings.js'
import type { Limits } from '../../../server/src/limits/limits.js'
import { AttachGate } from '../../../server/src/session/attach-gate.js'
import { OwnerMarks, SessionRegistry } from '../../../server/src/session/registry.js'
import type { SessionServices } from '../../../server/src/session/services.js'
import type { Subject } from '../../../server/src/session/subject.js'
import { Warnings } from '../../../server/src/telemetry/log.js'
import { Metrics } from '../../../server/src/telemetry/metrics.js'
import { PageViews } from '../../../server/src/views/page-views.js'
import type { ViewSpec } from '../../../server/src/views/shared-view.js'
import { Views } from '../../../server/src/views/views.js'
import { ServerList } from '../../../server/src/zookeeper/index.js'
import { silentLog } from '../gateway/gateway-fixture.js'
import { ViewedMap } from './viewed-map.js'

/** The views of a gateway without the gateway, and the subject of all its pages. */
export function startViews(
  connectString: string,
  limits: Partial<Limits> = {},
): { views: Views; limits: Limits; subject: Subject } {
  const nothing = () => 0
  const readings = {
    connections: nothing,
    unauthenticated: nothing,
    sessions: nothing,
    waitingToAttach: nothing,
    revocations: nothing,
    eventLoopLagMs: nothing,
  }
  const allLimits = { ...DEFAULT_LIMITS, ...limits }
  const ensemble: SessionServices = {
    ...ServerList.parse(connectString),
    linkOptions: { readOnly: false },
    gate: new AttachGate(DEFAULT_LIMITS.attachConcurrency),
    resumeTokens: new ResumeTokens([Buffer.alloc(32)]),
    marks: new OwnerMarks(),
    registry: new SessionRegistry(allLimits, { lagMs: nothing }),
    nodeAcl: 'open',
    limits: allLimits,
    log: silentLog,
    warnings: new Warnings(silentLog),
    metrics: new Metrics({ ...readings, views: () => views.readings() }),
  }
  const views = new Views(ensemble)
  return { views, limits: ensemble.limits, subject: ensemble.registry.enter('ada', '') }
}

/** A page with one view, whose reading the test controls. */
export class FakePage {
  readonly spec: ViewSpec
  readonly map = new ViewedMap()
  /** The messages, as they were sent. */
  readonly texts: Buffer[] = []
  isStale = true
  error: WireError | null = null
  bufferedBytes = 0
  /** Called after each message. */
  onMessage: () => void = () => undefined
  readonly #page: PageViews

  /** @param had the state that the page has from an earlier gateway */
  constructor({ views, limits, subject }: ReturnType<typeof startViews>, spec: ViewSpec, had?: ViewedMap) {
    this.spec = spec
    if (had) this.map.takeOver(had)
    const since: ViewPoint | undefined = had?.point
    const outlet = { pushShared: (text: Buffer) => this.#receive(text), page: this }
    this.#page = new PageViews({
      views,
      outlet: {
        ...outlet,
        get bufferedBytes() {
          return outlet.page.bufferedBytes
        },
      },
      limits,
      subject,
      limited: () => undefined,
    })
    const refusal = this.#page.open({ ...spec, ...(since && { since }) }, () => undefined)
    if (refusal) throw new Error(refusal.code)
  }

  /** Reads no further message. */
  stall(): void {
    this.bufferedBytes = Number.POSITIVE_INFINITY
  }

  /** Has read everything. */
  drain(): void {
    this.bufferedBytes = 0
    this.#page.drained()
  }

  leave(): void {
    this.#page.closeAll()
  }

  #receive(text: Buffer): void {
    this.texts.push(text)
    const message = JSON.parse(text.toString('utf8')) as GatewayMessage
    this.isStale = message.type !== 'view'
    if (message.type === 'view') this.map.apply(message)
    else if (message.type === 'viewEnded') this.error = message.error
    this.onMessage()
  }
}
