import type { AttachGate } from './attach-gate.js'
import type { Limits } from './limits.js'
import type { Log } from './log.js'
import type { Metrics } from './metrics.js'
import type { NodeAcl } from './options.js'
import type { OwnerMarks } from './owner-marks.js'
import type { ResumeTokens } from './resume-token.js'
import type { SessionQuota } from './session-quota.js'
import type { SessionTable } from './session-table.js'
import type { Warnings } from './warnings.js'
import type { LinkOptions, ServerList } from './zookeeper/index.js'

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
