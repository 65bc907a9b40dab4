import type { ResumeTokens } from '../access/resume-token.js'
import type { Limits } from '../limits/limits.js'
import type { Log } from '../telemetry/log.js'
import type { Metrics } from '../telemetry/metrics.js'
import type { Warnings } from '../telemetry/warnings.js'
import type { LinkOptions, ServerList } from '../zookeeper/index.js'
import type { AttachGate } from './attach-gate.js'
import type { NodeAcl } from './node-acl.js'
import type { OwnerMarks } from './owner-marks.js'
import type { SessionQuota } from './session-quota.js'
import type { SessionTable } from './session-table.js'

/** What all sessions of one gateway share. */
export interface Ensemble {
  servers: ServerList
  /** The chroot of the connect string: '' or a path. */
  chroot: string
  /** The same for all links: how to dial, and whether servers without a quorum will do. */
  linkOptions: Pick<LinkOptions, 'tls' | 'readOnly'>
  gate: AttachGate
  resumeTokens: ResumeTokens
  marks: OwnerMarks
  sessions: SessionTable
  quota: SessionQuota
  /** What pages' nodes are made with where the page gives no access control list. */
  nodeAcl: NodeAcl
  limits: Limits
  log: Log
  warnings: Warnings
  metrics: Metrics
}
