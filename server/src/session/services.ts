import type { ResumeTokens } from '../access/resume-token.js'
import type { Limits } from '../limits/limits.js'
import type { Log, Warnings } from '../telemetry/log.js'
import type { Metrics } from '../telemetry/metrics.js'
import type { LinkOptions, ServerList } from '../zookeeper/index.js'
import type { NodeAcl } from './acl.js'
import type { AttachGate } from './attach-gate.js'
import type { OwnerMarks, SessionRegistry } from './registry.js'

/** The parts of a gateway that all its sessions use. */
export interface SessionServices {
  servers: ServerList
  /** The chroot of the connect string: '' or a path. */
  chroot: string
  /** The same for all links: how to dial, and whether a server without a quorum is accepted. */
  linkOptions: Pick<LinkOptions, 'tls' | 'readOnly'>
  gate: AttachGate
  resumeTokens: ResumeTokens
  marks: OwnerMarks
  registry: SessionRegistry
  /** The access control list of a node for which the page gives none. */
  nodeAcl: NodeAcl
  limits: Limits
  log: Log
  warnings: Warnings
  metrics: Metrics
}
