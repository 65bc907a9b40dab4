import { ResumeTokens } from '../../../server/src/access/resume-token.js'
import { DEFAULT_LIMITS } from '../../../server/src/config/limit-settings.js'
import type { Limits } from '../../../server/src/limits/limits.js'
import { AttachGate } from '../../../server/src/session/attach-gate.js'
import type { SessionInfo, SessionListener, SessionRequest } from '../../../server/src/session/listener.js'
import { OwnerMarks, SessionRegistry } from '../../../server/src/session/registry.js'
import type { SessionServices } from '../../../server/src/session/services.js'
import { Session } from '../../../server/src/session/session.js'
import { Warnings } from '../../../server/src/telemetry/log.js'
import { Metrics } from '../../../server/src/telemetry/metrics.js'
import { ServerList } from '../../../server/src/zookeeper/index.js'
import { silentLog } from '../gateway/gateway-fixture.js'
import { waitUntil } from '../wait-until.js'

const SUBJECT = 'ada'

/** The calls of these sessions are about no view. */
const NO_VIEWS = { open: () => null, close: () => undefined, aclChanged: () => undefined }

/** Records the events of a session; answers every question of the gateway. */
export class RecordingPage implements SessionListener {
  readonly log: string[] = []

  sessionAttached({ id, resumed }: SessionInfo): void {
    this.log.push(`${resumed ? 'resumed' : 'created'} ${id}`)
  }

  sessionSuspended(): void {
    this.log.push('suspended')
  }

  sessionEvent(type: string, path: string): void {
    this.log.push(`${type} ${path}`)
  }

  sessionEnded(code: number): void {
    this.log.push(`ended ${code}`)
  }

  ask(answered: () => void): void {
    setImmediate(answered)
  }

  until(start: string): Promise<unknown> {
    const said = () => this.log.some((entry) => entry.startsWith(start))
    return waitUntil(`"${start}" stands in ${JSON.stringify(this.log)}`, said, { intervalMs: 2 })
  }
}

export interface SessionStage {
  ensemble: SessionServices
  /** A session of one subject, and its page. @param resumedId without it a new one */
  open(resumedId?: bigint): { session: Session; page: RecordingPage }
}

/** Sessions of one gateway on these servers. */
export function sessionStage(servers: { port: number }[], given: Partial<Limits> = {}): SessionStage {
  const limits = { ...DEFAULT_LIMITS, ...given }
  const nothing = () => 0
  const registry = new SessionRegistry(limits, { lagMs: nothing })
  const readings = {
    connections: nothing,
    unauthenticated: nothing,
    waitingToAttach: nothing,
    revocations: nothing,
    eventLoopLagMs: nothing,
    views: () => ({ views: 0, subscribers: 0, slow: 0, nodes: 0, watches: 0, bytes: 0 }),
  }
  const ensemble: SessionServices = {
    ...ServerList.parse(servers.map(({ port }) => `127.0.0.1:${port}`).join(',')),
    linkOptions: { readOnly: false },
    gate: new AttachGate(limits.attachConcurrency, limits.attachConcurrencyPerSubject),
    resumeTokens: new ResumeTokens([Buffer.alloc(32)]),
    marks: new OwnerMarks(),
    registry,
    nodeAcl: 'open',
    limits,
    log: silentLog,
    warnings: new Warnings(silentLog),
    metrics: new Metrics({ ...readings, sessions: () => registry.size }),
  }
  return {
    ensemble,
    open(resumedId) {
      const page = new RecordingPage()
      const resume = resumedId === undefined ? null : resumeOf(resumedId)
      const subject = ensemble.registry.enter(SUBJECT, '')
      const request = { subject, issuer: null, auth: [], timeoutMs: 4_000, resume }
      return { page, session: new Session(ensemble, page, () => NO_VIEWS, request) }
    },
  }
}

function resumeOf(resumedId: bigint): SessionRequest['resume'] {
  const id = Buffer.alloc(8)
  id.writeBigUInt64BE(resumedId)
  const sealed = {
    id,
    password: Buffer.alloc(16),
    subject: SUBJECT,
    issuer: null,
    chroot: '',
    issuedAt: Date.now(),
    generation: 1,
  }
  return { sealed, zxid: '0x0', watches: { data: [], exist: [], child: [] } }
}
